/* secrets.h - removes keys, tokens, passwords and connection strings before anything reaches the disk.
 *
 * Runs inside `learn`, so it costs microseconds: one pass that looks for telling literals, patterns by hand-written
 * matchers only where one hits, no regular expressions. Each secret becomes a marker naming its kind: "[redacted:aws-key]".
 * Text between <private> and </private> becomes "[private]". */
#ifndef KMI_EXTRACT_SECRETS_H
#define KMI_EXTRACT_SECRETS_H

#include "util/buf.h"

#define KMI_SECRET_KINDS_MAX 64

typedef struct kmi_redactions {
    size_t count;                            /* secrets removed; may pass KMI_SECRET_KINDS_MAX */
    const char *kinds[KMI_SECRET_KINDS_MAX]; /* static names, in order of appearance */
} kmi_redactions;

/* Appends the text without its secrets to `buf` and adds to *redactions. Nothing is appended when the text holds none:
 * *ret_is_changed tells, so that the common case copies nothing. KM_E_NOMEM. */
km_status kmi_secrets_redact(kmi_slice text, kmi_buf *buf, bool *ret_is_changed,
                             kmi_redactions *redactions) KM_MUST_CHECK;

#endif
