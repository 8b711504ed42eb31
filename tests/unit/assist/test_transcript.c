/* Transcripts of the clients: who said what, and what shell commands taught. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "assist/shell_lessons.h"
#include "assist/transcript.h"

typedef struct seen {
    char text[4096];
    size_t len;
    kmi_shell_lessons shell;
    int stop_after; /* 0: never */
} seen;

static bool note(const kmi_transcript_item *item, void *context) {
    static const char letters[] = "UASECF";
    seen *all = context;
    char lesson[1024];
    int added = snprintf(all->text + all->len, sizeof all->text - all->len, "%c%s %.*s|", letters[item->said],
                         item->is_failed ? "!" : "", (int)item->text.len, item->text.ptr);
    all->len += (size_t)added;
    if (kmi_shell_lessons_take(&all->shell, item, lesson, sizeof lesson)) {
        added = snprintf(all->text + all->len, sizeof all->text - all->len, "LESSON %s|", lesson);
        all->len += (size_t)added;
    }
    return all->stop_after == 0 || --all->stop_after > 0;
}

static void expect_said(const kmi_transcript_row *rows, const char *lines, const char *said) {
    seen all = {.len = 0};
    size_t used = kmi_transcript_read(rows, kmi_slice_from(lines), note, &all);
    assert_int_equal(used, strlen(lines));
    assert_string_equal(all.text, said);
}

static void claude_code(void **state) {
    (void)state;
    expect_said(
        kmi_transcript_claude,
        "{\"type\":\"user\",\"isSidechain\":false,\"message\":{\"role\":\"user\",\"content\":\"We use tabs.\"}}\n"
        "{\"type\":\"attachment\",\"x\":\"\\\"type\\\":\\\"user\\\"\"}\n"
        "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm.\"},"
        "{\"type\":\"text\",\"text\":\"Noted.\"},{\"type\":\"text\",\"text\":\"More.\"}]}}\n"
        "{\"type\":\"user\",\"isMeta\":true,\"message\":{\"content\":\"Caveat\"}}\n"
        "{\"type\":\"user\",\"isSidechain\":true,\"message\":{\"content\":\"Sub agent\"}}\n"
        "{\"type\":\"user\",\"isCompactSummary\":true,\"message\":{\"content\":\"Summary\"}}\n"
        "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
        "\"content\":\"out\"}]}}\n"
        "not JSON but \"type\":\"user\"\n",
        "U We use tabs.|A Noted.\n\nMore.|E out|");
}

static void codex_gemini_copilot(void **state) {
    (void)state;
    expect_said(
        kmi_transcript_codex,
        "{\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"role\":\"user\",\"content\":[]}}\n"
        "{\"type\":\"event_msg\",\"payload\":{\"item\":{\"type\":\"UserMessage\",\"content\":[{\"type\":\"text\","
        "\"text\":\"We use tabs.\"}]}}}\n"
        "{\"type\":\"event_msg\",\"payload\":{\"type\":\"agent_message\",\"message\":\"Noted.\"}}\n",
        "U We use tabs.|A Noted.|");
    expect_said(kmi_transcript_gemini,
                "{\"$set\":{\"messages\":[{\"type\":\"user\",\"content\":[{\"text\":\"session\"}]}]}}\n"
                "{\"type\":\"user\",\"content\":[{\"text\":\"We use tabs.\"},{\"functionResponse\":{}}]}\n"
                "{\"type\":\"gemini\",\"content\":\"\"}\n{\"type\":\"gemini\",\"content\":\"Noted.\"}\n",
                "U We use tabs.|A Noted.|");
    expect_said(kmi_transcript_copilot,
                "{\"type\":\"user.message\",\"data\":{\"content\":\"We use tabs.\",\"transformedContent\":\"x\"}}\n"
                "{\"type\":\"assistant.message\",\"data\":{\"content\":\"Noted.\"}}\n",
                "U We use tabs.|A Noted.|");
}

static void reading_stops_before_what_is_not_complete_or_not_taken(void **state) {
    static const char line[] = "{\"type\":\"user.message\",\"data\":{\"content\":\"One.\"}}\n";
    (void)state;
    char lines[1024];
    snprintf(lines, sizeof lines, "%s%s{\"type\":\"user.mess", line, line);
    seen all = {.len = 0};
    assert_int_equal(kmi_transcript_read(kmi_transcript_copilot, kmi_slice_from(lines), note, &all), 2 * strlen(line));
    seen stopped = {.stop_after = 2};
    assert_int_equal(kmi_transcript_read(kmi_transcript_copilot, kmi_slice_from(lines), note, &stopped), strlen(line));
}

/* One command after the other, as Codex tells them; the output of a failed one is given. */
static void expect_lesson(const char *first, const char *output, const char *second, const char *lesson) {
    char lines[2048];
    seen all = {.len = 0};
    snprintf(lines, sizeof lines,
             "{\"payload\":{\"item\":{\"type\":\"CommandExecution\",\"command\":[\"sh\",\"-c\",\"%s\"],"
             "\"aggregated_output\":\"%s\",\"exit_code\":2}}}\n"
             "{\"payload\":{\"item\":{\"type\":\"CommandExecution\",\"command\":[\"sh\",\"-c\",\"%s\"],"
             "\"aggregated_output\":\"fine\",\"exit_code\":0}}}\n",
             first, output, second);
    kmi_transcript_read(kmi_transcript_codex, kmi_slice_from(lines), note, &all);
    const char *found = strstr(all.text, "LESSON ");
    if (lesson == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_non_null(strstr(found, lesson));
    }
}

static void commands_that_were_called_wrongly_teach(void **state) {
    (void)state;
    expect_lesson("npm test", "npm ERR! Missing script: test", "pnpm test",
                  "`npm test` does not work; use `pnpm test`");
    expect_lesson("python tools/gen.py", "sh: python: command not found", "python3 tools/gen.py",
                  "`python3 tools/gen.py`");
    /* The code was broken, not the call. */
    expect_lesson("pytest tests/a.py", "1 failed", "pytest tests/b.py", NULL);
    /* Looking around, another matter, the same again. */
    expect_lesson("ls nowhere", "command not found", "ls here", NULL);
    expect_lesson("npm test", "Missing script: test", "make install", NULL);
    expect_lesson("npm test", "Missing script: test", "npm test", NULL);
    expect_lesson("echo `id` test", "command not found", "printx test", NULL);
}

static void a_command_and_its_end_are_matched_by_id(void **state) {
    (void)state;
    expect_said(
        kmi_transcript_claude,
        "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"Bash\",\"id\":\"a\","
        "\"input\":{\"command\":\"npm test\"}},{\"type\":\"tool_use\",\"name\":\"Bash\",\"id\":\"b\","
        "\"input\":{\"command\":\"pnpm test\"}}]}}\n"
        "{\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"is_error\":true,"
        "\"content\":\"Missing script: "
        "test\"},{\"type\":\"tool_result\",\"tool_use_id\":\"b\",\"content\":\"ok\"}]}}\n",
        "S npm test|S pnpm test|E! Missing script: test|E ok|LESSON In this project the command `npm test` does "
        "not work; use `pnpm test` instead.|");
}

/* A line of Gemini CLI: one message with the calls that it has so far. */
#define GEMINI_CALLS(calls) "{\"id\":\"m\",\"type\":\"gemini\",\"content\":\"\",\"toolCalls\":[" calls "]}\n"
#define GEMINI_COMMAND(id, status, command, output) \
    "{\"id\":\"" id "\",\"name\":\"run_shell_command\",\"args\":{\"command\":\"" command "\"}," \
    "\"result\":[{\"functionResponse\":{\"response\":{\"output\":\"" output "\"}}}],\"status\":\"" status "\"}"
#define GEMINI_OUTPUT(text) "<untrusted_context>\\nOutput: " text "\\nProcess Group PGID: 7\\n</untrusted_context>"

static const char *gemini_lesson(const char *lines) {
    static seen all;
    all = (seen){.len = 0};
    kmi_transcript_read(kmi_transcript_gemini, kmi_slice_from(lines), note, &all);
    return strstr(all.text, "LESSON ");
}

static void gemini_tells_the_end_of_a_command_below_its_output(void **state) {
    (void)state;
    const char *lesson = gemini_lesson(
        GEMINI_CALLS(GEMINI_COMMAND("1", "success", "npm test", GEMINI_OUTPUT("Missing script: test\\nExit Code: 1")))
            GEMINI_CALLS(GEMINI_COMMAND("2", "success", "pnpm test", GEMINI_OUTPUT("fine\\nBackground PIDs: 3, 4"))));
    assert_non_null(lesson);
    assert_non_null(strstr(lesson, "`npm test` does not work; use `pnpm test`"));
    /* Without the wrapping, and killed. */
    assert_non_null(gemini_lesson(
        GEMINI_CALLS(GEMINI_COMMAND("1", "success", "npm test", "Output: Missing script: test\\nSignal: 9"))
            GEMINI_CALLS(GEMINI_COMMAND("2", "success", "pnpm test", "Output: (empty)"))));
    /* It ended well and only wrote of an end; it failed too; it was not run. */
    assert_null(gemini_lesson(
        GEMINI_CALLS(GEMINI_COMMAND("1", "success", "npm test", GEMINI_OUTPUT("Missing script\\nExit Code: 1\\nok")))
            GEMINI_CALLS(GEMINI_COMMAND("2", "success", "pnpm test", GEMINI_OUTPUT("fine")))));
    assert_null(gemini_lesson(
        GEMINI_CALLS(GEMINI_COMMAND("1", "success", "npm test", GEMINI_OUTPUT("Missing script\\nExit Code: 1")))
            GEMINI_CALLS(GEMINI_COMMAND("2", "success", "pnpm test", GEMINI_OUTPUT("no\\nExit Code: 2")))));
    assert_null(gemini_lesson(
        GEMINI_CALLS(GEMINI_COMMAND("1", "success", "npm test", GEMINI_OUTPUT("Missing script\\nExit Code: 1")))
            GEMINI_CALLS(GEMINI_COMMAND("2", "cancelled", "pnpm test", GEMINI_OUTPUT("fine")))));
}

static void a_command_that_is_told_again_counts_once(void **state) {
    (void)state;
    /* What worked came before what failed; the message that holds both is written twice. */
#define WORKED GEMINI_COMMAND("1", "success", "pnpm test", GEMINI_OUTPUT("fine"))
#define FAILED GEMINI_COMMAND("2", "success", "npm test", GEMINI_OUTPUT("Missing script\\nExit Code: 1"))
    assert_null(gemini_lesson(GEMINI_CALLS(WORKED "," FAILED) GEMINI_CALLS(WORKED "," FAILED)));
    assert_non_null(gemini_lesson(GEMINI_CALLS(FAILED) GEMINI_CALLS(FAILED "," WORKED)));
}

static void files_that_tools_created(void **state) {
    (void)state;
    expect_said(kmi_transcript_claude,
                "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\","
                "\"content\":\"\"}]},\"toolUseResult\":{\"type\":\"create\",\"filePath\":\"/p/a.md\"}}\n"
                "{\"type\":\"user\",\"message\":{},\"toolUseResult\":{\"type\":\"update\",\"filePath\":\"/p/b.md\"}}\n",
                "E |F /p/a.md|");
    expect_said(kmi_transcript_codex,
                "{\"payload\":{\"item\":{\"type\":\"FileChange\",\"changes\":{\"/p/a.md\":{\"type\":\"add\"},"
                "\"/p/b.md\":{\"type\":\"update\"},\"/p/c.md\":{\"type\":\"add\"}}}}}\n",
                "F /p/a.md|F /p/c.md|");
    expect_said(kmi_transcript_copilot,
                "{\"type\":\"x\",\"data\":{\"fileEdits\":[{\"path\":\"/p/a.md\",\"kind\":\"create\"},"
                "{\"path\":\"/p/b.md\",\"kind\":\"edit\"}]}}\n",
                "F /p/a.md|");
    expect_said(
        kmi_transcript_gemini,
        GEMINI_CALLS("{\"name\":\"write_file\",\"status\":\"success\",\"resultDisplay\":{\"filePath\":\"/p/a.md\","
                     "\"originalContent\":\"\",\"isNewFile\":true}},"
                     "{\"name\":\"write_file\",\"status\":\"success\",\"resultDisplay\":{\"filePath\":\"/p/b.md\","
                     "\"originalContent\":\"x\",\"isNewFile\":false}},"
                     "{\"name\":\"write_file\",\"status\":\"error\",\"resultDisplay\":{\"filePath\":\"/p/c.md\","
                     "\"originalContent\":\"\",\"isNewFile\":true}}"),
        "F /p/a.md|");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claude_code),
        cmocka_unit_test(codex_gemini_copilot),
        cmocka_unit_test(reading_stops_before_what_is_not_complete_or_not_taken),
        cmocka_unit_test(commands_that_were_called_wrongly_teach),
        cmocka_unit_test(a_command_and_its_end_are_matched_by_id),
        cmocka_unit_test(gemini_tells_the_end_of_a_command_below_its_output),
        cmocka_unit_test(a_command_that_is_told_again_counts_once),
        cmocka_unit_test(files_that_tools_created),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
