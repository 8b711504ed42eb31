#include "assist/said.h"

#include <stdio.h>

#include "assist/state.h"
#include "base/injected.h"
#include "kuzu_memory.h"

static kmi_slice without_quotes(kmi_slice text) {
    bool is_quoted = text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"' &&
                     memchr(text.ptr + 1, '"', text.len - 2) == NULL;
    return is_quoted ? kmi_slice_sub(text, 1, text.len - 2) : text;
}

bool kmi_said_is_slash_command(kmi_slice text) {
    size_t at = 1;
    if (text.len < 2 || text.ptr[0] != '/') return false;
    while (at < text.len && ((text.ptr[at] >= 'a' && text.ptr[at] <= 'z') || memchr("0123456789_:-", text.ptr[at], 13)))
        at++;
    return at > 1 && (at == text.len || memchr(" \t\r\n", text.ptr[at], 4) != NULL);
}

void kmi_said_clean(kmi_slice text, kmi_buf *buf) {
    KMI_CLEANUP_BUF kmi_buf stripped;
    kmi_buf_init(&stripped, text.len + 1);
    kmi_injected_strip(text, &stripped);
    kmi_slice rest = stripped.len > 0 ? kmi_slice_trim(kmi_buf_slice(&stripped)) : KMI_SLICE_LITERAL("");
    rest = kmi_slice_trim(without_quotes(rest));
    if (rest.len > KM_CONTENT_LIMIT_BYTES) {
        rest.len = KM_CONTENT_LIMIT_BYTES;
        while (rest.len > 0 && ((unsigned char)rest.ptr[rest.len] & 0xC0) == 0x80) rest.len--;
    }
    kmi_buf_add_slice(buf, rest);
}

void kmi_said_make_key(const char *client, const char *session, const char *speaker, kmi_slice text,
                       char ret_key[KMI_SAID_KEY_SIZE]) {
    unsigned char hash[KMI_HOOK_HASH_BYTES];
    kmi_slice parts[] = {kmi_slice_from(client), kmi_slice_from(session), kmi_slice_from(speaker), text};
    kmi_hook_hash(parts, sizeof parts / sizeof parts[0], hash);
    char *at = stpcpy(ret_key, "hook:");
    for (size_t i = 0; i < sizeof hash; i++) at += snprintf(at, 3, "%02x", hash[i]);
}
