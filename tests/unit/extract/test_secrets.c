/* Redaction: what must vanish, what must stay, and that neither costs more than linear time.
 * Secrets are made up and put together at run time, so that no scanner trips over this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "extract/secret_match.h"
#include "extract/secrets.h"
#include "util/clock.h"

/* "%" in a text stands for the secret; the secret is `a` and `b` joined. */
typedef struct secret_case {
    const char *text, *a, *b, *kind;
} secret_case;

static const secret_case secrets[] = {
    {"our cloud id % is old", "AKIA", "Q7RT2PLMN4VXZ9BC", "aws-key"},
    {"aws_secret_access_key = %", "wT8bq/Kd93mfh+2LxV7z", "RrQe5YpJs0NcUu1GaHiO", "api-key"},
    {"clone with % please", "ghp_", "1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R", "github-token"},
    {"clone with %", "github_pat_", "11ABCDEFG0abcdefghijkl_1234567890abcdefghij", "github-token"},
    {"CI_TOKEN=%", "glpat-", "aB3dE6gH9jK2mN5pQ8", "gitlab-token"},
    {"bot: %.", "xoxb-", "123456789012-abcdefGHIJKL", "slack-token"},
    {"bill with % now", "sk_live_", "9aB8cD7eF6gH5iJ4kL3m", "stripe-key"},
    {"model key %", "sk-proj-", "aB3dE6gH9jK2mN5pQ8rS1tU4", "openai-key"},
    {"model key %", "sk-", "aB3dE6gH9jK2mN5pQ8rS1tU4vW7x", "openai-key"},
    {"maps: %", "AIza", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6q", "google-key"},
    {"publish with %", "npm_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "npm-token"},
    {"hub %", "hf_", "aBcDeFgHiJkLmNoPqRsT1234567890", "huggingface-token"},
    {"cookie % end", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".dBjftJeZ4CVPmB92K27uhbUJU1p1r", "jwt"},
    {"mail key %", "SG.", "aB3dE6gH9jK2mN5pQ8rS1t.U4vW7xY0zA3bC6dE9fG2hI5jK8lM1nO4pQ7r", "sendgrid-key"},
    {"db is postgres://shop:%@db.example.org/shop", "s3a", "-gull-12", "connection-password"},
    {"redis://:%@cache:6379", "qu", "iet9Lake", "connection-password"},
    {"https://bot:%@git.example.org/x.git", "p4th", "Finder", "connection-password"},
    {"password=%", "correct", "horse", "password"},
    {"password: %", "blue", "Harbour7", "password"},
    {"The root password is %.", "h0t", "-Lantern", "password"},
    {"\"client_secret\": \"%\"", "8f2a61", "c0d1e4b7", "secret"},
    {"DB_HOST=a\nDB_PASSWORD=%\nDB_NAME=b", "m4", "pleTree", "password"},
    {"X-Api-Key: %", "7d1f0c", "2b9a8e44", "api-key"},
    {"call it with --password % today", "t1ger", "lily", "password"},
    {"https://x.example.org/?token=%&page=2", "abc123", "def456", "token"},
    {"Authorization: Bearer %", "abC12", "def34GHi56", "bearer"},
    {"Authorization: Basic %", "dXNlcjpw", "YXNzd29yZA==", "basic-auth"},
    {"x-----BEGIN RSA PRIVATE KEY-----\n%\n-----END RSA PRIVATE KEY-----y", "MIIEow", "IBAAKCAQEA", "private-key"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----\n%\n", "b3BlbnNz", "aC1rZXk=", "private-key"},
    {"keep <private>my %</private> safe", "age is ", "fifty", "private"},
    {"and <PRIVATE>all % of it", "of it", " is mine", "private"},
    {"see https://hooks.slack.com/services/% there", "T0AB1CD2E", "/B0FG3HI4J/kL5mN6oP7qR8sT9u", "slack-webhook"},
    {"AccountKey=%;EndpointSuffix=x", "bG9uZ2Jhc2U2NHZhbHVl", "MTIzNDU2Nzg5MA==", "secret"},
};

static const char *const look_alikes[] = {
    "It broke with commit 9fceb02d0ae598e95dc970b74767f19372d61af8.",
    "The run is 0192c3b0-7425-70de-944b-e07fc1f90ae7.",
    "The sum is e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.",
    "Passwords must have twelve characters.",
    "The password is stored as a hash.",
    "The password is 12 characters long.",
    "The token is valid for 15 minutes.",
    "The token is base64-encoded.",
    "The secret is rotated every 30 days.",
    "The API key is read from PAYMENT_API_KEY.",
    "password=${DB_PASSWORD}",
    "password: <your password>",
    "token = os.environ[\"TOKEN\"]",
    "\"password\": \"string\"",
    "The form is postgres://USER:PASSWORD@HOST/DB.",
    "It is at postgres://db.example.org:5432/shop.",
    "https://example.org:8443/path@2x.png",
    "The primary key is customer_id.",
    "sort_key=created_at",
    "max_tokens=4096",
    "The monkey: 12 bananas.",
    "task-scheduler-with-retries-and-backoff is a module",
    "sk-learn is misspelt scikit-learn",
    "Basic authentication is enough.",
    "We use bearer tokens.",
    "AbstractTransactionalRepositoryConfigurationFactoryBean",
    "key-value-store-with-snapshots",
    "<privately owned>",
    "-----BEGIN CERTIFICATE-----",
    "tests pass: 12 of 14",
    "auth: see docs/auth2.md",
};

static char *fill_in(const secret_case *row) {
    const char *hole = strchr(row->text, '%');
    size_t size = strlen(row->text) + strlen(row->a) + strlen(row->b) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s%s", (int)(hole - row->text), row->text, row->a, row->b, hole + 1);
    return text;
}

static void secrets_vanish(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const secret_case *row = &secrets[i];
        char *text = fill_in(row);
        KMI_CLEANUP_BUF kmi_buf buf;
        kmi_redactions redactions = {0};
        bool is_changed = false;
        kmi_buf_init(&buf, 1 << 20);
        assert_int_equal(kmi_secrets_redact(kmi_slice_from(text), &buf, &is_changed, &redactions), KM_OK);
        if (!is_changed || redactions.count == 0 || strcmp(redactions.kinds[0], row->kind) != 0)
            print_error("row %zu \"%s\": %s instead of %s\n", i, row->text,
                        redactions.count > 0 ? redactions.kinds[0] : "nothing", row->kind);
        assert_true(is_changed);
        assert_string_equal(redactions.kinds[0], row->kind);
        if (strstr(buf.ptr, row->a) != NULL) print_error("row %zu \"%s\" became \"%s\"\n", i, row->text, buf.ptr);
        assert_null(strstr(buf.ptr, row->a));
        assert_null(strstr(buf.ptr, row->b));
        assert_non_null(strstr(buf.ptr, row->kind));
        free(text);
    }
}

static void look_alikes_stay(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof look_alikes / sizeof look_alikes[0]; i++) {
        KMI_CLEANUP_BUF kmi_buf buf;
        kmi_redactions redactions = {0};
        bool is_changed = true;
        kmi_buf_init(&buf, 1 << 20);
        assert_int_equal(kmi_secrets_redact(kmi_slice_from(look_alikes[i]), &buf, &is_changed, &redactions), KM_OK);
        if (is_changed) print_error("\"%s\" became \"%s\"\n", look_alikes[i], buf.ptr);
        assert_false(is_changed);
        assert_int_equal(redactions.count, 0);
        assert_int_equal(buf.len, 0);
    }
}

/* Text in pieces, joined. */
static void join(const json_t *pieces, kmi_buf *buf) {
    size_t i;
    json_t *piece;
    kmi_buf_clear(buf);
    if (json_is_string(pieces)) kmi_buf_add_text(buf, json_string_value(pieces));
    json_array_foreach((json_t *)pieces, i, piece) kmi_buf_add_text(buf, json_string_value(piece));
    kmi_buf_add(buf, "", 1);
    assert_int_equal(kmi_buf_status(buf), KM_OK);
}

static size_t count_faults(const json_t *row, kmi_slice out, bool is_changed) {
    size_t faults = 0, i;
    json_t *secret;
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_buf_init(&buf, 1 << 20);
    if (json_object_get(row, "keep") != NULL) return is_changed;
    json_array_foreach(json_object_get(row, "secrets"), i, secret) {
        join(secret, &buf);
        faults += kmi_slice_find(out, kmi_slice_from(buf.ptr), 0) != SIZE_MAX;
    }
    return faults + !is_changed;
}

/* What users of secret scanners expect, and what only looks like it: tests/data/learning/secrets.jsonl. */
static void the_cases_hold(void **state) {
    (void)state;
    char path[4096], *line = NULL;
    size_t size = 0, faults = 0, count = 0;
    ssize_t len;
    snprintf(path, sizeof path, "%s/learning/secrets.jsonl", getenv("KM_TEST_DATA"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while ((len = getline(&line, &size, file)) > 0) {
        json_t *row = NULL;
        KMI_CLEANUP_BUF kmi_buf text, out;
        kmi_redactions redactions = {0};
        bool is_changed = false;
        kmi_buf_init(&text, 1 << 20);
        kmi_buf_init(&out, 1 << 20);
        assert_int_equal(kmi_json_parse_object((kmi_slice){line, (size_t)len}, "case", &row, NULL), KM_OK);
        join(json_object_get(row, "text"), &text);
        assert_int_equal(kmi_secrets_redact(kmi_slice_from(text.ptr), &out, &is_changed, &redactions), KM_OK);
        size_t wrong = count_faults(row, is_changed ? kmi_buf_slice(&out) : kmi_slice_from(text.ptr), is_changed);
        if (wrong > 0) print_error("%s\n", json_string_value(json_object_get(row, "id")));
        faults += wrong;
        count++;
        json_decref(row);
    }
    free(line);
    fclose(file);
    assert_true(count > 500);
    assert_int_equal(faults, 0);
}

static void the_text_around_stays(void **state) {
    (void)state;
    static const char text[] = "The key "
                               "ghp_"
                               "1a2B3c4D5e6F7g8H9i0J1k2L and the password: "
                               "gre3n"
                               "Tea7 open it.";
    KMI_CLEANUP_BUF kmi_buf buf;
    kmi_redactions redactions = {0};
    bool is_changed = false;
    kmi_buf_init(&buf, 1 << 20);
    assert_int_equal(kmi_secrets_redact(kmi_slice_from(text), &buf, &is_changed, &redactions), KM_OK);
    assert_string_equal(buf.ptr, "The key [redacted:github-token] and the password: [redacted:password] open it.");
    assert_int_equal(redactions.count, 2);
}

static void every_first_byte_is_known(void **state) {
    (void)state;
    static const char *const prefixes[] = {
#define TOKEN(prefix, least, letters, form, kind) prefix,
#include "extract/secret_kinds.inc"
#undef TOKEN
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        assert_true(kmi_secret_may_start_token((unsigned char)prefixes[i][0]));
    for (size_t i = 1; i < sizeof prefixes / sizeof prefixes[0]; i++) { /* sorted, and no prefix hides a longer one */
        assert_true(prefixes[i - 1][0] <= prefixes[i][0]);
        for (size_t k = 0; k < i; k++) {
            size_t len = strlen(prefixes[k]);
            assert_false(len < strlen(prefixes[i]) && memcmp(prefixes[k], prefixes[i], len) == 0);
        }
    }
}

/* A megabyte of whatever invites looking ahead: bounded work per byte, so far below a second even unoptimised. */
static void hostile_texts_take_linear_time(void **state) {
    (void)state;
    static const char *const seeds[] = {"token:",
                                        "sk-",
                                        "eyJ.",
                                        "a://b:",
                                        "-----BEGIN PRIVATE KEY",
                                        "<private",
                                        "token:é",
                                        "password=\"",
                                        "token:http://",
                                        "apikey ",
                                        "\"token=",
                                        "token:'a ",
                                        "SG.",
                                        "@:",
                                        "bearer "};
    size_t size = 1 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        size_t len = strlen(seeds[i]), n = 0;
        for (; n + len <= size; n += len) memcpy(text + n, seeds[i], len);
        KMI_CLEANUP_BUF kmi_buf buf;
        kmi_redactions redactions = {0};
        bool is_changed = false;
        kmi_buf_init(&buf, 64u << 20);
        int64_t before = kmi_clock_thread_cpu_us();
        assert_int_equal(kmi_secrets_redact((kmi_slice){text, n}, &buf, &is_changed, &redactions), KM_OK);
        int64_t took = kmi_clock_thread_cpu_us() - before;
        if (took > 10000000) print_error("\"%s\" took %lld us\n", seeds[i], (long long)took);
        assert_true(took < 10000000);
    }
    free(text);
}

static void a_full_buffer_is_reported(void **state) {
    (void)state;
    char storage[8];
    kmi_buf buf;
    kmi_redactions redactions = {0};
    bool is_changed = false;
    kmi_buf_init_fixed(&buf, storage, sizeof storage);
    assert_int_equal(kmi_secrets_redact(KMI_SLICE_LITERAL("password=longenough"), &buf, &is_changed, &redactions),
                     KM_E_NOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_vanish),
        cmocka_unit_test(look_alikes_stay),
        cmocka_unit_test(the_cases_hold),
        cmocka_unit_test(the_text_around_stays),
        cmocka_unit_test(every_first_byte_is_known),
        cmocka_unit_test(hostile_texts_take_linear_time),
        cmocka_unit_test(a_full_buffer_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
