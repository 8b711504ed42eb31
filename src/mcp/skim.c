/* A scanner with one bit of memory for each thing that matters: where strings end and how deep we are. It judges nothing:
 * what is no JSON gives some id or none, and kmi_skim_id() lets only a plain string or integer through. */
#include "mcp/skim.h"

#include <string.h>

void kmi_skim_start(kmi_skim *skim) {
    *skim = (kmi_skim){.depth = 0};
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void keep_id_byte(kmi_skim *skim, char c) {
    if (skim->id_len == 0 && is_space(c)) return;
    if (skim->id_len + 1 >= sizeof skim->id) {
        skim->is_too_long = true;
        return;
    }
    skim->id[skim->id_len++] = c;
}

static void end_value(kmi_skim *skim) {
    skim->is_value = false;
    skim->takes_id = false;
    skim->key_len = 0;
}

static void add_in_string(kmi_skim *skim, char c) {
    if (skim->takes_id) keep_id_byte(skim, c);
    if (skim->is_escaped) {
        skim->is_escaped = false;
    } else if (c == '\\') {
        skim->is_escaped = true;
    } else if (c == '"') {
        skim->is_in_string = false;
        return;
    }
    if (skim->depth == 1 && !skim->is_value && skim->key_len < sizeof skim->key) skim->key[skim->key_len++] = c;
}

static void add_outside(kmi_skim *skim, char c) {
    bool is_outermost = skim->depth == 1;
    if (is_outermost && skim->takes_id && (c == ',' || c == '}')) end_value(skim);
    if (skim->takes_id) keep_id_byte(skim, c);
    if (c == '"') {
        skim->is_in_string = true;
        if (is_outermost && !skim->is_value) skim->key_len = 0;
    } else if (c == '{' || c == '[') {
        skim->depth++;
    } else if ((c == '}' || c == ']') && skim->depth > 0) {
        skim->depth--;
    } else if (c == ':' && is_outermost && !skim->is_value) {
        skim->is_value = true;
        skim->takes_id = skim->id_len == 0 && skim->key_len == 2 && memcmp(skim->key, "id", 2) == 0;
    } else if (c == ',' && is_outermost) {
        end_value(skim);
    }
}

void kmi_skim_add(kmi_skim *skim, kmi_slice bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        if (skim->is_in_string) {
            add_in_string(skim, bytes.ptr[i]);
        } else {
            add_outside(skim, bytes.ptr[i]);
        }
    }
}

static bool is_plain_string(const char *text, size_t len) {
    if (len < 2 || text[0] != '"' || text[len - 1] != '"') return false;
    for (size_t i = 1; i + 1 < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
    }
    return true;
}

static bool is_integer(const char *text, size_t len) {
    size_t at = len > 0 && text[0] == '-' ? 1 : 0;
    if (at == len || len > 18 || (text[at] == '0' && len > at + 1)) return false;
    for (; at < len; at++)
        if (text[at] < '0' || text[at] > '9') return false;
    return true;
}

const char *kmi_skim_id(kmi_skim *skim) {
    size_t len = skim->id_len;
    while (len > 0 && is_space(skim->id[len - 1])) len--;
    skim->id[len] = '\0';
    bool is_good = !skim->is_too_long && (is_plain_string(skim->id, len) || is_integer(skim->id, len));
    return is_good ? skim->id : "null";
}
