/* metrics: the library's text as it is, or the same as JSON. */
#include <math.h>

#include "cli/cli.h"
#include "cli/json_out.h"

static void add_value(kmi_json_out *out, double value) {
    if (trunc(value) == value && fabs(value) < 1e15)
        kmi_json_out_integer(out, "value", (int64_t)value);
    else
        kmi_json_out_real(out, "value", value);
}

static void add_sample(kmi_json_out *out, const km_metric_sample *sample) {
    kmi_json_out_object(out, NULL);
    kmi_json_out_text(out, "suffix", sample->suffix);
    kmi_json_out_object(out, "labels");
    for (size_t i = 0; i < sample->label_count; i++)
        kmi_json_out_text(out, sample->labels[i].name, sample->labels[i].value);
    kmi_json_out_object_end(out);
    add_value(out, sample->value);
    kmi_json_out_object_end(out);
}

static void add_json(kmi_buf *buf, const km_metrics *metrics) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_array(&out, "metrics");
    for (size_t i = 0; i < metrics->count; i++) {
        const km_metric *metric = &metrics->items[i];
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "name", metric->name);
        kmi_json_out_text(&out, "type", metric->type);
        kmi_json_out_text(&out, "unit", metric->unit[0] != '\0' ? metric->unit : NULL);
        kmi_json_out_text(&out, "help", metric->help);
        kmi_json_out_array(&out, "samples");
        for (size_t s = 0; s < metric->sample_count; s++) add_sample(&out, &metric->samples[s]);
        kmi_json_out_array_end(&out);
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(buf, '\n');
}

int kmi_run_metrics(kmi_cli *cli) {
    km_error error = {0};
    if (kmi_cli_open_reading(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    km_metrics *metrics = NULL;
    km_status status = km_metrics_get(cli->project, &metrics, &error);
    if (metrics != NULL && kmi_cli_is_format(cli, "json"))
        add_json(&cli->out, metrics);
    else if (metrics != NULL)
        kmi_buf_add(&cli->out, metrics->text, metrics->text_len);
    km_metrics_free(metrics);
    return status == KM_OK ? KMI_EXIT_OK : kmi_cli_fail(&error);
}
