/* metrics_text.h - metrics as OpenMetrics 1.0 text. */
#ifndef KMI_API_METRICS_TEXT_H
#define KMI_API_METRICS_TEXT_H

#include "kuzu_memory.h"
#include "util/buf.h"

/* Appends all metrics and the "# EOF" that ends them. */
void kmi_metrics_text_add(kmi_buf *buf, const km_metric *metrics, size_t count);

#endif
