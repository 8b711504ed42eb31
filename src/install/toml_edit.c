/* TOML is read by lines: headers, keys, and how far a value goes (strings of several lines, arrays). That is all an edit
 * of one table needs; what values mean is not looked at. */
#include "install/toml_edit.h"

#include <string.h>

/* One line, or several that one value spans. */
typedef struct statement {
    size_t start, end; /* the newline included */
    bool is_header;    /* [name] or [[name]] */
    kmi_slice name;    /* of the table, or the key: white space trimmed */
    kmi_slice content; /* trimmed, without a comment line; empty for blank and comment lines */
} statement;

static bool starts_with(kmi_slice text, size_t at, const char *word) {
    size_t len = strlen(word);
    return text.len - at >= len && memcmp(text.ptr + at, word, len) == 0;
}

/* Returns: the offset behind a string that starts at `at`, or SIZE_MAX. */
static size_t skip_string(kmi_slice text, size_t at) {
    char quote = text.ptr[at];
    const char *triple = quote == '"' ? "\"\"\"" : "'''";
    bool is_long = starts_with(text, at, triple);
    for (at += is_long ? 3 : 1; at < text.len; at++) {
        if (quote == '"' && text.ptr[at] == '\\') {
            at++;
        } else if (is_long ? starts_with(text, at, triple) : text.ptr[at] == quote) {
            return at + (is_long ? 3 : 1);
        } else if (!is_long && text.ptr[at] == '\n') {
            break;
        }
    }
    return SIZE_MAX;
}

static size_t line_end(kmi_slice text, size_t at) {
    while (at < text.len && text.ptr[at] != '\n') at++;
    return at < text.len ? at + 1 : at;
}

/* Returns: where the statement that starts at `at` ends, or SIZE_MAX. */
static size_t statement_end(kmi_slice text, size_t at, bool is_header) {
    unsigned depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"' || c == '\'') {
            at = skip_string(text, at);
            if (at == SIZE_MAX) return SIZE_MAX;
            continue;
        }
        if (c == '#') {
            at = line_end(text, at) - (line_end(text, at) > at && text.ptr[line_end(text, at) - 1] == '\n');
            continue;
        }
        if (!is_header && (c == '[' || c == '{')) depth++;
        if (!is_header && (c == ']' || c == '}') && depth > 0) depth--;
        at++;
        if (c == '\n' && depth == 0) return at;
    }
    return depth == 0 ? at : SIZE_MAX;
}

static size_t count_lines(kmi_slice text, size_t at) {
    size_t line = 1;
    for (size_t i = 0; i < at; i++) line += text.ptr[i] == '\n';
    return line;
}

/* Reads the statement at *at and moves behind it. */
static km_status next_statement(kmi_slice text, size_t *at, statement *ret_statement, km_error *error) {
    statement s = {.start = *at};
    size_t first = *at;
    while (first < text.len && (text.ptr[first] == ' ' || text.ptr[first] == '\t')) first++;
    char c = first < text.len ? text.ptr[first] : '\n';
    bool is_empty = c == '\n' || c == '\r' || c == '#';
    s.is_header = c == '[';
    s.end = is_empty ? line_end(text, first) : statement_end(text, first, s.is_header);
    if (s.end == SIZE_MAX)
        return kmi_fail(error, KM_E_INVALID, "line %zu: a string or a bracket has no end", count_lines(text, *at));
    if (!is_empty) s.content = kmi_slice_trim(kmi_slice_sub(text, s.start, s.end - s.start));
    if (s.is_header) {
        size_t open = kmi_slice_starts_with(s.content, KMI_SLICE_LITERAL("[[")) ? 2 : 1;
        size_t close = kmi_slice_find(s.content, KMI_SLICE_LITERAL("]"), open);
        if (close == SIZE_MAX)
            return kmi_fail(error, KM_E_INVALID, "line %zu: a bracket is not closed", count_lines(text, *at));
        s.name = kmi_slice_trim(kmi_slice_sub(s.content, open, close - open));
    } else {
        size_t equals = kmi_slice_find(s.content, KMI_SLICE_LITERAL("="), 0);
        s.name = equals == SIZE_MAX ? s.content : kmi_slice_trim(kmi_slice_sub(s.content, 0, equals));
    }
    *at = s.end;
    *ret_statement = s;
    return KM_OK;
}

/* Compares dotted names, quotes and spaces aside. ret_rest: what follows in `name` behind `wanted`, from its dot on. */
static bool name_starts_with(kmi_slice name, const char *wanted, bool *ret_is_equal) {
    size_t at = 0;
    for (const char *p = wanted; *p != '\0'; p++) {
        while (at < name.len && (name.ptr[at] == '"' || name.ptr[at] == '\'' || name.ptr[at] == ' ')) at++;
        if (at >= name.len || name.ptr[at] != *p) return false;
        at++;
    }
    while (at < name.len && (name.ptr[at] == '"' || name.ptr[at] == '\'' || name.ptr[at] == ' ')) at++;
    *ret_is_equal = at == name.len;
    return at == name.len || name.ptr[at] == '.';
}

/* Where the table stands. */
typedef struct finding {
    bool is_found;
    size_t start, body_start, end; /* the header's line, behind it, the next header or the end of the file */
} finding;

static km_status find_table(kmi_slice text, const kmi_toml_table *table, finding *ret_finding, km_error *error) {
    finding f = {0};
    bool is_inside = false;
    bool is_equal = false;
    kmi_slice header = {"", 0};
    for (size_t at = 0; at < text.len;) {
        statement s = {0};
        km_status status = next_statement(text, &at, &s, error);
        if (status != KM_OK) return status;
        if (s.is_header) {
            is_inside = name_starts_with(s.name, table->name, &is_equal) && is_equal && !f.is_found;
            header = s.name;
            if (is_inside) f = (finding){true, s.start, s.end, s.end};
        } else if (is_inside && s.content.len > 0) {
            f.end = s.end; /* blank lines and comments before the next header belong to that */
        } else if (!is_inside && s.content.len > 0) {
            /* `kuzu-memory = {…}` below [mcp_servers], `mcp_servers.kuzu-memory.command = …` at the top. */
            char full[512];
            size_t len = header.len + s.name.len + 2;
            if (len >= sizeof full) continue;
            kmi_buf name;
            kmi_buf_init_fixed(&name, full, sizeof full);
            kmi_buf_add_slice(&name, header);
            if (header.len > 0) kmi_buf_add_char(&name, '.');
            kmi_buf_add_slice(&name, s.name);
            bool is_below = kmi_slice_starts_with(header, kmi_slice_from(table->name));
            if (!is_below && name_starts_with(kmi_buf_slice(&name), table->name, &is_equal))
                return kmi_fail(error, KM_E_CONFLICT, "line %zu: \"%s\" is there in another form; remove it first",
                                count_lines(text, s.start), table->name);
        }
    }
    *ret_finding = f;
    return KM_OK;
}

/* Calls for every line of the wanted body: its key, and the whole line without its newline. */
static bool next_line(const char **body, kmi_slice *ret_key, kmi_slice *ret_line) {
    if (**body == '\0') return false;
    const char *end = strchr(*body, '\n');
    *ret_line = (kmi_slice){*body, (size_t)(end - *body)};
    *ret_key = kmi_slice_trim(kmi_slice_sub(*ret_line, 0, kmi_slice_find(*ret_line, KMI_SLICE_LITERAL("="), 0)));
    *body = end + 1;
    return true;
}

/* The statement of the table with this key. */
static km_status find_key(kmi_slice text, const finding *f, kmi_slice key, bool *ret_is_found, statement *ret_statement,
                          km_error *error) {
    *ret_is_found = false;
    for (size_t at = f->body_start; at < f->end && !*ret_is_found;) {
        km_status status = next_statement(text, &at, ret_statement, error);
        if (status != KM_OK) return status;
        *ret_is_found = ret_statement->content.len > 0 && kmi_slice_equal(ret_statement->name, key);
    }
    return KM_OK;
}

km_status kmi_toml_find(kmi_slice text, const kmi_toml_table *table, kmi_toml_state *ret_state, km_error *error) {
    finding f = {0};
    km_status status = find_table(text, table, &f, error);
    if (status != KM_OK) return status;
    *ret_state = f.is_found ? KMI_TOML_PRESENT : KMI_TOML_ABSENT;
    const char *body = table->body;
    kmi_slice key, line;
    while (f.is_found && next_line(&body, &key, &line)) {
        bool is_found = false;
        statement s = {0};
        status = find_key(text, &f, key, &is_found, &s, error);
        if (status != KM_OK) return status;
        if (!is_found || !kmi_slice_equal(s.content, line)) *ret_state = KMI_TOML_STALE;
    }
    return KM_OK;
}

static km_status finish(const kmi_buf *buf, km_error *error) {
    return kmi_buf_status(buf) == KM_OK ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory while editing");
}

static const char *line_end_of(kmi_slice text) {
    return kmi_slice_find(text, KMI_SLICE_LITERAL("\r\n"), 0) != SIZE_MAX ? "\r\n" : "\n";
}

static void add_lines(kmi_buf *buf, const char *body, const char *end_of_line) {
    kmi_slice key, line;
    while (next_line(&body, &key, &line)) {
        kmi_buf_add_slice(buf, line);
        kmi_buf_add_text(buf, end_of_line);
    }
}

static km_status put_lines(kmi_slice text, const kmi_toml_table *table, const finding *f, kmi_buf *buf,
                           km_error *error) {
    const char *end_of_line = line_end_of(text);
    kmi_buf_add_slice(buf, kmi_slice_sub(text, 0, f->body_start));
    if (buf->len > 0 && buf->ptr != NULL && buf->ptr[buf->len - 1] != '\n') kmi_buf_add_text(buf, end_of_line);
    add_lines(buf, table->body, end_of_line);
    for (size_t at = f->body_start; at < f->end;) { /* what the user added */
        statement s = {0};
        km_status status = next_statement(text, &at, &s, error);
        if (status != KM_OK) return status;
        bool is_ours = false;
        const char *body = table->body;
        kmi_slice key, line;
        while (next_line(&body, &key, &line)) is_ours = is_ours || (s.content.len > 0 && kmi_slice_equal(s.name, key));
        if (!is_ours) kmi_buf_add_slice(buf, kmi_slice_sub(text, s.start, s.end - s.start));
    }
    kmi_buf_add_slice(buf, kmi_slice_sub(text, f->end, text.len - f->end));
    return KM_OK;
}

km_status kmi_toml_put(kmi_slice text, const kmi_toml_table *table, kmi_buf *ret_text, km_error *error) {
    finding f = {0};
    kmi_toml_state state = KMI_TOML_ABSENT;
    km_status status = find_table(text, table, &f, error);
    if (status == KM_OK) status = kmi_toml_find(text, table, &state, error);
    if (status != KM_OK) return status;
    const char *end_of_line = line_end_of(text);
    if (state == KMI_TOML_STALE) {
        status = put_lines(text, table, &f, ret_text, error);
        return status == KM_OK ? finish(ret_text, error) : status;
    }
    kmi_buf_add_slice(ret_text, text);
    if (state == KMI_TOML_ABSENT) {
        if (text.len > 0 && text.ptr[text.len - 1] != '\n') kmi_buf_add_text(ret_text, end_of_line);
        if (text.len > 0) kmi_buf_add_text(ret_text, end_of_line);
        kmi_buf_add_format(ret_text, "[%s]%s", table->name, end_of_line);
        add_lines(ret_text, table->body, end_of_line);
    }
    return finish(ret_text, error);
}

km_status kmi_toml_take_out(kmi_slice text, const kmi_toml_table *table, kmi_buf *ret_text, km_error *error) {
    finding f = {0};
    km_status status = find_table(text, table, &f, error);
    bool is_inside = false;
    size_t kept_end = 0; /* what is before it was copied or left out */
    for (size_t at = 0; status == KM_OK && at < text.len;) {
        statement s = {0};
        bool is_equal = false;
        status = next_statement(text, &at, &s, error);
        if (status != KM_OK) break;
        bool was_inside = is_inside;
        if (s.is_header) is_inside = name_starts_with(s.name, table->name, &is_equal);
        if (s.is_header && is_inside && !was_inside) { /* the empty line before our header came with it */
            size_t end = s.start;
            kmi_slice before = kmi_slice_sub(text, kept_end, end - kept_end);
            if (kmi_slice_ends_with(before, KMI_SLICE_LITERAL("\r\n\r\n")))
                before.len -= 2;
            else if (kmi_slice_ends_with(before, KMI_SLICE_LITERAL("\n\n")))
                before.len -= 1;
            kmi_buf_add_slice(ret_text, before);
            kept_end = s.end;
        } else if (is_inside && s.content.len > 0) {
            kept_end = s.end;
        }
    }
    if (status != KM_OK) return status;
    kmi_buf_add_slice(ret_text, kmi_slice_sub(text, kept_end, text.len - kept_end));
    return finish(ret_text, error);
}
