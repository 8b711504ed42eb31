/* tools.h - the tools that assistants see: one row each, made of the rows of the command table.
 *
 * A parameter is an option of the command behind the tool, with its kind, range, choices and help; schema and checking
 * follow from it, so that both speak of the same limits as the command line. What a command takes as an argument instead
 * (a query, a text) has a row of its own here. */
#ifndef KMI_MCP_TOOLS_H
#define KMI_MCP_TOOLS_H

#include "base/json.h"
#include "base/time_span.h"
#include "cli/cli.h"
#include "cli/json_out.h"

#define KMI_TOOL_PARAMETERS_MAX 8
/* What one call may answer: assistants cut longer answers, or leave them out. */
#define KMI_TOOL_TEXT_CHARS ((size_t)16000)

typedef struct kmi_tool_call {
    km_project *project;
    const char *client;      /* name of the assistant, or NULL */
    const json_t *arguments; /* checked; NULL: none */
    kmi_buf *text;           /* the answer for reading */
    kmi_json_out *data;      /* the same as data: members of an open object */
} kmi_tool_call;

typedef km_status (*kmi_tool_run)(kmi_tool_call *call, km_error *error);

typedef struct kmi_tool_parameter {
    const char *option;    /* long name of the command's option; NULL ends the list unless `own` is given */
    const kmi_option *own; /* a row that the command line does not have */
    const char *help;      /* NULL: that of the row */
    bool is_required;
    bool is_list; /* an array of texts */
} kmi_tool_parameter;

typedef struct kmi_tool {
    const char *name; /* NULL ends the table */
    const char *title;
    const kmi_command *command;
    const char *description; /* for the assistant: when to call it */
    kmi_tool_parameter parameters[KMI_TOOL_PARAMETERS_MAX];
    bool is_read_only, is_destructive, is_idempotent;
    bool is_always_loaded;     /* its schema belongs into the first request */
    const char *output_schema; /* JSON */
    kmi_tool_run run;
} kmi_tool;

extern const kmi_tool kmi_tools[];

/* Returns: the tool of that name, or NULL. */
const kmi_tool *kmi_tool_find(const char *name);
/* Returns: the row behind a parameter. Never NULL for rows of the table. */
const kmi_option *kmi_tool_option(const kmi_tool *tool, const kmi_tool_parameter *parameter);
const char *kmi_tool_parameter_name(const kmi_tool *tool, const kmi_tool_parameter *parameter);
/* True for the row that ends a list of parameters. */
bool kmi_tool_parameter_is_end(const kmi_tool_parameter *parameter);

/* Adds the tool as tools/list shows it. */
void kmi_tool_add_json(const kmi_tool *tool, kmi_json_out *out);
/* Checks arguments by the rows: KM_E_INVALID names what was given and what would be right. NULL are no arguments. */
km_status kmi_tool_check(const kmi_tool *tool, const json_t *arguments, km_error *error) KM_MUST_CHECK;

/* Checked arguments. A missing one is NULL, the fallback, or false. */
const char *kmi_tool_text(const kmi_tool_call *call, const char *name);
int64_t kmi_tool_number(const kmi_tool_call *call, const char *name, int64_t fallback);
/* False when the argument is missing. */
bool kmi_tool_span(const kmi_tool_call *call, const char *name, kmi_time_span *ret_span);
bool kmi_tool_flag(const kmi_tool_call *call, const char *name);

/* The tools themselves (calls.c). */
km_status kmi_tool_run_recall(kmi_tool_call *call, km_error *error);
km_status kmi_tool_run_learn(kmi_tool_call *call, km_error *error);
km_status kmi_tool_run_recent(kmi_tool_call *call, km_error *error);
km_status kmi_tool_run_forget(kmi_tool_call *call, km_error *error);
km_status kmi_tool_run_status(kmi_tool_call *call, km_error *error);

#endif
