/* secret_match.h - the matchers behind secrets.c. Each looks at one place of a text and says which bytes are a secret.
 *
 * All of them read forward from the place they are given and stop at the first byte that cannot belong to the secret, so
 * the scan as a whole stays linear. */
#ifndef KMI_EXTRACT_SECRET_MATCH_H
#define KMI_EXTRACT_SECRET_MATCH_H

#include "util/slice.h"

typedef struct kmi_secret_span {
    size_t start, end; /* bytes to replace */
    const char *kind;  /* static */
} kmi_secret_span;

/* Classes of bytes, one table for all matchers. */
enum { KMI_BYTE_WORD = 1, KMI_BYTE_UPPER = 2, KMI_BYTE_LOWER = 4, KMI_BYTE_DIGIT = 8, KMI_BYTE_SPACE = 16 };
unsigned kmi_secret_byte_class(unsigned char byte);

/* True if some token prefix starts with this byte: the pre-scan's question. */
bool kmi_secret_may_start_token(unsigned char byte);
/* A token with a known prefix ("ghp_…") that starts exactly at `at`, the start of a word. */
bool kmi_secret_match_token(kmi_slice text, size_t at, kmi_secret_span *ret_span);
/* A word that is a key by what stands behind it: "…-us12", "….atlasv1.…". */
bool kmi_secret_match_suffixed(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span);
/* A value that belongs to the telling name text[name_start..name_end): "password=…", "api key: …", "the token is …". */
bool kmi_secret_match_assignment(kmi_slice text, size_t name_start, size_t name_end, kmi_secret_span *ret_span);
/* The same for a name that starts with a byte beyond ASCII at `at`. */
bool kmi_secret_match_accented(kmi_slice text, size_t at, kmi_secret_span *ret_span);
/* The password of "scheme://user:password@host"; `colon` is the colon of "://". */
bool kmi_secret_match_userinfo(kmi_slice text, size_t colon, kmi_secret_span *ret_span);
/* The password behind an option of a command: "mysql -p…", "curl -u name:…". `at` is the word behind the hyphen. */
bool kmi_secret_match_option(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span);
/* The password of a command that takes it without an option: "sqlplus scott/…", "identified by '…'". */
bool kmi_secret_match_command(kmi_slice text, size_t at, size_t word_end, kmi_secret_span *ret_span);
/* A value before its name: "… is the root password", "use … as the token". The span lies before `name_start`. */
bool kmi_secret_match_before_name(kmi_slice text, size_t name_start, bool is_password, kmi_secret_span *ret_span);
/* "root / …" behind "login:" or "the credentials are": a name, a slash or colon, and what can only be a password; any word
 * if that is certain to be one. */
bool kmi_secret_match_pair(kmi_slice text, size_t at, bool is_certain, kmi_secret_span *ret_span);
/* "123456789:AA…" of Telegram, "AAAA…:APA…" of Firebase; the span begins before `colon`. */
bool kmi_secret_match_bot_token(kmi_slice text, size_t colon, kmi_secret_span *ret_span);
/* "host:5432:database:user:…" of a password file; `colon` is the first. */
bool kmi_secret_match_password_file(kmi_slice text, size_t colon, kmi_secret_span *ret_span);
/* True if a value is a placeholder, a reference or a type name and no secret: "<token>", "$TOKEN", "null", "string". */
bool kmi_secret_is_placeholder(kmi_slice value);
/* True if a value begins like the name of a method or a reference: "sha256", "https://", "${". */
bool kmi_secret_begins_harmlessly(kmi_slice value);
/* Letters of both cases and digits that change all the time. */
bool kmi_secret_is_scrambled(kmi_slice value);
bool kmi_secret_is_uuid(kmi_slice value);

#endif
