/* A recursive-descent reader. It checks the shape, not the inside of numbers and words: what a client accepts there is its
 * own business, and we copy it unread. */
#include "install/jsonc.h"

#include <string.h>

typedef struct reader {
    kmi_slice text;
    size_t at;
    unsigned depth;
    bool is_strict;
    kmi_arena *arena;
    km_error *error;
} reader;

static km_status fail_here(reader *r, const char *what) {
    size_t line = 1;
    for (size_t i = 0; i < r->at && i < r->text.len; i++) line += r->text.ptr[i] == '\n';
    return kmi_fail(r->error, KM_E_INVALID, "line %zu: %s", line, what);
}

static bool is_at_end(const reader *r) {
    return r->at >= r->text.len;
}

static char peek(const reader *r) {
    return is_at_end(r) ? '\0' : r->text.ptr[r->at];
}

static bool starts_with(const reader *r, const char *word) {
    size_t len = strlen(word);
    return r->text.len - r->at >= len && memcmp(r->text.ptr + r->at, word, len) == 0;
}

/* Passes white space and comments. */
static km_status skip_blank(reader *r) {
    while (!is_at_end(r)) {
        char c = peek(r);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            r->at++;
        } else if (starts_with(r, "//")) {
            r->is_strict = false;
            while (!is_at_end(r) && peek(r) != '\n') r->at++;
        } else if (starts_with(r, "/*")) {
            r->is_strict = false;
            size_t end = kmi_slice_find(r->text, KMI_SLICE_LITERAL("*/"), r->at + 2);
            if (end == SIZE_MAX) return fail_here(r, "a comment has no end");
            r->at = end + 2;
        } else {
            return KM_OK;
        }
    }
    return KM_OK;
}

static km_status skip_string(reader *r) {
    for (r->at++; !is_at_end(r); r->at++) {
        char c = peek(r);
        if (c == '\\') {
            r->at++;
        } else if (c == '"') {
            r->at++;
            return KM_OK;
        } else if (c == '\n') {
            break;
        }
    }
    return fail_here(r, "a string has no end");
}

static km_status skip_word(reader *r) {
    size_t start = r->at;
    while (!is_at_end(r) && strchr(",]}:\"{[ \t\r\n/", peek(r)) == NULL) r->at++;
    return r->at > start ? KM_OK : fail_here(r, "a value is missing");
}

static km_status read_value(reader *r, kmi_jsonc_node *node);

/* Reads `"key":` */
static km_status read_key(reader *r, kmi_jsonc_node *node) {
    if (peek(r) != '"') return fail_here(r, "a key in quotes is missing");
    node->key_start = r->at;
    km_status status = skip_string(r);
    if (status != KM_OK) return status;
    node->key = kmi_slice_sub(r->text, node->key_start + 1, r->at - node->key_start - 2);
    status = skip_blank(r);
    if (status != KM_OK) return status;
    if (peek(r) != ':') return fail_here(r, "a colon is missing behind a key");
    r->at++;
    return skip_blank(r);
}

static km_status read_item(reader *r, kmi_jsonc_node *parent) {
    kmi_jsonc_node *node = kmi_arena_alloc(r->arena, sizeof *node);
    if (node == NULL) return kmi_fail(r->error, KM_E_NOMEM, "out of memory");
    bool is_member = parent->kind == KMI_JSONC_OBJECT;
    km_status status = is_member ? read_key(r, node) : KM_OK;
    if (status == KM_OK) status = read_value(r, node);
    if (status != KM_OK) return status;
    if (!is_member) node->key_start = node->start;
    if (parent->last_child == NULL)
        parent->first_child = node;
    else
        parent->last_child->next = node;
    parent->last_child = node;
    return skip_blank(r);
}

static km_status read_container(reader *r, kmi_jsonc_node *node) {
    const char closer = node->kind == KMI_JSONC_OBJECT ? '}' : ']';
    r->at++;
    km_status status = skip_blank(r);
    while (status == KM_OK && peek(r) != closer) {
        if (is_at_end(r)) return fail_here(r, "a bracket is not closed");
        status = read_item(r, node);
        if (status != KM_OK) return status;
        if (peek(r) == closer) break;
        if (peek(r) != ',') return fail_here(r, "a comma is missing");
        node->last_child->has_comma = true;
        node->last_child->comma = r->at++;
        status = skip_blank(r);
        if (status == KM_OK && peek(r) == closer) r->is_strict = false;
    }
    r->at++;
    return status;
}

static km_status read_value(reader *r, kmi_jsonc_node *node) {
    static const char openers[] = "{[\"";
    node->start = r->at;
    node->kind = peek(r) == '{'   ? KMI_JSONC_OBJECT
                 : peek(r) == '[' ? KMI_JSONC_ARRAY
                 : peek(r) == '"' ? KMI_JSONC_STRING
                                  : KMI_JSONC_OTHER;
    if (++r->depth > KMI_JSONC_DEPTH) return fail_here(r, "it is nested too deeply");
    km_status status = peek(r) == '\0' || strchr(openers, peek(r)) == NULL ? skip_word(r)
                       : peek(r) == '"'                                    ? skip_string(r)
                                                                           : read_container(r, node);
    r->depth--;
    node->end = r->at;
    return status;
}

km_status kmi_jsonc_parse(kmi_slice text, kmi_arena *arena, kmi_jsonc_document *ret_document, km_error *error) {
    reader r = {.text = text, .is_strict = true, .arena = arena, .error = error};
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("\xEF\xBB\xBF"))) r.at = 3;
    *ret_document = (kmi_jsonc_document){.text = text};
    km_status status = skip_blank(&r);
    if (status == KM_OK && !is_at_end(&r)) {
        kmi_jsonc_node *root = kmi_arena_alloc(arena, sizeof *root);
        if (root == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
        status = read_value(&r, root);
        root->key_start = root->start;
        if (status == KM_OK) status = skip_blank(&r);
        if (status == KM_OK && !is_at_end(&r)) status = fail_here(&r, "there is more text behind the end");
        ret_document->root = root;
    }
    ret_document->is_strict = r.is_strict;
    return status;
}

kmi_jsonc_node *kmi_jsonc_member(const kmi_jsonc_node *object, const char *key) {
    kmi_jsonc_node *found = NULL;
    if (object == NULL || object->kind != KMI_JSONC_OBJECT) return NULL;
    for (kmi_jsonc_node *node = object->first_child; node != NULL; node = node->next) {
        if (kmi_slice_equal(node->key, kmi_slice_from(key))) found = node;
    }
    return found;
}

kmi_slice kmi_jsonc_text(kmi_slice text, const kmi_jsonc_node *node) {
    bool is_string = node->kind == KMI_JSONC_STRING;
    return kmi_slice_sub(text, node->start + is_string, node->end - node->start - 2 * (size_t)is_string);
}

static size_t count_children(const kmi_jsonc_node *node) {
    size_t count = 0;
    for (const kmi_jsonc_node *child = node->first_child; child != NULL; child = child->next) count++;
    return count;
}

static const kmi_jsonc_node *member_like(const kmi_jsonc_node *object, kmi_slice key) {
    const kmi_jsonc_node *found = NULL;
    for (const kmi_jsonc_node *node = object->first_child; node != NULL; node = node->next) {
        if (kmi_slice_equal(node->key, key)) found = node;
    }
    return found;
}

bool kmi_jsonc_equal(kmi_slice a_text, const kmi_jsonc_node *a, kmi_slice b_text, const kmi_jsonc_node *b) {
    if (a->kind != b->kind) return false;
    bool is_container = a->kind == KMI_JSONC_OBJECT || a->kind == KMI_JSONC_ARRAY;
    if (!is_container) return kmi_slice_equal(kmi_jsonc_text(a_text, a), kmi_jsonc_text(b_text, b));
    if (count_children(a) != count_children(b)) return false;
    const kmi_jsonc_node *other = b->first_child;
    for (const kmi_jsonc_node *child = a->first_child; child != NULL; child = child->next) {
        const kmi_jsonc_node *match = a->kind == KMI_JSONC_OBJECT ? member_like(b, child->key) : other;
        if (match == NULL || !kmi_jsonc_equal(a_text, child, b_text, match)) return false;
        other = other != NULL ? other->next : NULL;
    }
    return true;
}
