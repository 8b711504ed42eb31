/* The table of tools, what a client is told of them, and the check of what a model sends. Five tools: fewer are chosen
 * better, and what tools/list says is paid for in every request of every conversation. So: one sentence for each
 * parameter, and output schemas that name members and nothing else.
 *
 * Unknown arguments are refused: a mistyped "ids" or "query" must not become a call that means something else. */
#include "mcp/tools.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "util/clock.h"
#include "util/error.h"

enum { list_items_max = 100 };

static const kmi_option own_query = {
    .name = "query", .kind = KMI_VALUE_TEXT, .help = "what to look for: words and names, or a question"};
static const kmi_option own_text = {.name = "text",
                                    .kind = KMI_VALUE_TEXT,
                                    .help = "one or more full sentences that make sense without this conversation"};
static const kmi_option own_exact = {
    .name = "exact", .kind = KMI_VALUE_FLAG, .help = "keep the text as exactly one note, at once and for good"};
static const kmi_option own_ids = {.name = "ids", .kind = KMI_VALUE_TEXT, .help = "ids of the notes to erase"};

#define MEMORIES_SCHEMA \
    "{\"type\":\"object\",\"properties\":{\"memories\":{\"type\":\"array\",\"items\":{\"type\":\"object\"," \
    "\"properties\":{" \
    "\"id\":{\"type\":\"string\"},\"content\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"}," \
    "\"date\":{\"type\":\"string\"},\"confidence\":{\"type\":\"number\"}}}}},\"required\":[\"memories\"]}"

const kmi_tool kmi_tools[] = {
    {.name = "recall",
     .title = "Recall from project memory",
     .command = &kmi_command_recall,
     .description = "Search this project's memory of earlier sessions: decisions, rules, preferences, facts, fixes, "
                    "people. Call it before you answer or change anything that may have been settled before, and "
                    "whenever the user refers to the past.",
     .parameters = {{.own = &own_query, .is_required = true},
                    {.option = "limit", .help = "most notes to return (default: 10)"},
                    {.option = "type"},
                    {.option = "since"},
                    {.option = "until"}},
     .is_read_only = true,
     .is_idempotent = true,
     .is_always_loaded = true,
     .output_schema = MEMORIES_SCHEMA,
     .run = kmi_tool_run_recall},
    {.name = "learn",
     .title = "Learn for later sessions",
     .command = &kmi_command_learn,
     .description = "Keep something for later sessions: a decision and its reason, a rule, a preference or correction "
                    "of the user, how a problem was solved. A newer statement replaces an older one that it "
                    "contradicts. Secrets are removed.",
     .parameters = {{.own = &own_text, .is_required = true}, {.option = "type"}, {.own = &own_exact}},
     .is_idempotent = true,
     .output_schema =
         "{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"},\"ids\":{\"type\":\"array\","
         "\"items\":{\"type\":\"string\"}}},\"required\":[\"status\"]}",
     .run = kmi_tool_run_learn},
    {.name = "recent",
     .title = "Newest notes",
     .command = &kmi_command_recent,
     .description = "List the newest notes of this project's memory: what was learnt last.",
     .parameters = {{.option = "limit", .help = "most notes to return (default: 10)"}, {.option = "type"}},
     .is_read_only = true,
     .is_idempotent = true,
     .output_schema = MEMORIES_SCHEMA,
     .run = kmi_tool_run_recent},
    {.name = "forget",
     .title = "Erase notes for good",
     .command = &kmi_command_forget,
     .description = "Erase notes for good when the user asks for it. Call it with query first: that erases nothing and "
                    "lists what fits. Then call it with the ids the user agrees to.",
     .parameters = {{.own = &own_ids, .is_list = true},
                    {.option = "query", .help = "list notes that fit, erase nothing"}},
     .is_destructive = true,
     .is_idempotent = true,
     .output_schema = "{\"type\":\"object\",\"properties\":{\"erased\":{\"type\":\"integer\"},\"memories\":{\"type\":"
                      "\"array\"}},\"required\":[\"erased\"]}",
     .run = kmi_tool_run_forget},
    {.name = "status",
     .title = "State of the memory",
     .command = &kmi_command_stats,
     .description = "Which project's memory this is, how many notes it holds, and whether learning works.",
     .is_read_only = true,
     .is_idempotent = true,
     .output_schema = "{\"type\":\"object\",\"properties\":{\"project\":{\"type\":\"string\"},\"memories\":{\"type\":"
                      "\"integer\"},\"waiting\":{\"type\":\"integer\"},\"failed\":{\"type\":\"integer\"}}}",
     .run = kmi_tool_run_status},
    {.name = NULL},
};

const kmi_tool *kmi_tool_find(const char *name) {
    for (const kmi_tool *tool = kmi_tools; tool->name != NULL; tool++)
        if (strcmp(tool->name, name) == 0) return tool;
    return NULL;
}

bool kmi_tool_parameter_is_end(const kmi_tool_parameter *parameter) {
    return parameter->option == NULL && parameter->own == NULL;
}

const kmi_option *kmi_tool_option(const kmi_tool *tool, const kmi_tool_parameter *parameter) {
    if (parameter->own != NULL) return parameter->own;
    for (const kmi_option *const *row = tool->command->options; row != NULL && *row != NULL; row++)
        if (strcmp((*row)->name, parameter->option) == 0) return *row;
    return NULL;
}

const char *kmi_tool_parameter_name(const kmi_tool *tool, const kmi_tool_parameter *parameter) {
    (void)tool;
    return parameter->own != NULL ? parameter->own->name : parameter->option;
}

/* ---- What a client is told ---- */

static const char *type_word(kmi_value_kind kind) {
    switch (kind) {
    case KMI_VALUE_FLAG:
        return "boolean";
    case KMI_VALUE_INTEGER:
        return "integer";
    case KMI_VALUE_REAL:
        return "number";
    default:
        return "string";
    }
}

static void add_parameter(const kmi_tool *tool, const kmi_tool_parameter *parameter, kmi_json_out *out) {
    const kmi_option *row = kmi_tool_option(tool, parameter);
    kmi_json_out_object(out, kmi_tool_parameter_name(tool, parameter));
    if (parameter->is_list) {
        kmi_json_out_text(out, "type", "array");
        kmi_json_out_object(out, "items");
        kmi_json_out_text(out, "type", type_word(row->kind));
        kmi_json_out_object_end(out);
        kmi_json_out_integer(out, "maxItems", list_items_max);
    } else {
        kmi_json_out_text(out, "type", type_word(row->kind));
    }
    kmi_json_out_text(out, "description", parameter->help != NULL ? parameter->help : row->help);
    if (row->kind == KMI_VALUE_INTEGER) {
        kmi_json_out_integer(out, "minimum", (int64_t)row->least);
        kmi_json_out_integer(out, "maximum", (int64_t)row->most);
    } else if (row->kind == KMI_VALUE_CHOICE) {
        kmi_json_out_array(out, "enum");
        for (const char *const *word = row->choices(); *word != NULL; word++) kmi_json_out_text(out, NULL, *word);
        kmi_json_out_array_end(out);
    }
    kmi_json_out_object_end(out);
}

static void add_input_schema(const kmi_tool *tool, kmi_json_out *out) {
    kmi_json_out_object(out, "inputSchema");
    kmi_json_out_text(out, "type", "object");
    kmi_json_out_object(out, "properties");
    for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++)
        add_parameter(tool, at, out);
    kmi_json_out_object_end(out);
    bool has_required = false;
    for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++) {
        if (!at->is_required) continue;
        if (!has_required) kmi_json_out_array(out, "required");
        has_required = true;
        kmi_json_out_text(out, NULL, kmi_tool_parameter_name(tool, at));
    }
    if (has_required) kmi_json_out_array_end(out);
    kmi_json_out_bool(out, "additionalProperties", false);
    kmi_json_out_object_end(out);
}

void kmi_tool_add_json(const kmi_tool *tool, kmi_json_out *out) {
    kmi_json_out_object(out, NULL);
    kmi_json_out_text(out, "name", tool->name);
    kmi_json_out_text(out, "title", tool->title);
    kmi_json_out_text(out, "description", tool->description);
    add_input_schema(tool, out);
    kmi_json_out_raw(out, "outputSchema", kmi_slice_from(tool->output_schema));
    kmi_json_out_object(out, "annotations");
    kmi_json_out_bool(out, "readOnlyHint", tool->is_read_only);
    if (!tool->is_read_only) {
        kmi_json_out_bool(out, "destructiveHint", tool->is_destructive);
        kmi_json_out_bool(out, "idempotentHint", tool->is_idempotent);
    }
    kmi_json_out_bool(out, "openWorldHint", false);
    kmi_json_out_object_end(out);
    if (tool->is_always_loaded) {
        kmi_json_out_object(out, "_meta");
        kmi_json_out_bool(out, "anthropic/alwaysLoad", true);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_object_end(out);
}

/* ---- Checking what a model sends ---- */

/* Models write 5.0 for 5. */
static bool is_whole(const json_t *value, int64_t *ret_number) {
    if (json_is_integer(value)) {
        *ret_number = json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : 0.5;
    if (!isfinite(real) || real != floor(real) || fabs(real) > 1e15) return false;
    *ret_number = (int64_t)real;
    return true;
}

static km_status check_choice(const kmi_option *row, const char *name, const char *word, km_error *error) {
    char list[256];
    kmi_buf words;
    kmi_buf_init_fixed(&words, list, sizeof list);
    for (const char *const *known = row->choices(); *known != NULL; known++) {
        if (strcmp(*known, word) == 0) return KM_OK;
        kmi_buf_add_format(&words, "%s%s", words.len > 0 ? ", " : "", *known);
    }
    return kmi_fail(error, KM_E_INVALID, "\"%s\" must be one of %s, not \"%.40s\"", name, list, word);
}

static km_status check_text(const kmi_option *row, const char *name, const json_t *value, km_error *error) {
    if (!json_is_string(value))
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be a string, not %s", name, kmi_json_type_name(value));
    kmi_slice text = {json_string_value(value), json_string_length(value)};
    int64_t time_us = 0;
    kmi_time_span span;
    if (kmi_text_is_blank(text)) return kmi_fail(error, KM_E_INVALID, "\"%s\" is empty", name);
    if (row->kind == KMI_VALUE_CHOICE) return check_choice(row, name, text.ptr, error);
    km_status status = KM_OK;
    if (row->kind == KMI_VALUE_TIME) status = kmi_time_parse(text, &time_us, error);
    if (row->kind == KMI_VALUE_SPAN) status = kmi_time_span_parse(text, kmi_clock_now_us(), &span, error);
    if (status == KM_OK) return KM_OK;
    return kmi_fail_context(error, KM_E_INVALID, "\"%s\"", name);
}

static km_status check_value(const kmi_option *row, const char *name, const json_t *value, km_error *error) {
    int64_t number = 0;
    switch (row->kind) {
    case KMI_VALUE_FLAG:
        if (json_is_boolean(value)) return KM_OK;
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be true or false, not %s", name, kmi_json_type_name(value));
    case KMI_VALUE_INTEGER:
        if (is_whole(value, &number) && (double)number >= row->least && (double)number <= row->most) return KM_OK;
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be a whole number from %.0f to %.0f", name, row->least,
                        row->most);
    default:
        return check_text(row, name, value, error);
    }
}

static km_status check_list(const kmi_option *row, const char *name, const json_t *value, km_error *error) {
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0 || count > list_items_max)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be a list of 1 to %d strings", name, list_items_max);
    km_status status = KM_OK;
    for (size_t i = 0; i < count && status == KM_OK; i++)
        status = check_value(row, name, json_array_get(value, i), error);
    return status;
}

static const kmi_tool_parameter *find_parameter(const kmi_tool *tool, const char *name) {
    for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++)
        if (strcmp(kmi_tool_parameter_name(tool, at), name) == 0) return at;
    return NULL;
}

static km_status fail_unknown(const kmi_tool *tool, const char *name, km_error *error) {
    char list[256];
    kmi_buf words;
    kmi_buf_init_fixed(&words, list, sizeof list);
    kmi_buf_add_text(&words, "");
    for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++)
        kmi_buf_add_format(&words, "%s%s", words.len > 0 ? ", " : "", kmi_tool_parameter_name(tool, at));
    return kmi_fail(error, KM_E_INVALID, "there is no argument \"%.40s\"; %s takes %s", name, tool->name,
                    words.len > 0 ? list : "none");
}

km_status kmi_tool_check(const kmi_tool *tool, const json_t *arguments, km_error *error) {
    json_t *object = (json_t *)(uintptr_t)arguments; /* iterating takes a plain pointer and changes nothing */
    for (void *at = object != NULL ? json_object_iter(object) : NULL; at != NULL;
         at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        const kmi_tool_parameter *parameter = find_parameter(tool, name);
        if (parameter == NULL) return fail_unknown(tool, name, error);
        if (json_is_null(value)) continue; /* as models write "not given" */
        const kmi_option *row = kmi_tool_option(tool, parameter);
        km_status status =
            parameter->is_list ? check_list(row, name, value, error) : check_value(row, name, value, error);
        if (status != KM_OK) return status;
    }
    for (const kmi_tool_parameter *at = tool->parameters; !kmi_tool_parameter_is_end(at); at++) {
        const char *name = kmi_tool_parameter_name(tool, at);
        const json_t *value = json_object_get(object, name);
        if (at->is_required && (value == NULL || json_is_null(value)))
            return kmi_fail(error, KM_E_INVALID, "\"%s\" is missing", name);
    }
    return KM_OK;
}

const char *kmi_tool_text(const kmi_tool_call *call, const char *name) {
    return json_string_value(json_object_get(call->arguments, name));
}

int64_t kmi_tool_number(const kmi_tool_call *call, const char *name, int64_t fallback) {
    int64_t number = fallback;
    const json_t *value = json_object_get(call->arguments, name);
    return value != NULL && is_whole(value, &number) ? number : fallback;
}

bool kmi_tool_span(const kmi_tool_call *call, const char *name, kmi_time_span *ret_span) {
    const char *text = kmi_tool_text(call, name);
    return text != NULL && kmi_time_span_parse(kmi_slice_from(text), kmi_clock_now_us(), ret_span, NULL) == KM_OK;
}

bool kmi_tool_flag(const kmi_tool_call *call, const char *name) {
    return json_is_true(json_object_get(call->arguments, name));
}
