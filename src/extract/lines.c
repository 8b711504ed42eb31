/* lines.c - tells pasted code, logs, traces and data from prose, one line at a time.
 *
 * Every test looks at shapes that prose does not have: a time stamp first, a semicolon last, brackets and operators in
 * number. A single odd mark inside a sentence ("check the return value of write().") must not make it code, so the code
 * test counts signs against words instead of looking for one of them. */
#include "extract/prose.h"

#include <stdint.h>
#include <string.h>

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
static bool is_letter(char c) {
    return is_upper(c) || is_lower(c) || (unsigned char)c >= 0x80;
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool starts(kmi_slice line, const char *text) {
    if (line.len == 0 || line.ptr[0] != text[0]) /* nearly always the answer */
        return false;
    return kmi_slice_starts_with(line, kmi_slice_from(text));
}
static bool contains(kmi_slice line, const char *text) {
    return kmi_slice_find(line, kmi_slice_from(text), 0) != SIZE_MAX;
}

static bool starts_with_any(kmi_slice line, const char *const *texts) {
    for (; *texts != NULL; texts++)
        if (starts(line, *texts)) return true;
    return false;
}

size_t kmi_line_item_marker(kmi_slice line) {
    size_t at = 0;
    if (line.len < 3) return 0;
    if (strchr("-*+", line.ptr[0]) != NULL && line.ptr[1] == ' ') {
        at = 2;
    } else if (starts(line, "•") || starts(line, "–") || starts(line, "‣")) {
        at = 3;
    } else {
        while (at < line.len && at < 3 && is_digit(line.ptr[at])) at++;
        if (at == 0 || at + 1 >= line.len || (line.ptr[at] != '.' && line.ptr[at] != ')') || line.ptr[at + 1] != ' ')
            return 0;
        at += 2;
    }
    kmi_slice rest = kmi_slice_sub(line, at, SIZE_MAX);
    if (starts(rest, "[ ] ") || starts(rest, "[x] ") || starts(rest, "[X] ")) at += 4;
    while (at < line.len && line.ptr[at] == ' ') at++;
    return at;
}

/* A line that a program wrote: numbers, paths and signs take as much room as words do, or it says "3 to add". */
static bool is_machine_line(kmi_slice line) {
    size_t digits = 0, words = 0, odd = 0, run = 0;
    for (size_t i = 0; i <= line.len; i++) {
        char c = i < line.len ? line.ptr[i] : ' ';
        digits += is_digit(c) && (i == 0 || !is_digit(line.ptr[i - 1]));
        odd += strchr("/:[]()=_>#|", c) != NULL;
        words += run >= 2 && !is_letter(c);
        run = is_letter(c) ? run + 1 : 0;
    }
    return digits + odd >= 2 && (digits + odd) * 2 >= words;
}

/* "[    2.114203] usb 1-1: …": what the kernel puts first. */
static bool is_kernel_line(kmi_slice line) {
    size_t at = 1, digits = 0;
    if (line.len < 12 || line.ptr[0] != '[') return false;
    while (at < line.len && line.ptr[at] == ' ') at++;
    for (; at < line.len && (is_digit(line.ptr[at]) || line.ptr[at] == '.'); at++) digits += is_digit(line.ptr[at]);
    return digits >= 5 && at < line.len && line.ptr[at] == ']' && line.ptr[at - 1] != '.';
}

/* "127.0.0.1 - - [10/Oct/2025:13:55:36 +0000] …": what a web server writes. */
static bool is_access_line(kmi_slice line) {
    return line.len > 20 && is_digit(line.ptr[0]) && contains(kmi_slice_sub(line, 0, 48), " - ") &&
           contains(kmi_slice_sub(line, 0, 64), " [") && contains(line, "] \"");
}

static bool is_hexadecimal(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* What `git log` and mail programs put around a message. */
static bool is_header_line(kmi_slice line) {
    static const char *const headers[] = {"Author: ",
                                          "AuthorDate: ",
                                          "Commit: ",
                                          "CommitDate: ",
                                          "Merge: ",
                                          "From: ",
                                          "To: ",
                                          "Cc: ",
                                          "Bcc: ",
                                          "Reply-To: ",
                                          "Sent: ",
                                          "Date: ",
                                          "Message-ID: ",
                                          "Von: ",
                                          "An: ",
                                          "Gesendet: ",
                                          "De: ",
                                          "Signed-off-by: ",
                                          "Co-authored-by: ",
                                          "Reviewed-by: ",
                                          "Received: ",
                                          "Return-Path: ",
                                          "X-Mailer: ",
                                          NULL};
    if (starts(line, "commit ")) {
        size_t at = 7;
        while (at < line.len && is_hexadecimal(line.ptr[at])) at++;
        return at >= 14 && (at == line.len || line.ptr[at] == ' ');
    }
    if (starts_with_any(line, headers)) {
        size_t digits = 0;
        for (size_t i = 0; i < line.len; i++) digits += is_digit(line.ptr[i]);
        return memchr(line.ptr, '@', line.len) != NULL || digits >= 6 || starts(line, "Merge: ");
    }
    if ((starts(line, "On ") || starts(line, "Am ") || starts(line, "Le ")) && line.len > 12)
        return kmi_slice_ends_with(line, KMI_SLICE_LITERAL("wrote:")) ||
               kmi_slice_ends_with(line, KMI_SLICE_LITERAL("schrieb:")) ||
               kmi_slice_ends_with(line, KMI_SLICE_LITERAL("écrit :"));
    size_t bar = kmi_slice_find(line, KMI_SLICE_LITERAL(" | "), 0); /* src/a.c | 4 ++-- */
    if (bar != SIZE_MAX && line.len > 0 && strchr("+-", line.ptr[line.len - 1]) != NULL && bar + 3 < line.len &&
        (is_digit(line.ptr[bar + 3]) || line.ptr[bar + 3] == ' '))
        return true;
    return contains(line, " file changed, ") || contains(line, " files changed, ");
}

/* "11-30 10:11:12.123  1234  5678 E Tag: …" of Android. */
static bool is_short_dated_line(kmi_slice line) {
    return line.len > 16 && is_digit(line.ptr[0]) && is_digit(line.ptr[1]) &&
           (line.ptr[2] == '-' || line.ptr[2] == '/') && is_digit(line.ptr[3]) && is_digit(line.ptr[4]) &&
           line.ptr[5] == ' ' && is_digit(line.ptr[6]) && line.ptr[8] == ':' && line.ptr[11] == ':';
}

/* "2024-05-02 10:14:31", "[12:01:22]", "10:14:31.220", "May  2 10:14:02", "INFO  x": what a logger puts first. */
static bool is_log(kmi_slice line) {
    size_t at = 0, digits = 0, marks = 0;
    if (is_kernel_line(line) || is_access_line(line) || is_short_dated_line(line) || is_header_line(line)) return true;
    if (line.len > 0 && line.ptr[0] == '[') at = 1;
    while (at < line.len && (is_digit(line.ptr[at]) || strchr("-:/.,TZ+", line.ptr[at]) != NULL ||
                             (line.ptr[at] == ' ' && digits >= 8 && digits < 14))) {
        digits += is_digit(line.ptr[at]);
        marks += line.ptr[at] == ':' || line.ptr[at] == '-';
        at++;
    }
    if (digits >= 6 && marks >= 2 && (digits > 8 || line.ptr[0] == '[' || contains(kmi_slice_sub(line, 0, at), ":")))
        return true;
    static const char *const levels[] = {
#include "extract/log_lines.inc"
        NULL};
    if (starts_with_any(line, levels)) {
        static const char *const words[] = {
#include "extract/log_words.inc"
            NULL};
        return !starts_with_any(line, words) || is_machine_line(line);
    }
    static const char *const months[] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ",
                                         "Aug ", "Sep ", "Oct ", "Nov ", "Dec ", NULL};
    if (starts_with_any(line, months) && line.len > 15 && line.ptr[9] == ':' && line.ptr[12] == ':') return true;
    if (contains(line, ": error: ") || contains(line, ": warning: ") || contains(line, ": fatal error: "))
        return true;                                                     /* what compilers and linkers say */
    if (kmi_slice_ends_with(line, KMI_SLICE_LITERAL("%]"))) return true; /* a test run's progress */
    return contains(line, "] INFO") || contains(line, "] ERROR") || contains(line, "] WARN") ||
           contains(line, "] DEBUG");
}

static bool is_trace(kmi_slice line) {
    static const char *const openings[] = {"Traceback (most recent",
                                           "File \"",
                                           "Exception in thread",
                                           "Caused by: ",
                                           "goroutine ",
                                           "thread '",
                                           "#0 ",
                                           "#1 ",
                                           "#2 ",
                                           "#3 ",
                                           "note: run with `RUST",
                                           "stack backtrace",
                                           "During handling of the above",
                                           "Segmentation fault",
                                           "Unhandled ",
                                           "Uncaught ",
                                           "... ",
                                           NULL};
    if (starts_with_any(line, openings)) return true;
    /* "at read (io.js:12)"; behind "at 04:30" goes a sentence on. */
    if (starts(line, "at ") && line.len > 3 && !is_digit(line.ptr[3]) && (contains(line, "(") || contains(line, ":")) &&
        (line.ptr[line.len - 1] == ')' || is_digit(line.ptr[line.len - 1]) || line.ptr[line.len - 1] == '>'))
        return true;
    /* "IndexError: …", "java.lang.IllegalStateException: …", "Error: listen …" */
    size_t end = 0;
    while (end < line.len && (is_letter(line.ptr[end]) || line.ptr[end] == '.' || line.ptr[end] == '_' ||
                              line.ptr[end] == '$' || is_digit(line.ptr[end])))
        end++;
    kmi_slice head = kmi_slice_sub(line, 0, end);
    bool is_error_name = kmi_slice_ends_with(head, KMI_SLICE_LITERAL("Error")) ||
                         kmi_slice_ends_with(head, KMI_SLICE_LITERAL("Exception"));
    return is_error_name && (end == line.len || line.ptr[end] == ':');
}

/* "git log --oneline -5": options from the second word to the last one. "git push --force is forbidden" is a sentence. */
static bool has_only_options(kmi_slice line) {
    size_t option = kmi_slice_find(line, KMI_SLICE_LITERAL(" -"), 0), last = line.len, words = 0;
    for (size_t i = 0; i < option && i < line.len; i++) words += line.ptr[i] == ' ';
    while (last > 0 && line.ptr[last - 1] != ' ') last--;
    return words <= 1 && last < line.len && line.ptr[last] == '-';
}

/* "curl -X POST https://…": a command without its prompt. */
static bool is_command_line(kmi_slice line) {
    static const char *const commands[] = {
        "curl ",  "wget ",   "git ",    "docker ",  "kubectl ", "helm ", "npm ",       "npx ",
        "pnpm ",  "pip ",    "apt ",    "sudo ",    "ssh ",     "scp ",  "rsync ",     "make ",
        "cargo ", "go ",     "python ", "python3 ", "node ",    "psql ", "mysql ",     "tar ",
        "grep ",  "find ",   "chmod ",  "chown ",   "export ",  "echo ", "terraform ", "ansible-playbook ",
        "aws ",   "gcloud ", "az ",     NULL};
    if (line.len == 0 || !is_lower(line.ptr[0]) || !starts_with_any(line, commands)) return false;
    char last = line.ptr[line.len - 1];
    return contains(line, " -") && last != '.' && last != '!' && (is_machine_line(line) || has_only_options(line));
}

static bool is_shell(kmi_slice line) {
    if ((starts(line, "$ ") || starts(line, "% ") || starts(line, ">>> ") || starts(line, "PS C:") ||
         starts(line, "❯ ") || starts(line, "➜ ")) &&
        line.len > 3)
        return true;
    if (starts(line, "# ") || line.len < 4) return false;
    if (is_command_line(line)) return true;
    if (line.ptr[1] == ':' && line.ptr[2] == '\\' && memchr(line.ptr, '>', line.len) != NULL) return true; /* C:\> */
    /* user@host:~$ command */
    size_t at_sign = kmi_slice_find(kmi_slice_sub(line, 0, 60), KMI_SLICE_LITERAL("@"), 0);
    size_t prompt = kmi_slice_find(kmi_slice_sub(line, 0, 120), KMI_SLICE_LITERAL("$ "), 0);
    return at_sign != SIZE_MAX && prompt != SIZE_MAX && prompt > at_sign &&
           !contains(kmi_slice_sub(line, 0, prompt), " ");
}

typedef struct look {
    size_t words; /* runs of letters with a blank or an end mark behind */
    size_t signs; /* brackets, operators, semicolons */
    size_t gaps;  /* runs of two and more blanks inside */
    size_t letters;
    size_t opening_words; /* before the first sign */
} look;

/* The braces of "/lines/{line}" and "${HOME}". */
static bool is_placeholder_brace(kmi_slice line, size_t i) {
    if (line.ptr[i] == '{')
        return i > 0 && (line.ptr[i - 1] == '/' || line.ptr[i - 1] == '$' || line.ptr[i - 1] == '-');
    if (line.ptr[i] != '}') return false;
    for (size_t k = i; k-- > 0 && i - k < 40;) {
        if (line.ptr[k] == '{') return is_placeholder_brace(line, k);
        if (!is_letter(line.ptr[k]) && !is_digit(line.ptr[k]) && line.ptr[k] != '_' && line.ptr[k] != '-') return false;
    }
    return false;
}

/* The star of Markdown's emphasis: beside another one, or only on one side of a word. */
static bool is_emphasis(kmi_slice line, size_t i) {
    char before = i > 0 ? line.ptr[i - 1] : ' ', after = i + 1 < line.len ? line.ptr[i + 1] : ' ';
    if (line.ptr[i] != '*' && line.ptr[i] != '~') return false;
    if (before == line.ptr[i] || after == line.ptr[i]) return true;
    bool has_before = before != ' ' && before != '(', has_after = after != ' ' && strchr(".,:;)!?", after) == NULL;
    return has_before != has_after;
}

static look look_at(kmi_slice line) {
    look found = {0};
    bool in_code = false;
    size_t run = 0;
    for (size_t i = 0; i <= line.len; i++) {
        char c = i < line.len ? line.ptr[i] : ' ';
        if (c == '`') in_code = !in_code;
        if (is_letter(c) || c == '\'') {
            run++;
            found.letters++;
            continue;
        }
        if (run >= 2 && (c == ' ' || c == '.' || c == ',' || c == '!' || c == '?')) found.words++;
        run = 0;
        if (!in_code && strchr("{}[]();=<>|&\\^~+*", c) != NULL &&
            !(i < line.len && (is_emphasis(line, i) || is_placeholder_brace(line, i))) && found.signs++ == 0)
            found.opening_words = found.words;
        if (c == ' ' && i > 0 && i + 1 < line.len && line.ptr[i + 1] == ' ' && line.ptr[i - 1] != ' ' &&
            line.ptr[i - 1] != '.')
            found.gaps++;
    }
    return found;
}

/* "import os", "import numpy as np", "from x import y": one name each, and no full stop. */
static bool is_import(kmi_slice line) {
    if (line.ptr[line.len - 1] == '.') return false;
    if (starts(line, "from ")) return contains(line, " import ");
    if (!starts(line, "import ")) return false;
    kmi_slice rest = kmi_slice_trim(kmi_slice_sub(line, 7, SIZE_MAX));
    return memchr(rest.ptr, ' ', rest.len) == NULL || contains(rest, " as ") || contains(rest, " from ");
}

static bool is_code(kmi_slice line, const look *found) {
    static const char *const openings[] = {"#include",     "#define ",    "#ifdef",
                                           "#ifndef",      "#endif",      "#!/",
                                           "import {",     "import \"",   "import *",
                                           "from '",       "const ",      "let ",
                                           "var ",         "function ",   "def ",
                                           "class ",       "public ",     "private ",
                                           "protected ",   "static ",     "fn ",
                                           "pub ",         "impl ",       "struct ",
                                           "enum ",        "package ",    "namespace ",
                                           "using ",       "return ",     "if (",
                                           "for (",        "while (",     "switch (",
                                           "} else",       "else {",      "try {",
                                           "elif ",        "async def",   "async function",
                                           "export ",      "@Override",   "SELECT ",
                                           "INSERT INTO",  "UPDATE ",     "DELETE FROM",
                                           "CREATE TABLE", "ALTER TABLE", "DROP TABLE",
                                           "<?php",        "<!DOCTYPE",   "</",
                                           "//",           "/*",          "*/",
                                           "FROM ",        "RUN ",        "COPY ",
                                           "ENTRYPOINT ",  NULL};
    if (line.len == 0) return false;
    char last = line.ptr[line.len - 1];
    if (is_import(line)) return true;
    bool ends_as_code = last == ';' || last == '{' || last == '}' || last == ')' || last == ']' || last == '\\' ||
                        last == '>' || last == '(' || last == '[' || last == ':' || last == ',';
    if (starts_with_any(line, openings)) {
        bool reads_well = found->words >= 4 && found->signs <= 1 && (last == '.' || last == '!' || is_lower(last));
        reads_well |= found->words >= 6 && last == '.' && found->signs * 2 <= found->words;
        return !reads_well && (found->signs > 0 || ends_as_code || found->words <= 4 || starts(line, "#") ||
                               starts(line, "//") || starts(line, "/*"));
    }
    if (line.ptr[0] == '}' || line.ptr[0] == '{' || line.ptr[0] == ')' || line.ptr[0] == ';')
        return found->words <= 3 || found->signs > 2;
    if ((last == ';' || last == '{') && found->signs >= 2 && found->signs * 2 >= found->words) return true;
    if (last == ')' && found->signs >= 2 && found->words <= 1) return true; /* int main(void) */
    bool opens_well = found->opening_words >= 3 && is_upper(line.ptr[0]);   /* "The DSN looks like mysql://<user>…" */
    return found->signs >= 4 && found->signs >= found->words && !opens_well;
}

/* `key = value` and "key": value of manifests; rows of a table; diffs. */
static bool is_data(kmi_slice line, const look *found) {
    static const char *const diff[] = {
        "diff --git", "index ", "--- a/", "+++ b/", "@@ ", "Binary files", "new file mode", "deleted file mode", NULL};
    if (starts_with_any(line, diff)) return !starts(line, "index ") || contains(line, "..");
    char first = line.ptr[0], last = line.ptr[line.len - 1];
    if ((first == '[' && last == ']') || (first == '|' && last == '|') ||
        (first == '{' && (last == '}' || last == ',')) || (first == '<' && last == '>'))
        return true;
    if (first == '"' && (contains(line, "\": ") || contains(line, "\":")) && found->words <= 8) return true;
    size_t equals = kmi_slice_find(line, KMI_SLICE_LITERAL(" = "), 0);
    if (equals != SIZE_MAX && equals > 0 && !contains(kmi_slice_sub(line, 0, equals), " ") && found->words <= 4 &&
        last != '.')
        return true;
    if ((starts(line, "-rw") || starts(line, "drwx") || starts(line, "lrwx") || starts(line, "total ")) &&
        found->words <= 5)
        return !starts(line, "total ") || line.len < 14;
    if (found->gaps >= 2 && last != '.') return true;
    size_t commas = 0, tabs = 0;
    for (size_t i = 0; i < line.len; i++) {
        commas += line.ptr[i] == ',' && i + 1 < line.len && line.ptr[i + 1] != ' ';
        tabs += line.ptr[i] == '\t';
    }
    if (commas >= 2 && memchr(line.ptr, ' ', line.len) == NULL) return true; /* bolt,4,0.10 */
    return tabs >= 2 || (commas >= 3 && found->words <= commas);
}

bool kmi_line_is_sentence(kmi_slice line) {
    line = kmi_slice_trim(line);
    if (line.len < 8 || !is_letter(line.ptr[0])) return false;
    look found = look_at(line);
    char last = line.ptr[line.len - 1];
    return found.words >= 3 && (last == '.' || last == '!' || last == '?') && found.signs <= 2;
}

kmi_line_kind kmi_line_classify(kmi_slice line) {
    bool is_indented = line.len > 3 && (line.ptr[0] == '\t' || (line.ptr[0] == ' ' && line.ptr[1] == ' '));
    line = kmi_slice_trim(line);
    if (line.len == 0) return KMI_LINE_BLANK;
    if (starts(line, "```") || starts(line, "~~~")) return KMI_LINE_FENCE;
    if (line.ptr[0] == '>' && !starts(line, ">>> ")) return KMI_LINE_QUOTE;
    if (is_trace(line)) return KMI_LINE_TRACE;
    if (is_log(line)) return KMI_LINE_LOG;
    if (is_shell(line)) return KMI_LINE_SHELL;
    look found = look_at(line);
    if (is_data(line, &found)) return KMI_LINE_DATA;
    if (is_code(line, &found) || (is_indented && found.signs >= 1 && kmi_line_item_marker(line) == 0 &&
                                  !kmi_line_is_sentence(line) && found.signs * 2 >= found.words))
        return KMI_LINE_CODE;
    if (line.ptr[0] == '#' && line.len > 1 && (line.ptr[1] == ' ' || line.ptr[1] == '#')) return KMI_LINE_HEADING;
    if (kmi_line_item_marker(line) > 0) return KMI_LINE_ITEM;
    return KMI_LINE_PROSE;
}
