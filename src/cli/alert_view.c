#include "cli/alert_view.h"

void kmi_alerts_add_json(kmi_json_out *out, const km_alert *alerts, size_t count) {
    kmi_json_out_array(out, "alerts");
    for (size_t i = 0; i < count; i++) {
        const km_alert *alert = &alerts[i];
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "alert", alert->code);
        kmi_json_out_text(out, "message", alert->message);
        kmi_json_out_text(out, "remedy", alert->remedy);
        kmi_json_out_bool(out, "active", alert->is_active);
        kmi_json_out_time(out, "first_at", alert->first_at_us);
        kmi_json_out_time(out, "last_at", alert->last_at_us);
        kmi_json_out_count(out, "count", alert->count);
        kmi_json_out_integer(out, "value", alert->value);
        kmi_json_out_integer(out, "limit", alert->limit);
        kmi_json_out_time(out, "acknowledged_at", alert->acknowledged_at_us);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

void kmi_alerts_tell_once(kmi_cli *cli, const km_alert *alerts, size_t count) {
    for (size_t i = 0; i < count && !cli->is_quiet; i++) {
        const km_alert *alert = &alerts[i];
        if (alert->is_shown) continue;
        kmi_cli_message("alert %s%s: %s; %s; \"kuzu-memory alerts ack %s\" acknowledges it", alert->code,
                        alert->is_active ? "" : " (over)", alert->message, alert->remedy, alert->code);
        km_status status = km_alert_mark_shown(cli->project, alert->code, NULL);
        (void)status; /* shown once more, then */
    }
}
