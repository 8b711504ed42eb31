#include "status/alert_command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "util/clock.h"
#include "util/process.h"

void kmi_alerts_deliver_due(const kmi_metrics *metrics, const kmi_config *config, const kmi_alert_sender *sender,
                            int64_t now_us) {
    if (config->alerts_command_json == NULL || sender->program == NULL) return;
    for (int kind = 0; kind < KMI_ALERT_KINDS; kind++) {
        if (!kmi_alert_claim_delivery(metrics, (kmi_alert_kind)kind, config->alerts_repeat_minutes, now_us)) continue;
        const char *arguments[12] = {"kuzu-memory", "--project", sender->project_root};
        int count = 3;
        if (sender->config_file != NULL) {
            arguments[count++] = "--config";
            arguments[count++] = sender->config_file;
        }
        arguments[count++] = "alerts";
        arguments[count++] = "test";
        arguments[count++] = "--deliver";
        arguments[count] = kmi_alert_code((kmi_alert_kind)kind);
        km_status status = kmi_process_spawn_detached(sender->program, (char *const *)(uintptr_t)arguments, -1, NULL);
        (void)status; /* no process to be had: told again after alerts.repeat_minutes, and `alerts` shows it anyway */
    }
}

static void add_time(kmi_buf *buf, const char *key, int64_t time_us) {
    char text[KMI_TIME_TEXT_SIZE];
    kmi_buf_add_format(buf, ",\"%s\":\"%s\"", key, kmi_time_format(time_us, text));
}

/* A path may be so long that nothing else would fit. Cut between characters. */
static kmi_slice cut_path(const char *path) {
    kmi_slice cut = kmi_slice_sub(kmi_slice_from(path), 0, 400);
    if (path[cut.len] == '\0') return cut;
    while (cut.len > 0 && (path[cut.len] & 0xC0) == 0x80) cut.len--;
    return cut;
}

static void add_alert(kmi_buf *buf, const kmi_alert *alert, const char *project_root, bool is_test) {
    char text[256];
    kmi_buf message;
    kmi_buf_init_fixed(&message, text, sizeof text);
    kmi_alert_add_message(&message, alert);
    kmi_buf_add_format(buf, "{\"alert\":\"%s\",\"message\":", kmi_alert_code(alert->kind));
    kmi_buf_add_json_string(buf, kmi_buf_slice(&message));
    kmi_buf_add_text(buf, ",\"remedy\":");
    kmi_buf_add_json_string(buf, kmi_slice_from(kmi_alert_remedy(alert->kind)));
    kmi_buf_add_text(buf, ",\"project\":");
    kmi_buf_add_json_string(buf, cut_path(project_root));
    add_time(buf, "first_at", alert->first_at_us);
    add_time(buf, "last_at", alert->last_at_us);
    kmi_buf_add_format(buf, ",\"count\":%" PRIu64 ",\"value\":%" PRId64 ",\"limit\":%" PRId64 ",\"test\":%s}\n",
                       alert->count, alert->value, alert->limit, is_test ? "true" : "false");
}

/* Returns: the arguments with NULL at the end (free()), pointing into `list`. */
static const char **list_arguments(const json_t *list) {
    size_t count = json_array_size(list);
    const char **arguments = calloc(count + 1, sizeof *arguments);
    for (size_t i = 0; arguments != NULL && i < count; i++) arguments[i] = json_string_value(json_array_get(list, i));
    return arguments;
}

km_status kmi_alert_command_run(const kmi_config *config, const kmi_alert *alert, const char *project_root,
                                bool is_test, int output_fd, kmi_command_result *ret_result, km_error *error) {
    if (config->alerts_command_json == NULL)
        return kmi_fail(error, KM_E_NOT_FOUND,
                        "no alerts.command; it is read from your own configuration file only, as a list of strings");
    char text[KMI_COMMAND_INPUT_BYTES];
    kmi_buf input;
    kmi_buf_init_fixed(&input, text, sizeof text);
    add_alert(&input, alert, project_root, is_test);
    KMI_CLEANUP_JSON json_t *list = NULL;
    km_status status = kmi_buf_status(&input);
    if (status == KM_OK)
        status = kmi_json_parse(kmi_slice_from(config->alerts_command_json), "alerts.command", &list, error);
    if (status != KM_OK) return kmi_fail_context(error, status, "telling about an alert");
    const char **arguments = list_arguments(list);
    if (arguments == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while telling about an alert");
    status = kmi_command_run(arguments, kmi_buf_slice(&input), output_fd, (int64_t)KMI_ALERT_COMMAND_SECONDS * 1000,
                             ret_result, error);
    free(arguments);
    return status;
}
