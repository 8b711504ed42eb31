/* time_span.h - the times that a question or an option names ("7 May 2026", "in March", "last week"), as spans. English. */
#ifndef KMI_BASE_TIME_SPAN_H
#define KMI_BASE_TIME_SPAN_H

#include <stdint.h>

#include "kuzu_memory.h"
#include "util/slice.h"

#define KMI_TIME_SPANS_MAX ((size_t)8)

typedef struct kmi_time_span {
    int64_t from_us, until_us; /* first instant, and first instant behind; UTC */
    bool is_yearly;            /* no year was named: the latest that has begun by now stands for every year */
    kmi_slice phrase;          /* in the text */
} kmi_time_span;

/* Finds what the first 400 words of a text name, in order; relative phrases count from now_us. Where one year is named,
 * dates without a year are taken to lie in it. Returns: how many, at most `max`. */
size_t kmi_time_spans_find(kmi_slice text, int64_t now_us, kmi_time_span *ret_spans, size_t max);

/* Reads a text that is one time and nothing else: as kmi_time_parse() does (an empty span), else "2026-03", "March", "last
 * week", "3 days ago". KM_E_INVALID names what was expected. */
km_status kmi_time_span_parse(kmi_slice text, int64_t now_us, kmi_time_span *ret_span, km_error *error) KM_MUST_CHECK;

/* How well a time fits a span: 1 the day meant, 0.7 the week or month meant or within two days of the day, 0.3 near
 * it or in a longer time that is meant (a year says little), 0 elsewhere. */
double kmi_time_span_fit(const kmi_time_span *span, int64_t time_us);

#endif
