/* config: show, get, set, check. */
#include <string.h>

#include "base/config_table.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "util/error.h"

static void add_json_entry(kmi_json_out *out, const km_config_entry *entry) {
    kmi_json_out_object(out, NULL);
    kmi_json_out_text(out, "key", entry->key);
    kmi_json_out_raw(out, "value", kmi_slice_from(entry->value));
    kmi_json_out_text(out, "origin", entry->origin);
    kmi_json_out_text(out, "range", entry->range);
    kmi_json_out_text(out, "description", entry->description);
    kmi_json_out_object_end(out);
}

static int print_table(kmi_cli *cli, const km_config_list *list) {
    static const kmi_table_column columns[] = {
        {.title = "KEY"}, {.title = "VALUE", .is_flexible = true}, {.title = "ORIGIN"}};
    kmi_terminal terminal = kmi_cli_terminal(cli);
    kmi_table table;
    kmi_table_init(&table, columns, 3);
    for (size_t i = 0; i < list->count; i++) {
        const char *cells[] = {list->items[i].key, list->items[i].value, list->items[i].origin};
        kmi_table_add(&table, cells);
    }
    km_status status = kmi_table_print(&table, &terminal, &cli->out);
    kmi_table_deinit(&table);
    if (status == KM_OK) return KMI_EXIT_OK;
    km_error error = {0};
    kmi_fail(&error, status, "out of memory while printing the configuration");
    return kmi_cli_fail(&error);
}

static void tell_warnings(const km_config_list *list) {
    for (size_t i = 0; i < list->warning_count; i++) kmi_cli_message("%s", list->warnings[i]);
}

/* A configuration with an error is told, and what holds without it is shown all the same. */
static km_status load(kmi_cli *cli, km_config_list **ret_list, km_error *error) {
    km_status status = kmi_cli_open(cli, error);
    return status == KM_OK ? km_config_list_get(cli->project, ret_list, error) : status;
}

int kmi_run_config_show(kmi_cli *cli) {
    km_error error = {0};
    km_config_list *list = NULL;
    if (load(cli, &list, &error) != KM_OK) return kmi_cli_fail(&error);
    int exit_code = KMI_EXIT_OK;
    tell_warnings(list);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_array(&out, "entries");
        for (size_t i = 0; i < list->count; i++) add_json_entry(&out, &list->items[i]);
        kmi_json_out_array_end(&out);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else {
        exit_code = print_table(cli, list);
    }
    km_config_list_free(list);
    return exit_code;
}

static const km_config_entry *find_entry(const km_config_list *list, const char *key, km_error *error) {
    const kmi_config_key *known = kmi_config_key_find(key); /* knows aliases */
    const char *full_name = known != NULL ? known->full_name : key;
    kmi_suggest suggest = kmi_suggest_start(key);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, full_name) == 0) return &list->items[i];
        kmi_suggest_offer(&suggest, list->items[i].key);
    }
    if (suggest.best != NULL) {
        kmi_fail(error, KM_E_NOT_FOUND, "unknown key \"%.100s\"; did you mean \"%s\"?", key, suggest.best);
    } else {
        kmi_fail(error, KM_E_NOT_FOUND, "unknown key \"%.100s\"; see \"kuzu-memory config show\"", key);
    }
    return NULL;
}

/* Text output is for shells: a JSON string without quotes, if nothing in it needs them. */
static void add_bare_value(kmi_buf *buf, const char *value) {
    size_t len = strlen(value);
    bool is_simple = len >= 2 && value[0] == '"' && strchr(value, '\\') == NULL;
    kmi_buf_add_slice(buf, is_simple ? (kmi_slice){value + 1, len - 2} : (kmi_slice){value, len});
    kmi_buf_add_char(buf, '\n');
}

int kmi_run_config_get(kmi_cli *cli) {
    km_error error = {0};
    km_config_list *list = NULL;
    if (load(cli, &list, &error) != KM_OK) return kmi_cli_fail(&error);
    const km_config_entry *entry = find_entry(list, cli->arguments[0], &error);
    int exit_code = KMI_EXIT_OK;
    if (entry == NULL) {
        exit_code = kmi_cli_fail(&error);
    } else if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        add_json_entry(&out, entry);
        kmi_buf_add_char(&cli->out, '\n');
    } else {
        add_bare_value(&cli->out, entry->value);
    }
    km_config_list_free(list);
    return exit_code;
}

int kmi_run_config_set(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_config_set(cli->project, cli->arguments[0], cli->arguments[1], &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "key", cli->arguments[0]);
        kmi_json_out_bool(&out, "changed", true);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, "Set %s\n", cli->arguments[0]);
    }
    return KMI_EXIT_OK;
}

static void print_check(kmi_cli *cli, const km_config_list *list, const km_error *problem) {
    size_t warning_count = list != NULL ? list->warning_count : 0;
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_bool(&out, "ok", problem == NULL);
        kmi_json_out_text(&out, "error", problem != NULL ? problem->message : NULL);
        kmi_json_out_array(&out, "warnings");
        for (size_t i = 0; i < warning_count; i++) kmi_json_out_text(&out, NULL, list->warnings[i]);
        kmi_json_out_array_end(&out);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
        return;
    }
    if (list != NULL) tell_warnings(list);
    if (problem == NULL && warning_count == 0 && !cli->is_quiet) kmi_buf_add_text(&cli->out, "Configuration is fine\n");
}

int kmi_run_config_check(kmi_cli *cli) {
    km_error error = {0};
    km_config_list *list = NULL;
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    const km_error *problem = km_project_config_error(cli->project);
    if (km_config_list_get(cli->project, &list, &error) != KM_OK && problem == NULL) problem = &error;
    print_check(cli, list, problem);
    km_config_list_free(list);
    return problem == NULL ? KMI_EXIT_OK : kmi_cli_fail(problem);
}
