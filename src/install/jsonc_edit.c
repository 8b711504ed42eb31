/* Every edit is made on the text, then the text is read anew: simple, and a configuration file is small. */
#include "install/jsonc_edit.h"

#include <string.h>

#define EDITS_MAX 32 /* more than an entry has members */

/* How a file writes its JSON. */
typedef struct file_style {
    const char *line_end;
    kmi_slice unit; /* one step of indentation */
} file_style;

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while editing");
}

/* ---- Style ---- */

/* White space at the start of the line that holds `at`. */
static kmi_slice indentation_at(kmi_slice text, size_t at) {
    size_t start = at;
    while (start > 0 && text.ptr[start - 1] != '\n') start--;
    size_t end = start;
    while (end < at && (text.ptr[end] == ' ' || text.ptr[end] == '\t')) end++;
    return kmi_slice_sub(text, start, end - start);
}

static bool has_line_end(kmi_slice text, size_t from, size_t to) {
    return memchr(text.ptr + from, '\n', to - from) != NULL;
}

static file_style find_style(const kmi_jsonc_document *document) {
    kmi_slice text = document->text;
    file_style found = {"\n", KMI_SLICE_LITERAL("  ")};
    if (kmi_slice_find(text, KMI_SLICE_LITERAL("\r\n"), 0) != SIZE_MAX) found.line_end = "\r\n";
    const kmi_jsonc_node *first = document->root != NULL ? document->root->first_child : NULL;
    if (first != NULL && has_line_end(text, document->root->start, first->key_start)) {
        kmi_slice indentation = indentation_at(text, first->key_start);
        if (indentation.len > 0) found.unit = indentation;
    }
    return found;
}

/* ---- Writing values ---- */

typedef struct writer {
    kmi_buf *buf;
    file_style style;
    kmi_slice base; /* indentation of the line it starts on */
    bool is_multi_line;
} writer;

static void add_line(const writer *w, unsigned depth) {
    kmi_buf_add_text(w->buf, w->style.line_end);
    kmi_buf_add_slice(w->buf, w->base);
    for (unsigned i = 0; i < depth; i++) kmi_buf_add_slice(w->buf, w->style.unit);
}

static bool is_expanded(const writer *w, const kmi_jsonc_node *node) {
    if (!w->is_multi_line || node->first_child == NULL) return false;
    if (node->kind == KMI_JSONC_OBJECT) return true;
    for (const kmi_jsonc_node *item = node->first_child; item != NULL; item = item->next) {
        if (item->kind == KMI_JSONC_OBJECT || item->kind == KMI_JSONC_ARRAY) return true;
    }
    return false;
}

static void write_value(const writer *w, kmi_slice text, const kmi_jsonc_node *node, unsigned depth) {
    if (node->kind != KMI_JSONC_OBJECT && node->kind != KMI_JSONC_ARRAY) {
        kmi_buf_add_slice(w->buf, kmi_slice_sub(text, node->start, node->end - node->start));
        return;
    }
    bool expands = is_expanded(w, node);
    kmi_buf_add_char(w->buf, node->kind == KMI_JSONC_OBJECT ? '{' : '[');
    for (const kmi_jsonc_node *child = node->first_child; child != NULL; child = child->next) {
        if (expands) add_line(w, depth + 1);
        if (node->kind == KMI_JSONC_OBJECT) {
            kmi_buf_add_char(w->buf, '"');
            kmi_buf_add_slice(w->buf, child->key);
            kmi_buf_add_text(w->buf, "\": ");
        }
        write_value(w, text, child, depth + 1);
        if (child->next != NULL) kmi_buf_add_text(w->buf, expands ? "," : ", ");
    }
    if (expands) add_line(w, depth);
    kmi_buf_add_char(w->buf, node->kind == KMI_JSONC_OBJECT ? '}' : ']');
}

/* ---- Changing the text ---- */

/* Replaces text[start, end) by `insert` and goes on in the new text. */
static km_status replace(kmi_slice *text, size_t start, size_t end, kmi_slice insert, kmi_arena *arena,
                         km_error *error) {
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, text->len + insert.len + 1);
    kmi_buf_add_slice(&buf, kmi_slice_sub(*text, 0, start));
    kmi_buf_add_slice(&buf, insert);
    kmi_buf_add_slice(&buf, kmi_slice_sub(*text, end, text->len - end));
    const char *copy = kmi_buf_status(&buf) == KM_OK ? kmi_arena_copy(arena, kmi_buf_slice(&buf)) : NULL;
    if (copy == NULL) return fail_nomem(error);
    *text = (kmi_slice){copy, buf.len};
    return KM_OK;
}

/* Where the last thing in a container ends, be it a comment: the place for the next one. */
static size_t content_end(kmi_slice text, const kmi_jsonc_node *container) {
    size_t at = container->end - 1;
    while (at > container->start + 1 && is_space(text.ptr[at - 1])) at--;
    return at;
}

static kmi_slice child_indentation(kmi_slice text, const kmi_jsonc_node *container, const file_style *style,
                                   kmi_arena *arena) {
    const kmi_jsonc_node *first = container->first_child;
    if (first != NULL && has_line_end(text, container->start, first->key_start))
        return indentation_at(text, first->key_start);
    kmi_slice outer = indentation_at(text, container->start);
    return kmi_slice_from(
        kmi_arena_format(arena, "%.*s%.*s", (int)outer.len, outer.ptr, (int)style->unit.len, style->unit.ptr));
}

static bool is_multi_line(const kmi_jsonc_document *document, const kmi_jsonc_node *container) {
    if (container->first_child != NULL) return has_line_end(document->text, container->start, container->end);
    return container == document->root || has_line_end(document->text, document->root->start, document->root->end);
}

/* Adds a member (`key`) or an item (no key) as the last of the container. `value` is JSON of our own. */
static km_status append(const kmi_jsonc_document *document, const kmi_jsonc_node *container, const char *key,
                        kmi_slice value, kmi_arena *arena, kmi_slice *ret_text, km_error *error) {
    kmi_slice text = document->text;
    file_style style = find_style(document);
    kmi_jsonc_document parsed;
    km_status status = kmi_jsonc_parse(value, arena, &parsed, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, text.len + 8 * value.len + 4096);
    writer w = {.buf = &buf, .style = style, .is_multi_line = is_multi_line(document, container)};
    w.base = child_indentation(text, container, &style, arena);
    if (w.base.ptr == NULL) return fail_nomem(error);

    const kmi_jsonc_node *last = container->last_child;
    size_t at = content_end(text, container);
    bool needs_comma = last != NULL && !last->has_comma;
    bool has_comment_behind = last != NULL && at > (last->has_comma ? last->comma + 1 : last->end);
    if (needs_comma && !has_comment_behind) kmi_buf_add_char(&buf, ',');
    if (w.is_multi_line)
        add_line(&w, 0);
    else if (last != NULL)
        kmi_buf_add_char(&buf, ' ');
    if (key != NULL) kmi_buf_add_format(&buf, "\"%s\": ", key);
    write_value(&w, value, parsed.root, 0);
    if (last != NULL && last->has_comma) kmi_buf_add_char(&buf, ','); /* the file ends its lists so */
    size_t rest = at;
    if (w.is_multi_line && !has_line_end(text, at, container->end)) {
        rest = container->end - 1;
        kmi_buf_add_text(&buf, style.line_end);
        kmi_buf_add_slice(&buf, indentation_at(text, container->start));
    }
    if (kmi_buf_status(&buf) != KM_OK) return fail_nomem(error);
    *ret_text = text;
    status = replace(ret_text, at, rest, kmi_buf_slice(&buf), arena, error);
    if (status == KM_OK && needs_comma && has_comment_behind)
        status = replace(ret_text, last->end, last->end, KMI_SLICE_LITERAL(","), arena, error);
    return status;
}

/* Replaces a value, written in the style of its line. */
static km_status overwrite(const kmi_jsonc_document *document, const kmi_jsonc_node *node, kmi_slice value,
                           kmi_arena *arena, kmi_slice *ret_text, km_error *error) {
    kmi_jsonc_document parsed;
    km_status status = kmi_jsonc_parse(value, arena, &parsed, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, document->text.len + 8 * value.len + 4096);
    writer w = {.buf = &buf,
                .style = find_style(document),
                .base = indentation_at(document->text, node->start),
                .is_multi_line = has_line_end(document->text, node->start, node->end)};
    write_value(&w, value, parsed.root, 0);
    if (kmi_buf_status(&buf) != KM_OK) return fail_nomem(error);
    *ret_text = document->text;
    return replace(ret_text, node->start, node->end, kmi_buf_slice(&buf), arena, error);
}

/* ---- Finding the place ---- */

/* How far the place exists. */
typedef struct trail {
    kmi_jsonc_node *nodes[KMI_JSONC_PATH + 1]; /* the root, then one for each key that was found */
    size_t found, wanted;                      /* keys */
    kmi_jsonc_node *entry;                     /* the member or item itself, or NULL */
} trail;

static km_status fail_in_the_way(const char *key, const char *kind, km_error *error) {
    return kmi_fail(error, KM_E_CONFLICT, "\"%s\" is there and is not %s", key, kind);
}

static km_status follow(const kmi_jsonc_document *document, const kmi_jsonc_place *place, trail *ret_trail,
                        km_error *error) {
    trail t = {.nodes = {document->root}};
    if (document->root != NULL && document->root->kind != KMI_JSONC_OBJECT)
        return kmi_fail(error, KM_E_CONFLICT, "its content is not a JSON object");
    while (t.wanted < KMI_JSONC_PATH && place->keys[t.wanted] != NULL) t.wanted++;
    while (document->root != NULL && t.found < t.wanted) {
        const char *key = place->keys[t.found];
        kmi_jsonc_node *member = kmi_jsonc_member(t.nodes[t.found], key);
        if (member == NULL) break;
        bool is_array_wanted = place->is_item && t.found + 1 == t.wanted;
        if (member->kind != (is_array_wanted ? KMI_JSONC_ARRAY : KMI_JSONC_OBJECT))
            return fail_in_the_way(key, is_array_wanted ? "a list" : "an object", error);
        t.nodes[++t.found] = member;
    }
    if (document->root != NULL && t.found == t.wanted) {
        kmi_jsonc_node *last = t.nodes[t.found];
        if (!place->is_item) t.entry = last;
        for (kmi_jsonc_node *item = last->first_child; place->is_item && item != NULL; item = item->next) {
            if (t.entry == NULL && place->is_ours(document->text, item)) t.entry = item;
        }
    }
    *ret_trail = t;
    return KM_OK;
}

/* The first member of `wanted` that the entry lacks or has otherwise; NULL: none. */
static const kmi_jsonc_node *first_difference(const kmi_jsonc_document *document, const kmi_jsonc_node *entry,
                                              const kmi_jsonc_document *wanted, kmi_arena *arena) {
    for (const kmi_jsonc_node *member = wanted->root->first_child; member != NULL; member = member->next) {
        const char *key = kmi_arena_copy(arena, member->key);
        const kmi_jsonc_node *present = key != NULL ? kmi_jsonc_member(entry, key) : NULL;
        if (present == NULL || !kmi_jsonc_equal(document->text, present, wanted->text, member)) return member;
    }
    return NULL;
}

km_status kmi_jsonc_find(const kmi_jsonc_document *document, const kmi_jsonc_place *place, kmi_slice wanted_value,
                         kmi_arena *arena, kmi_jsonc_state *ret_state, km_error *error) {
    trail t;
    kmi_jsonc_document wanted;
    km_status status = follow(document, place, &t, error);
    if (status == KM_OK) status = kmi_jsonc_parse(wanted_value, arena, &wanted, error);
    if (status != KM_OK) return status;
    if (t.entry == NULL)
        *ret_state = KMI_JSONC_ABSENT;
    else if (place->is_item)
        *ret_state =
            kmi_jsonc_equal(document->text, t.entry, wanted_value, wanted.root) ? KMI_JSONC_PRESENT : KMI_JSONC_STALE;
    else
        *ret_state = first_difference(document, t.entry, &wanted, arena) == NULL ? KMI_JSONC_PRESENT : KMI_JSONC_STALE;
    return KM_OK;
}

/* ---- Putting ---- */

/* The value of the first missing key: what is wanted, inside of all that is missing around it. */
static const char *wrap(const kmi_jsonc_place *place, size_t found, size_t wanted, kmi_slice value, kmi_arena *arena) {
    const char *text = kmi_arena_format(arena, place->is_item ? "[%.*s]" : "%.*s", (int)value.len, value.ptr);
    for (size_t i = wanted; text != NULL && i > found + 1; i--)
        text = kmi_arena_format(arena, "{\"%s\": %s}", place->keys[i - 1], text);
    return text;
}

/* Brings one member of our entry up to date. */
static km_status mend(const kmi_jsonc_document *document, const kmi_jsonc_node *entry, kmi_slice value,
                      kmi_arena *arena, kmi_slice *ret_text, bool *ret_is_done, km_error *error) {
    kmi_jsonc_document wanted;
    km_status status = kmi_jsonc_parse(value, arena, &wanted, error);
    if (status != KM_OK) return status;
    const kmi_jsonc_node *member = first_difference(document, entry, &wanted, arena);
    *ret_is_done = member == NULL;
    if (member == NULL) return KM_OK;
    kmi_slice member_value = kmi_slice_sub(value, member->start, member->end - member->start);
    const char *key = kmi_arena_copy(arena, member->key);
    if (key == NULL) return fail_nomem(error);
    const kmi_jsonc_node *present = kmi_jsonc_member(entry, key);
    return present != NULL ? overwrite(document, present, member_value, arena, ret_text, error)
                           : append(document, entry, key, member_value, arena, ret_text, error);
}

static km_status put_once(const kmi_jsonc_document *document, const kmi_jsonc_place *place, kmi_slice value,
                          kmi_arena *arena, kmi_slice *ret_text, bool *ret_is_done, km_error *error) {
    trail t;
    km_status status = follow(document, place, &t, error);
    if (status != KM_OK) return status;
    *ret_is_done = place->is_item || t.entry == NULL;
    if (t.found < t.wanted) {
        const char *wrapped = wrap(place, t.found, t.wanted, value, arena);
        if (wrapped == NULL) return fail_nomem(error);
        return append(document, t.nodes[t.found], place->keys[t.found], kmi_slice_from(wrapped), arena, ret_text,
                      error);
    }
    if (t.entry == NULL) return append(document, t.nodes[t.found], NULL, value, arena, ret_text, error);
    if (!place->is_item) return mend(document, t.entry, value, arena, ret_text, ret_is_done, error);
    kmi_jsonc_document wanted;
    status = kmi_jsonc_parse(value, arena, &wanted, error);
    if (status != KM_OK || kmi_jsonc_equal(document->text, t.entry, value, wanted.root)) return status;
    return overwrite(document, t.entry, value, arena, ret_text, error);
}

km_status kmi_jsonc_put(kmi_slice text, const kmi_jsonc_place *place, kmi_slice value, kmi_arena *arena,
                        kmi_buf *ret_text, km_error *error) {
    bool is_done = false;
    for (int i = 0; i < EDITS_MAX && !is_done; i++) {
        kmi_jsonc_document document;
        km_status status = kmi_jsonc_parse(text, arena, &document, error);
        if (status == KM_OK && document.root == NULL) { /* an empty file, or comments alone */
            bool is_line_open = text.len > 0 && text.ptr[text.len - 1] != '\n';
            kmi_slice object = is_line_open ? KMI_SLICE_LITERAL("\n{}\n") : KMI_SLICE_LITERAL("{}\n");
            status = replace(&text, text.len, text.len, object, arena, error);
            if (status == KM_OK) status = kmi_jsonc_parse(text, arena, &document, error);
        }
        if (status == KM_OK) status = put_once(&document, place, value, arena, &text, &is_done, error);
        if (status != KM_OK) return status;
    }
    kmi_buf_add_slice(ret_text, text);
    return kmi_buf_status(ret_text) == KM_OK ? KM_OK : fail_nomem(error);
}

/* ---- Taking out ---- */

static size_t blank_start(kmi_slice text, size_t at) {
    while (at > 0 && is_space(text.ptr[at - 1])) at--;
    return at;
}

static bool is_blank_inside(kmi_slice text, const kmi_jsonc_node *container) {
    return container->first_child == NULL && blank_start(text, container->end - 1) == container->start + 1;
}

/* Removes a child and the one comma that goes with it. */
static km_status remove_child(kmi_slice *text, const kmi_jsonc_node *container, const kmi_jsonc_node *child,
                              kmi_arena *arena, km_error *error) {
    const kmi_jsonc_node *before = NULL;
    for (const kmi_jsonc_node *node = container->first_child; node != child; node = node->next) before = node;
    size_t start = blank_start(*text, child->key_start);
    size_t end = child->has_comma ? child->comma + 1 : child->end;
    bool is_first_of_line = before == NULL && child->next != NULL && !has_line_end(*text, start, child->key_start);
    if (is_first_of_line) {
        start = child->key_start;
        end = child->next->key_start;
    }
    bool is_alone = before == NULL && child->next == NULL && start == container->start + 1;
    if (is_alone && blank_start(*text, container->end - 1) <= end) end = container->end - 1; /* leave {} */
    km_status status = replace(text, start, end, KMI_SLICE_LITERAL(""), arena, error);
    bool is_last = child->next == NULL && before != NULL;
    if (status == KM_OK && is_last && !child->has_comma)
        status = replace(text, before->comma, before->comma + 1, KMI_SLICE_LITERAL(""), arena, error);
    return status;
}

km_status kmi_jsonc_take_out(kmi_slice text, const kmi_jsonc_place *place, bool prune, kmi_arena *arena,
                             kmi_buf *ret_text, km_error *error) {
    bool is_ours_gone = false;
    for (int i = 0; i < EDITS_MAX; i++) {
        kmi_jsonc_document document;
        trail t = {0};
        km_status status = kmi_jsonc_parse(text, arena, &document, error);
        if (status == KM_OK) status = follow(&document, place, &t, error);
        if (status != KM_OK) return status;
        const kmi_jsonc_node *container = place->is_item || t.found == 0 ? t.nodes[t.found] : t.nodes[t.found - 1];
        if (t.entry != NULL && container != NULL) {
            status = remove_child(&text, container, t.entry, arena, error);
            is_ours_gone = true;
        } else if (prune && is_ours_gone && t.found > 0 && is_blank_inside(text, t.nodes[t.found])) {
            status = remove_child(&text, t.nodes[t.found - 1], t.nodes[t.found], arena, error);
        } else {
            break;
        }
        if (status != KM_OK) return status;
    }
    kmi_buf_add_slice(ret_text, text);
    return kmi_buf_status(ret_text) == KM_OK ? KM_OK : fail_nomem(error);
}
