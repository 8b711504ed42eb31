#include "import/graph_file.h"

#include "base/json.h"
#include "cli/input.h"
#include "util/buf.h"
#include "util/error.h"

enum { line_limit_bytes = 8 * 1024 * 1024 };

static kmi_slice text_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? kmi_slice_trim((kmi_slice){json_string_value(value), json_string_length(value)})
                                 : KMI_SLICE_LITERAL("");
}

/* "Jane_Doe" and "works_at" as people write them. Names that hold other signs are names of code, and stay. */
static void add_name(kmi_buf *buf, kmi_slice name) {
    bool is_plain = true;
    for (size_t i = 0; i < name.len; i++) is_plain = is_plain && memchr("./:()<>", name.ptr[i], 7) == NULL;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_space = memchr("\r\n\t", c, 3) != NULL || (c == '_' && is_plain);
        kmi_buf_add_char(buf, is_space ? ' ' : c);
    }
}

static bool holds_nocase(kmi_slice text, kmi_slice part) {
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (kmi_slice_equal_nocase(kmi_slice_sub(text, i, part.len), part)) return true;
    return false;
}

static bool tell(kmi_buf *whole, kmi_slice heading, uint64_t line, kmi_note_visit visit, void *context) {
    kmi_note note = {
        .text = whole->len > 0 ? kmi_buf_slice(whole) : KMI_SLICE_LITERAL(""), .heading = heading, .line = line};
    bool fits = kmi_buf_status(whole) == KM_OK;
    return visit(&note, fits ? NULL : "the statement is longer than 8192 bytes", context);
}

static bool read_entity(const json_t *object, uint64_t line, kmi_note_visit visit, void *context) {
    kmi_slice name = text_of(object, "name");
    const json_t *list = json_object_get(object, "observations");
    kmi_note bad = {.line = line};
    if (name.len == 0 || !json_is_array(list))
        return visit(&bad, "an entity needs a \"name\" and \"observations\"", context);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        kmi_slice said = json_is_string(item)
                             ? kmi_slice_trim((kmi_slice){json_string_value(item), json_string_length(item)})
                             : text_of(item, "content"); /* as forks of it write them */
        char storage[KMI_NOTE_LIMIT_BYTES + 1], plain_storage[KMI_NOTE_HEADING_BYTES];
        kmi_buf whole, plain;
        kmi_buf_init_fixed(&whole, storage, sizeof storage);
        kmi_buf_init_fixed(&plain, plain_storage, sizeof plain_storage);
        add_name(&plain, name);
        bool is_named = holds_nocase(said, name) || (plain.len > 0 && holds_nocase(said, kmi_buf_slice(&plain)));
        if (!is_named) {
            add_name(&whole, name);
            kmi_buf_add_text(&whole, ": ");
        }
        kmi_buf_add_slice(&whole, said);
        bool goes_on =
            said.len > 0 ? tell(&whole, name, line, visit, context) : visit(&bad, "an observation is no text", context);
        if (!goes_on) return false;
    }
    return true;
}

static bool read_relation(const json_t *object, uint64_t line, kmi_note_visit visit, void *context) {
    kmi_slice parts[] = {text_of(object, "from"), text_of(object, "relationType"), text_of(object, "to")};
    char storage[KMI_NOTE_LIMIT_BYTES + 1];
    kmi_buf whole;
    kmi_buf_init_fixed(&whole, storage, sizeof storage);
    for (size_t i = 0; i < 3; i++) {
        kmi_note bad = {.line = line};
        if (parts[i].len == 0) return visit(&bad, "a relation needs \"from\", \"relationType\" and \"to\"", context);
        if (i > 0) kmi_buf_add_char(&whole, ' ');
        add_name(&whole, parts[i]);
    }
    return tell(&whole, parts[0], line, visit, context);
}

static bool read_line(kmi_slice line, uint64_t number, kmi_note_visit visit, void *context) {
    KMI_CLEANUP_JSON json_t *object = NULL;
    km_error error = {0};
    kmi_note bad = {.line = number};
    if (line.len > line_limit_bytes) return visit(&bad, "the line is too long", context);
    if (kmi_json_parse_object(line, "entry", &object, &error) != KM_OK) return visit(&bad, error.message, context);
    kmi_slice type = text_of(object, "type");
    if (kmi_slice_equal(type, KMI_SLICE_LITERAL("entity"))) return read_entity(object, number, visit, context);
    if (kmi_slice_equal(type, KMI_SLICE_LITERAL("relation"))) return read_relation(object, number, visit, context);
    return visit(&bad, "\"type\" must be \"entity\" or \"relation\"", context);
}

bool kmi_graph_file_read(kmi_slice text, kmi_note_visit visit, void *context) {
    kmi_lines lines = kmi_lines_start(text);
    kmi_slice line;
    while (kmi_lines_next(&lines, &line))
        if (!read_line(line, lines.number, visit, context)) return false;
    return true;
}
