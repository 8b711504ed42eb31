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
    static const char letters[] = "UASEC";
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claude_code),
        cmocka_unit_test(codex_gemini_copilot),
        cmocka_unit_test(reading_stops_before_what_is_not_complete_or_not_taken),
        cmocka_unit_test(commands_that_were_called_wrongly_teach),
        cmocka_unit_test(a_command_and_its_end_are_matched_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
