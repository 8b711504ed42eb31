/* enhance. Whatever is wrong with store, configuration or time, the caller gets its prompt back and exit code 0: an
 * assistant must not lose a question because of its memory. Only bad usage, and with --strict any fault, is an error. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/deadline.h"
#include "cli/explain_view.h"
#include "cli/input.h"
#include "cli/memory_view.h"
#include "util/error.h"

/* What is printed: the prompt, and the result when there is one. */
typedef struct enhanced {
    kmi_slice prompt;
    km_enhance_result *result; /* NULL: the prompt stays as it is */
    km_error problem;          /* status KM_OK: none */
    bool is_late;              /* time is over, and there is no result that could say so */
} enhanced;

static void add_json(kmi_cli *cli, const enhanced *answer) {
    const km_enhance_result *result = answer->result;
    kmi_slice text = answer->prompt;
    if (result != NULL) text = (kmi_slice){result->enhanced_prompt, result->enhanced_prompt_len};
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_slice(&out, "original_prompt", answer->prompt);
    kmi_json_out_slice(&out, "enhanced_prompt", text);
    bool explain = kmi_cli_has(cli, KMI_SLOT_EXPLAIN);
    kmi_memory_add_json_list(&out, "memories_used", result != NULL ? result->memories : NULL,
                             result != NULL ? result->memory_count : 0,
                             explain ? KMI_MEMORY_EXPLAINED : KMI_MEMORY_SCORED);
    if (explain) kmi_explain_add_json(&out, result != NULL ? result->explanation : NULL);
    kmi_json_out_real(&out, "confidence", result != NULL ? result->confidence : 0);
    kmi_json_out_ms(&out, "elapsed_ms", result != NULL ? result->elapsed_us : 0);
    kmi_json_out_bool(&out, "cached", result != NULL && result->is_cached);
    kmi_json_out_bool(&out, "degraded", answer->is_late || (result != NULL && result->is_degraded));
    kmi_json_out_text(&out, "problem", answer->problem.status != KM_OK ? answer->problem.message : NULL);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

/* Adds a text and ends its last line, if it does not do so itself. */
static void add_ended(kmi_buf *buf, kmi_slice text) {
    kmi_buf_add_slice(buf, text);
    if (text.len == 0 || text.ptr[text.len - 1] != '\n') kmi_buf_add_char(buf, '\n');
}

static void add_markdown(kmi_cli *cli, const enhanced *answer) {
    const km_enhance_result *result = answer->result;
    kmi_buf_add_text(&cli->out, "## Relevant Context\n\n");
    for (size_t i = 0; i < result->memory_count; i++) {
        kmi_buf_add_text(&cli->out, "- ");
        kmi_buf_add_text(&cli->out, result->lines[i]);
        kmi_buf_add_char(&cli->out, '\n');
    }
    kmi_buf_add_text(&cli->out, "\n## User Question\n\n");
    add_ended(&cli->out, answer->prompt);
}

static void print_answer(kmi_cli *cli, const enhanced *answer) {
    const km_enhance_result *result = answer->result;
    size_t count = result != NULL ? result->memory_count : 0;
    const char *format = kmi_cli_text(cli, KMI_SLOT_FORMAT);
    if (kmi_cli_is_format(cli, "json")) {
        add_json(cli, answer);
        return;
    }
    bool is_context = format == NULL || kmi_cli_is_format(cli, "context");
    if (is_context && count == 0) {
        kmi_buf_add_text(&cli->out, "ℹ️  No relevant memories found\n\n");
    } else if (is_context) {
        kmi_buf_add_format(&cli->out, "🧠 Enhanced with %zu memories (confidence: %.2f)\n\n", count,
                           result->confidence);
    }
    if (count == 0) {
        add_ended(&cli->out, answer->prompt);
    } else if (kmi_cli_is_format(cli, "markdown")) {
        add_markdown(cli, answer);
    } else {
        add_ended(&cli->out, (kmi_slice){result->enhanced_prompt, result->enhanced_prompt_len});
    }
}

static void tell_debug(kmi_cli *cli, const km_enhance_result *result) {
    kmi_cli_debug(cli, "Enhanced with %zu memories in %lld µs%s%s", result->memory_count, (long long)result->elapsed_us,
                  result->is_cached ? ", cached" : "", result->is_degraded ? ", cut short by the deadline" : "");
}

/* To standard error: what is printed is the prompt. */
static void tell_why(const km_enhance_result *result) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_OUT_LIMIT_BYTES);
    kmi_explain_add_text(&text, result->explanation);
    for (size_t i = 0; i < result->memory_count; i++) {
        kmi_buf_add_format(&text, "# %zu. ", i + 1);
        if (result->memories[i].match != NULL)
            kmi_explain_add_match(&text, result->memories[i].match);
        else
            kmi_buf_add_text(&text, result->memories[i].reason);
        kmi_buf_add_char(&text, '\n');
    }
    if (text.len > 0) fputs(text.ptr, stderr);
}

/* The library is given its time and a little more to tell what it found so far. */
static void arm_deadline(kmi_cli *cli, enhanced *answer, kmi_buf *fallback) {
    static const double grace_seconds = 0.05;
    km_project_info info;
    kmi_buf_init(fallback, KMI_OUT_LIMIT_BYTES);
    if (km_project_get_info(cli->project, &info, NULL) != KM_OK) return;
    size_t before = cli->out.len;
    answer->is_late = true;
    print_answer(cli, answer); /* as it comes out without any memory */
    answer->is_late = false;
    kmi_buf_add(fallback, cli->out.ptr + before, cli->out.len - before);
    cli->out.len = before;
    bool is_strict = kmi_cli_has(cli, KMI_SLOT_STRICT);
    kmi_deadline_arm(info.enhance_timeout_seconds + grace_seconds,
                     is_strict ? (kmi_slice){"", 0} : kmi_buf_slice(fallback),
                     "kuzu-memory: the deadline passed; the prompt is returned unchanged\n",
                     is_strict ? KMI_EXIT_AGAIN : KMI_EXIT_OK);
}

static void enhance(kmi_cli *cli, enhanced *answer) {
    km_enhance_options options = KM_ENHANCE_OPTIONS_INIT;
    options.max_memories = (size_t)kmi_cli_number(cli, KMI_SLOT_MAX_MEMORIES, 0);
    options.max_context_chars = (size_t)kmi_cli_number(cli, KMI_SLOT_MAX_CHARS, 0);
    options.now_us = kmi_cli_number(cli, KMI_SLOT_NOW, 0);
    options.explain = kmi_cli_has(cli, KMI_SLOT_EXPLAIN);
    options.confidence_threshold = kmi_cli_real(cli, KMI_SLOT_CONFIDENCE, -1);
    if (kmi_slice_trim(answer->prompt).len == 0) return; /* nothing is relevant to nothing */
    if (kmi_cli_open(cli, &answer->problem) != KM_OK) return;
    KMI_CLEANUP_BUF kmi_buf fallback;
    arm_deadline(cli, answer, &fallback);
    km_status status =
        km_enhance(cli->project, answer->prompt.ptr, answer->prompt.len, &options, &answer->result, &answer->problem);
    kmi_deadline_disarm();
    if (status != KM_OK) return;
    if (cli->is_debug) tell_debug(cli, answer->result);
    if (options.explain && !kmi_cli_is_format(cli, "json")) tell_why(answer->result);
    if (answer->result->problem != KM_OK) {
        kmi_fail(&answer->problem, answer->result->problem, "%s", answer->result->problem_message);
    } else if (answer->result->is_degraded && kmi_cli_has(cli, KMI_SLOT_STRICT)) {
        kmi_fail(&answer->problem, KM_E_BUSY, "the deadline passed: raise performance.enhance_timeout_seconds");
    }
}

int kmi_run_enhance(kmi_cli *cli) {
    km_error error = {0};
    KMI_CLEANUP_BUF kmi_buf storage;
    kmi_buf_init(&storage, KMI_TEXT_LIMIT_BYTES);
    enhanced answer = {.result = NULL};
    if (kmi_input_text(cli, 0, &storage, &answer.prompt, &error) != KM_OK) {
        return error.status == KM_E_INVALID ? kmi_cli_fail_usage(cli, &error) : kmi_cli_fail(&error);
    }
    enhance(cli, &answer);
    int exit_code = KMI_EXIT_OK;
    if (answer.problem.status != KM_OK && kmi_cli_has(cli, KMI_SLOT_STRICT)) {
        exit_code = kmi_cli_fail(&answer.problem);
    } else {
        if (answer.problem.status != KM_OK) {
            bool is_enhanced = answer.result != NULL && answer.result->memory_count > 0;
            kmi_cli_message("%s; %s", answer.problem.message,
                            is_enhanced ? "going on with the default" : "the prompt is returned unchanged");
        }
        print_answer(cli, &answer);
    }
    km_enhance_result_free(answer.result);
    return exit_code;
}
