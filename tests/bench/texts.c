/* texts.c - the kinds. Sentences carry random words and numbers: what is said twice in a text is only looked at once. */
#include "texts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES_MAX ((size_t)8 * 1024)

static unsigned below(text_writer *self, unsigned limit) {
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return (unsigned)((self->state >> 20) % limit);
}

__attribute__((format(printf, 2, 3))) static void add(text_writer *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(self->bytes + self->len, PIECE_BYTES_MAX, format, arguments);
    va_end(arguments);
    if (len > 0) self->len += (size_t)len < PIECE_BYTES_MAX ? (size_t)len : PIECE_BYTES_MAX - 1;
}

static void add_times(text_writer *self, const char *text, size_t times) {
    for (size_t i = 0; i < times && self->len < self->size; i++) add(self, "%s", text);
}

#define PICK(self, list) (list)[below((self), sizeof(list) / sizeof((list)[0]))]

static const char *const things[] = {"gateway",    "billing service", "nightly job", "build server", "staging cluster",
                                     "mobile app", "search index",    "mail relay",  "report tool",  "login page",
                                     "data lake",  "release train",   "help desk",   "test suite",   "style guide"};
static const char *const tools[] = {"PostgreSQL", "Redis",  "Kubernetes", "Grafana", "Python", "Rust",
                                    "Terraform",  "GitLab", "Kafka",      "Nginx",   "pytest", "the old scheduler"};
static const char *const people[] = {"Anna Weber", "Tom Baker",  "Ines Prado", "Yuki Tanaka",
                                     "Dr. Okafor", "Lena Fuchs", "Omar Haddad"};
static const char *const places[] = {"Lisbon", "Hamburg", "Oslo", "Kyoto", "Toronto"};
static const char *const days[] = {"Monday", "Tuesday", "Thursday", "the first of the month", "March 3, 2025"};

static void add_sentence(text_writer *self) {
    unsigned number = below(self, 90000);
    switch (below(self, 12)) {
    case 0:
        add(self, "The %s listens on port %u since %s. ", PICK(self, things), number, PICK(self, days));
        return;
    case 1:
        add(self, "We use %s for the %s, because %s asked for it in ticket %u. ", PICK(self, tools), PICK(self, things),
            PICK(self, people), number);
        return;
    case 2:
        add(self, "%s maintains the %s and works from %s (room %u). ", PICK(self, people), PICK(self, things),
            PICK(self, places), number);
        return;
    case 3:
        add(self, "Never deploy the %s before %s without %u approvals. ", PICK(self, things), PICK(self, days), number);
        return;
    case 4:
        add(self, "We moved the %s from %s to %s after incident %u. ", PICK(self, things), PICK(self, tools),
            PICK(self, tools), number);
        return;
    case 5:
        add(self, "I prefer %s over %s when a table has more than %u rows. ", PICK(self, tools), PICK(self, tools),
            number);
        return;
    case 6:
        add(self, "Could you look at the %s again, please? Thanks! ", PICK(self, things));
        return;
    case 7:
        add(self, "It needs %u seconds to start, which nobody had expected when it was written. ", number);
        return;
    case 8:
        add(self, "Its settings are in config/service_%u.yaml, and the log goes to /var/log/service_%u.log. ", number,
            number);
        return;
    case 9:
        add(self, "If the %s does not answer %u times in a row, restart it and tell %s. ", PICK(self, things), number,
            PICK(self, people));
        return;
    case 10:
        add(self, "The team decided on %s that the %s stays on version %u.%u until the audit is over. ",
            PICK(self, days), PICK(self, things), number % 20, number % 7);
        return;
    default:
        add(self, "%s said that the %s is slow because %u of its queries wait for the %s. ", PICK(self, people),
            PICK(self, things), number, PICK(self, things));
    }
}

static void add_prose(text_writer *self) {
    unsigned sentences = 2 + below(self, 6);
    for (unsigned i = 0; i < sentences; i++) add_sentence(self);
    add(self, "\n\n");
}

static void add_markdown(text_writer *self) {
    add(self, "## Notes on the %s, part %u\n\n", PICK(self, things), below(self, 9000));
    add_sentence(self);
    add(self,
        "\n\n"
        "We support:\n\n- **%s** %u\n- `%s` with %u workers\n1. a short list\n\n> quoted words\n\n",
        PICK(self, tools), below(self, 900), PICK(self, tools), below(self, 900));
    add(self,
        "```python\ndef handler_%u(event):\n    return {\"status\": %u, \"items\": [1, 2, 3]}\n```\n\n| a | b |\n"
        "|---|---|\n| %u | 2 |\n\n",
        below(self, 9000), below(self, 900), below(self, 900));
}

static void add_log(text_writer *self) {
    static const char *const levels[] = {"INFO", "WARN", "ERROR", "DEBUG"};
    add(self, "2026-03-%02u %02u:%02u:%02u.%03u %s [worker-%u] request %u took %u ms: GET /v2/orders/%u\n",
        1 + below(self, 28), below(self, 24), below(self, 60), below(self, 60), below(self, 1000), PICK(self, levels),
        below(self, 64), below(self, 90000), below(self, 900), below(self, 90000));
}

static void add_one_word(text_writer *self) {
    for (unsigned i = 0; i < 64; i++) add(self, "%c", (char)('a' + below(self, 26)));
}
static void add_short_lines(text_writer *self) {
    add(self, "%s %u\n", PICK(self, things), below(self, 90000));
}
static void add_items(text_writer *self) {
    add(self, "- The %s is at %u\n", PICK(self, things), below(self, 90000));
}

static void add_chinese(text_writer *self) {
    static const char *const words[] = {"我们", "数据库", "使用", "部署", "服务器", "每天", "团队", "决定", "测试"};
    for (unsigned i = 0, n = 6 + below(self, 8); i < n; i++) add(self, "%s", PICK(self, words));
    add(self, "%u。", below(self, 9000));
}
static void add_japanese(text_writer *self) {
    add(self, "サーバーは%u番ポートで動いています。本番環境のデプロイは%u時に行います。", below(self, 9000),
        below(self, 24));
}

static void add_brackets(text_writer *self) {
    static const char *const marks[] = {"((([[[{{{", "}}}]]])))", "\"\"''``", "“„«»”", "<<<>>>", "f(x", "[a](b)"};
    add(self, "%s%u", PICK(self, marks), below(self, 90));
    if (below(self, 20) == 0) add(self, ". ");
}
static void add_opened(text_writer *self) {
    add_times(self, "{", 200);
    add(self, "a%u", below(self, 90));
    add_times(self, ")", 200);
}
static void add_closers(text_writer *self) {
    if (self->len == 0) add(self, "We use ` the end of it.");
    add_times(self, ")", 1000);
}

static void add_secrets(text_writer *self) {
    static const char *const forms[] = {"password=",
                                        "api_key: ",
                                        "the token is ",
                                        "sk-",
                                        "ghp_",
                                        "AKIA",
                                        "eyJ",
                                        "Bearer ",
                                        "key-",
                                        "postgres://a:",
                                        "--password ",
                                        "client_secret = \"",
                                        "-----BEGIN RSA PRIVATE KEY-----\n",
                                        "xoxb-",
                                        "SharedAccessKey=",
                                        "hvs."};
    add(self, "%s", PICK(self, forms));
    for (unsigned i = 0, n = 4 + below(self, 40); i < n; i++) add(self, "%c", "abcXYZ0123456789_-+/="[below(self, 21)]);
    add(self, "%s", PICK(self, ((const char *const[]){" ", "\n", "@host/db ", "\" ", ", "})));
}
static void add_names_without_values(text_writer *self) {
    static const char *const names[] = {"password ", "token: ", "secret is ", "api key ", "pw= ", "key ", "pwd:\""};
    add(self, "%s", PICK(self, names));
}
static void add_addresses(text_writer *self) {
    static const char *const parts[] = {"a://", "://", "b:c:d", "x@", "://u:p", "/", "http://a:b"};
    add(self, "%s", PICK(self, parts));
}
static void add_open_keys(text_writer *self) {
    add(self, "-----BEGIN PRIVATE KEY----- <private <priv -----BEGIN ");
}

static void add_dates(text_writer *self) {
    static const char *const ends[] = {", ", " and ", ". ", "; "};
    unsigned a = 1 + below(self, 12), b = 1 + below(self, 28);
    switch (below(self, 6)) {
    case 0:
        add(self, "on 2026-%02u-%02u", a, b);
        break;
    case 1:
        add(self, "March %u, 20%02u", b, a);
        break;
    case 2:
        add(self, "the %u of May 20%02u", b, a);
        break;
    case 3:
        add(self, "since June 20%02u", a);
        break;
    case 4:
        add(self, "in %u days, %u weeks ago", b, a);
        break;
    default:
        add(self, "next Monday at %02u:%02u", a, b);
    }
    add(self, "%s", PICK(self, ends));
}

static void add_marks(text_writer *self) {
    static const char *const marks[] = {"!!!", "???", "...", " - ", ", ", ";",   ":",
                                        " . ", "--",  "… ",  "a",   "*",  "** ", "`"};
    add(self, "%s", PICK(self, marks));
}
static void add_dots(text_writer *self) {
    add_times(self, ".", 500);
    add(self, "%s", below(self, 8) == 0 ? " x " : "(");
}
static void add_backticks(text_writer *self) {
    add(self, "%s%u", below(self, 3) == 0 ? "``` " : "`", below(self, 9));
    if (below(self, 9) == 0) add(self, ".\n");
}
static void add_fences(text_writer *self) {
    add(self, "~~~\n%u\n%s", below(self, 9000), self->len == 0 ? "```\n" : "");
}
static void add_keys(text_writer *self) {
    add(self, "key_%u: value %u\n", below(self, 9000), below(self, 9000));
}
static void add_wrapped(text_writer *self) {
    add(self, "%s of the line %u\n", PICK(self, things), below(self, 90000));
}
static void add_blanks(text_writer *self) {
    add_times(self, below(self, 2) == 0 ? " " : "\n", 300);
    add(self, "%u.", below(self, 90));
}
static void add_context(text_writer *self) {
    add(self, "## Relevant Context:\n- remembered %u\n%s", below(self, 9000),
        below(self, 2) == 0 ? "## User Question\n" : "");
}

static void add_files(text_writer *self) {
    add(self, "%c%u.%s%s", (char)('a' + below(self, 26)), below(self, 90000),
        PICK(self, ((const char *const[]){"c", "txt", "inc", "nope", "h/x"})), below(self, 30) == 0 ? ". " : " ");
}
static void add_shapes(text_writer *self) {
    add(self, "%s%s",
        PICK(self, ((const char *const[]){"a.b", "a_b", "/x", "a/b", "v1", "1.2", "A_B", "a@b.c", "$AB"})),
        below(self, 60) == 0 ? ". " : " ");
}
static void add_names(text_writer *self) {
    static const char *const words[] = {"Contoso", "Ltd",  "and",    "Ada", "Weber", "of",
                                        "Bank",    "Acme", "joined", ", ",  "is"};
    add(self, "%s ", PICK(self, words));
    if (below(self, 60) == 0) add(self, "%u. ", below(self, 9000));
}
/* Each is looked at by everything there is, and says nothing. */
static void add_tiny(text_writer *self) {
    static const char *const words[] = {"u.k", "a.b", "Use r", "[C]", "At,", "mr"};
    add(self, "%s %u. ", PICK(self, words), below(self, 90000));
}
static void add_corrections(text_writer *self) {
    static const char *const words[] = {"not ",  "but ", "no longer ", "any more ", "anymore ", "moved ",
                                        "from ", "to ",  "and ",       "use ",      "is ",      "replaced ",
                                        ", ",    "we ",  "with ",      "now "};
    add(self, "%s", PICK(self, words));
    if (below(self, 200) == 0) add(self, "%u. ", below(self, 9000));
}
static void add_questions(text_writer *self) {
    static const char *const words[] = {"if ", "you ", "the ",    "do ",  "i ", "that ",
                                        "it ", "we ",  "please ", "can ", "to "};
    add(self, "%s", PICK(self, words));
    if (below(self, 300) == 0) add(self, "%u. ", below(self, 9000));
}
static void add_abbreviations(text_writer *self) {
    add(self, "%s ",
        PICK(self, ((const char *const[]){"e.g.", "Mr.", "J.", "i.e.", "No.", "approx.", "a.m.", "etc."})));
}

static void add_clauses(text_writer *self) {
    static const char *const words[] = {"and ", "but ",  ", ",    "; ",    "the lamp ", "we ",  "my ",
                                        "is ",  "uses ", "must ", "runs ", "prefer ",   "red ", "on "};
    add(self, "%s", PICK(self, words));
    if (below(self, 60) == 0) add(self, "%u.\n", below(self, 9000));
}
static void add_purposes(text_writer *self) {
    static const char *const words[] = {"password ", "for ",  "the ", "token ",  "of ",  "my ",    "in ",  "with ",
                                        "code ",     "door ", "is ",  "phrase ", "key ", "login ", "set ", "codes: "};
    add(self, "%s", PICK(self, words));
}
static void add_emphasis(text_writer *self) {
    static const char *const words[] = {"**", "* ", "a*", "__", "~~", "word ", "*b* ", "[x](y) ", "- ", "> "};
    add(self, "%s", PICK(self, words));
    if (below(self, 40) == 0) add(self, "\n");
}
static void add_people(text_writer *self) {
    static const char *const words[] = {"ping ", "anna ", "van ", "der ",  "Ann ",   "de los ", "May ", "by ",
                                        "and ",  "Dr. ",  "J. ",  "Ruiz ", "April ", "the ",    "dear "};
    add(self, "%s", PICK(self, words));
    if (below(self, 90) == 0) add(self, "%u. ", below(self, 9000));
}
static void add_nested_items(text_writer *self) {
    add(self, "%*s- part %u: value %u\n", (int)below(self, 60), "", below(self, 99), below(self, 9999));
}

const text_kind text_kinds[] = {
    {"prose", add_prose},
    {"Markdown with fences", add_markdown},
    {"log", add_log},
    {"one word without end", add_one_word},
    {"many short lines", add_short_lines},
    {"list items", add_items},
    {"Chinese", add_chinese},
    {"Japanese", add_japanese},
    {"brackets and quotes", add_brackets},
    {"secrets", add_secrets},
    {"dates", add_dates},
    {"punctuation", add_marks},
    {"closing brackets without end", add_closers},
    {"braces, opened and closed", add_opened},
    {"names of secrets", add_names_without_values},
    {"halves of addresses", add_addresses},
    {"keys without end", add_open_keys},
    {"dots", add_dots},
    {"backticks", add_backticks},
    {"fences without end", add_fences},
    {"keys and values", add_keys},
    {"wrapped lines", add_wrapped},
    {"blanks", add_blanks},
    {"enhanced prompts", add_context},
    {"files", add_files},
    {"shapes", add_shapes},
    {"names", add_names},
    {"tiny sentences", add_tiny},
    {"corrections", add_corrections},
    {"small words", add_questions},
    {"abbreviations", add_abbreviations},
    {"clauses", add_clauses},
    {"purposes of passwords", add_purposes},
    {"emphasis", add_emphasis},
    {"people", add_people},
    {"nested items", add_nested_items},
};
const size_t text_kind_count = sizeof text_kinds / sizeof text_kinds[0];

char *text_make(const text_kind *kind, size_t size, uint64_t seed) {
    text_writer self = {
        .bytes = malloc(size + 4 * PIECE_BYTES_MAX), .size = size, .state = seed * 2 + 88172645463325253u};
    if (self.bytes == NULL) return NULL;
    while (self.len < size) kind->add(&self);
    size_t end = size;
    while (end > 0 && ((unsigned char)self.bytes[end] & 0xC0) == 0x80) end--;
    memset(self.bytes + end, '.', size - end); /* a character cut in two */
    return self.bytes;
}
