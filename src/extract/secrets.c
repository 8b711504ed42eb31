/* secrets.c - the one pass over a text that removes secrets.
 *
 * It walks from word to word. A word can begin a token with a known prefix (first byte looked up in a table) or be a
 * telling name (last letter, then a short list); other bytes open the remaining kinds: ':' a connection string,
 * '-' a key block, '<' a private passage, a byte beyond ASCII a name in another script. Everything else is stepped over, so a sentence without secrets costs about a
 * nanosecond a byte and copies nothing. Regular expressions were measured and rejected: compiling twenty costs more than
 * the whole `learn`. */
#include "extract/secrets.h"

#include <stdint.h>
#include <string.h>

#include "extract/secret_match.h"

typedef struct redactor {
    kmi_slice text;
    kmi_buf *buf;
    kmi_redactions *redactions;
    size_t copied; /* text before this is in the buffer or was replaced */
    bool is_changed;
    bool has_no_key_end; /* no "-----END" follows: asked once */
} redactor;

static void add_kind(kmi_redactions *redactions, const char *kind) {
    if (redactions->count < KMI_SECRET_KINDS_MAX) redactions->kinds[redactions->count] = kind;
    redactions->count++;
}

static void replace_span(redactor *self, size_t start, size_t end, const char *marker_open, const char *kind,
                         const char *marker_close) {
    kmi_buf_add(self->buf, self->text.ptr + self->copied, start - self->copied);
    kmi_buf_add_text(self->buf, marker_open);
    kmi_buf_add_text(self->buf, kind);
    kmi_buf_add_text(self->buf, marker_close);
    add_kind(self->redactions, kind);
    self->copied = end;
    self->is_changed = true;
}

static size_t find_nocase(kmi_slice text, size_t from, const char *needle, size_t needle_len) {
    for (size_t at = from; at + needle_len <= text.len; at++) {
        const char *hit = memchr(text.ptr + at, needle[0], text.len - at);
        if (hit == NULL) return SIZE_MAX;
        at = (size_t)(hit - text.ptr);
        if (at + needle_len <= text.len &&
            kmi_slice_equal_nocase((kmi_slice){hit, needle_len}, (kmi_slice){needle, needle_len}))
            return at;
    }
    return SIZE_MAX;
}

/* <private>…</private>; without an end the rest of the text is private: better to lose than to tell. */
static size_t take_private(redactor *self, size_t at) {
    static const char opening[] = "<private>", closing[] = "</private>";
    size_t body = at + sizeof opening - 1;
    if (self->text.len < body ||
        !kmi_slice_equal_nocase((kmi_slice){self->text.ptr + at, sizeof opening - 1}, KMI_SLICE_LITERAL(opening)))
        return at + 1;
    size_t close = find_nocase(self->text, body, closing, sizeof closing - 1);
    size_t end = close == SIZE_MAX ? self->text.len : close + sizeof closing - 1;
    replace_span(self, at, end, "[", "private", "]");
    return end;
}

/* -----BEGIN … PRIVATE KEY----- to the end marker; without one, as far as lines of base64 go. */
static size_t take_key_block(redactor *self, size_t at) {
    static const char begin[] = "-----BEGIN ", end_mark[] = "-----END ";
    kmi_slice text = self->text;
    if (text.len - at < sizeof begin - 1 || memcmp(text.ptr + at, begin, sizeof begin - 1) != 0) return at + 1;
    size_t header_end = at + 100 < text.len ? at + 100 : text.len;
    kmi_slice header = {text.ptr + at, header_end - at};
    size_t private_at = kmi_slice_find(header, KMI_SLICE_LITERAL("PRIVATE KEY"), 0);
    if (private_at == SIZE_MAX) return at + sizeof begin - 1;
    size_t end = SIZE_MAX;
    if (!self->has_no_key_end) end = kmi_slice_find(text, (kmi_slice){end_mark, sizeof end_mark - 1}, at + private_at);
    self->has_no_key_end = end == SIZE_MAX;
    if (end != SIZE_MAX) {
        end += sizeof end_mark - 1;
        while (end < text.len && text.ptr[end] != '-' && text.ptr[end] != '\n') end++;
    } else {
        end = at + private_at + sizeof "PRIVATE KEY" - 1;
        while (end < text.len && (text.ptr[end] == '-' || text.ptr[end] == ' ')) end++;
        while (end < text.len && ((kmi_secret_byte_class((unsigned char)text.ptr[end]) & KMI_BYTE_WORD) ||
                                  strchr("+/=\r\n\\", text.ptr[end]) != NULL))
            end++;
    }
    while (end < text.len && text.ptr[end] == '-') end++;
    replace_span(self, at, end, "[redacted:", "private-key", "]");
    return end;
}

static size_t take_word(redactor *self, size_t at) {
    kmi_slice text = self->text;
    kmi_secret_span span;
    if (kmi_secret_may_start_token((unsigned char)text.ptr[at]) && kmi_secret_match_token(text, at, &span)) {
        replace_span(self, span.start, span.end, "[redacted:", span.kind, "]");
        return span.end;
    }
    size_t end = at + 1;
    while (end < text.len && (kmi_secret_byte_class((unsigned char)text.ptr[end]) & KMI_BYTE_WORD)) end++;
    if (at > 1 && text.ptr[at - 1] == '-' && kmi_secret_match_option(text, at, end, &span)) {
        replace_span(self, span.start, span.end, "[redacted:", span.kind, "]");
        return span.end;
    }
    if (kmi_secret_match_suffixed(text, at, end, &span) || kmi_secret_match_command(text, at, end, &span)) {
        replace_span(self, span.start, span.end, "[redacted:", span.kind, "]");
        return span.end;
    }
    if (!kmi_secret_match_assignment(text, at, end, &span)) return end;
    if (span.start < at) { /* "… is the root password" */
        if (span.start < self->copied) return end;
        replace_span(self, span.start, span.end, "[redacted:", span.kind, "]");
        return end;
    }
    /* A token with its own prefix names its kind better than the name before it. */
    kmi_secret_span token;
    if (kmi_secret_match_token(text, span.start, &token) && token.end >= span.end) span = token;
    replace_span(self, span.start, span.end, "[redacted:", span.kind, "]");
    return span.end;
}

km_status kmi_secrets_redact(kmi_slice text, kmi_buf *buf, bool *ret_is_changed, kmi_redactions *redactions) {
    redactor self = {.text = text, .buf = buf, .redactions = redactions};
    size_t at = 0;
    while (at < text.len) {
        unsigned char byte = (unsigned char)text.ptr[at];
        if (kmi_secret_byte_class(byte) & KMI_BYTE_WORD) {
            at = take_word(&self, at);
        } else if (byte == '<') {
            at = take_private(&self, at);
        } else if (byte == '-') {
            at = take_key_block(&self, at);
        } else if (byte == ':') {
            kmi_secret_span span;
            bool is_found = kmi_secret_match_userinfo(text, at, &span) ||
                            kmi_secret_match_password_file(text, at, &span) ||
                            (kmi_secret_match_bot_token(text, at, &span) && span.start >= self.copied);
            if (is_found) {
                replace_span(&self, span.start, span.end, "[redacted:", span.kind, "]");
                at = span.end;
            } else {
                at++;
            }
        } else if (byte >= 0xC0) {
            kmi_secret_span span;
            bool is_found = kmi_secret_match_accented(text, at, &span);
            if (is_found) replace_span(&self, span.start, span.end, "[redacted:", span.kind, "]");
            at = is_found ? span.end : at + 1;
        } else {
            at++;
        }
    }
    if (self.is_changed) kmi_buf_add(buf, text.ptr + self.copied, text.len - self.copied);
    km_status status = self.is_changed ? kmi_buf_status(buf) : KM_OK;
    if (status == KM_OK) *ret_is_changed = self.is_changed;
    return status == KM_OK ? KM_OK : KM_E_NOMEM;
}
