/* OpenMetrics 1.0: for each family TYPE, UNIT and HELP, then its samples, without a time; at last "# EOF". Names and labels are ours
 * but for the names of types and sources of memories, so values of labels are escaped. */
#include "api/metrics_text.h"

#include <math.h>

/* One that a terminal obeys, alone or as the second byte of two: somebody will look at this with a pager or without. */
static bool is_control(const char *text) {
    unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    return first < ' ' || first == 0x7F || (first == 0xC2 && second >= 0x80 && second < 0xA0);
}

static void add_escaped(kmi_buf *buf, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            kmi_buf_add_text(buf, "\\n");
        } else if (is_control(text)) {
            kmi_buf_add_char(buf, '?');
            text += (unsigned char)*text == 0xC2;
        } else if (*text == '"' || *text == '\\')
            kmi_buf_add_format(buf, "\\%c", *text);
        else
            kmi_buf_add_char(buf, *text);
    }
}

static void add_sample(kmi_buf *buf, const km_metric *metric, const km_metric_sample *sample) {
    kmi_buf_add_format(buf, "%s%s", metric->name, sample->suffix);
    for (size_t i = 0; i < sample->label_count; i++) {
        kmi_buf_add_format(buf, "%s%s=\"", i == 0 ? "{" : ",", sample->labels[i].name);
        add_escaped(buf, sample->labels[i].value);
        kmi_buf_add_char(buf, '"');
    }
    if (sample->label_count > 0) kmi_buf_add_char(buf, '}');
    bool is_whole = fabs(sample->value) < 1e15 && trunc(sample->value) == sample->value;
    kmi_buf_add_format(buf, is_whole ? " %.0f\n" : " %.9g\n", sample->value);
}

void kmi_metrics_text_add(kmi_buf *buf, const km_metric *metrics, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const km_metric *metric = &metrics[i];
        kmi_buf_add_format(buf, "# TYPE %s %s\n", metric->name, metric->type);
        if (metric->unit[0] != '\0') kmi_buf_add_format(buf, "# UNIT %s %s\n", metric->name, metric->unit);
        kmi_buf_add_format(buf, "# HELP %s %s.\n", metric->name, metric->help);
        for (size_t s = 0; s < metric->sample_count; s++) add_sample(buf, metric, &metric->samples[s]);
    }
    kmi_buf_add_text(buf, "# EOF\n");
}
