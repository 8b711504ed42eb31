/* secret_names.c - the table of telling names. The scan asks for every word of a text, so the names stand by their last
 * letter: a word is compared with a handful of them. */
#include "extract/secret_names.h"

#include <string.h>

#include "extract/secret_match.h"

#define NAME_LIMIT_BYTES 128

static const char key_qualifiers[] =
    "api access secret private encryption signing account auth license live master service shared deploy ssh app "
    "webhook session client storage admin maps subscription hmac aes fernet jwt crypt cipher role integration product "
    "activation registration recovery bitlocker wep wpa psk psk2 wireguard openai stripe sendgrid supabase anon "
    "project "
    "server rest read write ingest publish consumer";
static const char code_qualifiers[] =
    "door alarm gate entry access unlock security safe lock keypad garage backup recovery 2fa mfa otp pass pin "
    "verification elevator locker house building lockbox";

#define NAME(suffix, kind, value, qualifiers, equals) \
    {(suffix), sizeof(suffix) - 1, (kind), KMI_VALUE_##value, (qualifiers), (equals)},
// clang-format off
static const kmi_secret_name ends_in_a[] = {
    NAME("contrasena", "password", PASSWORD, NULL, false)
    NAME("senha", "password", PASSWORD, NULL, false)
    NAME("salasana", "password", PASSWORD, NULL, false)
    NAME("parola", "password", PASSWORD, NULL, false)
};
static const kmi_secret_name ends_in_c[] = {
    NAME("basic", "basic-auth", HEADER, NULL, false)
    NAME("mnemonic", "seed-phrase", PHRASE, NULL, false)
};
static const kmi_secret_name ends_in_d[] = {
    NAME("password", "password", PASSWORD, NULL, false)
    NAME("passwd", "password", PASSWORD, NULL, false)
    NAME("wachtwoord", "password", PASSWORD, NULL, false)
    NAME("senord", "password", PASSWORD, NULL, false) /* lösenord */
    NAME("passord", "password", PASSWORD, NULL, false)
    NAME("pwd", "password", PASSWORD, NULL, false)
    NAME("jsessionid", "session", TOKEN, NULL, true)
    NAME("phpsessid", "session", TOKEN, NULL, true)
    NAME("sessionid", "session", TOKEN, NULL, true)
    NAME("session_id", "session", TOKEN, NULL, true)
    NAME("sessid", "session", TOKEN, NULL, true)
    NAME("sid", "session", TOKEN, NULL, true)
    NAME("seed", "secret", RANDOM, NULL, false)
};
static const kmi_secret_name ends_in_e[] = {
    NAME("passphrase", "password", PASSWORD, NULL, false)
    NAME("passcode", "password", PASSWORD, NULL, false)
    NAME("phrase", "password", PASSWORD, "pass", false)
    NAME("passe", "password", PASSWORD, NULL, false) /* mot de passe */
    NAME("contrase", "password", PASSWORD, NULL, false) /* contraseña: the ñ ends the word for the scan */
    NAME("adgangskode", "password", PASSWORD, NULL, false)
    NAME("sifre", "password", PASSWORD, NULL, false)
    NAME("key_base", "secret", TOKEN, NULL, false)
    NAME("signature", "signature", RANDOM, NULL, true)
    NAME("code", "recovery-code", CODES, "recovery backup 2fa mfa scratch emergency", false)
    NAME("code", "pin", DIGITS, code_qualifiers, false)
    NAME("phrase", "seed-phrase", PHRASE, "seed recovery mnemonic secret backup", false)
};
static const kmi_secret_name ends_in_g[] = {
    NAME("sig", "signature", TOKEN, NULL, true)
};
static const kmi_secret_name ends_in_h[] = {
    NAME("masterauth", "password", TOKEN, NULL, false)
    NAME("auth", "secret", RANDOM, NULL, false)
};
static const kmi_secret_name ends_in_i[] = {
    NAME("wifi", "login", LOGIN, NULL, false)
};
static const kmi_secret_name ends_in_k[] = {
    NAME("psk", "password", TOKEN, "wpa wpa2 wpa3 wifi", false)
    NAME("psk", "password", TOKEN, NULL, true)
};
static const kmi_secret_name ends_in_l[] = {
    NAME("parool", "password", PASSWORD, NULL, false)
    NAME("credential", "credentials", LOGIN, NULL, false)
};
static const kmi_secret_name ends_in_n[] = {
    NAME("login", "login", LOGIN, NULL, false)
    NAME("wlan", "login", LOGIN, NULL, false)
    NAME("in", "login", LOGIN, "log sign logs logged", false)
    NAME("session", "session", RANDOM, NULL, true)
    NAME("token", "token", TOKEN, NULL, false)
    NAME("authorization", "secret", RANDOM, NULL, false)
    NAME("dsn", "secret", RANDOM, NULL, false)
    NAME("pin", "pin", DIGITS, NULL, false)
    NAME("combination", "pin", DIGITS, NULL, false)
};
static const kmi_secret_name ends_in_o[] = {
    NAME("heslo", "password", PASSWORD, NULL, false)
};
static const kmi_secret_name ends_in_p[] = {
    NAME("totp", "secret", RANDOM, NULL, false)
};
static const kmi_secret_name ends_in_r[] = {
    NAME("pepper", "salt", RANDOM, NULL, false)
    NAME("bearer", "bearer", HEADER, NULL, false)
};
static const kmi_secret_name ends_in_s[] = {
    NAME("pass", "password", PASSWORD, NULL, true)
    NAME("requirepass", "password", TOKEN, NULL, false)
    NAME("keypass", "password", TOKEN, NULL, false)
    NAME("storepass", "password", TOKEN, NULL, false)
    NAME("passwords", "login", LOGIN, NULL, false)
    NAME("logins", "login", LOGIN, NULL, false)
    NAME("creds", "login", LOGIN, NULL, false)
    NAME("credentials", "credentials", LOGIN, NULL, false)
    NAME("codes", "recovery-code", CODES, "recovery backup 2fa mfa scratch emergency", false)
};
static const kmi_secret_name ends_in_t[] = {
    NAME("passwort", "password", PASSWORD, NULL, false)
    NAME("kennwort", "password", PASSWORD, NULL, false)
    NAME("account", "login", LOGIN, NULL, false)
    NAME("secret", "secret", TOKEN, NULL, false)
    NAME("salt", "salt", RANDOM, NULL, false)
    NAME("digest", "secret", HEADER, NULL, false)
};
static const kmi_secret_name ends_in_w[] = {
    NAME("pw", "password", PASSWORD, NULL, false)
};
static const kmi_secret_name ends_in_y[] = {
    NAME("apikey", "api-key", TOKEN, NULL, false)
    NAME("accountkey", "secret", TOKEN, NULL, false)
    NAME("sharedaccesskey", "secret", TOKEN, NULL, false)
    NAME("key", "api-key", TOKEN, key_qualifiers, false)
    NAME("key", "api-key", RANDOM, NULL, false)
};
// clang-format on
#undef NAME

#define ENDS_IN(letter, list) [(letter) - 'a'] = {(list), sizeof(list) / sizeof((list)[0])}
static const struct {
    const kmi_secret_name *names;
    size_t count;
} names_by_end['z' - 'a' + 1] = {
    ENDS_IN('a', ends_in_a), ENDS_IN('c', ends_in_c), ENDS_IN('d', ends_in_d), ENDS_IN('e', ends_in_e),
    ENDS_IN('g', ends_in_g), ENDS_IN('h', ends_in_h), ENDS_IN('i', ends_in_i), ENDS_IN('k', ends_in_k),
    ENDS_IN('l', ends_in_l), ENDS_IN('n', ends_in_n), ENDS_IN('o', ends_in_o), ENDS_IN('p', ends_in_p),
    ENDS_IN('r', ends_in_r), ENDS_IN('s', ends_in_s), ENDS_IN('t', ends_in_t), ENDS_IN('w', ends_in_w),
    ENDS_IN('y', ends_in_y),
};
#undef ENDS_IN

static const struct {
    const char *name;
    kmi_secret_name found;
} accented_names[] = {
    {"пароль", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"Пароль", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"密码", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"密碼", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"口令", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"パスワード", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"비밀번호", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"ło", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}}, /* hasło */
    {"şifre", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"κωδικός", {"", 0, "password", KMI_VALUE_PASSWORD, NULL, false}},
    {"令牌", {"", 0, "token", KMI_VALUE_TOKEN, NULL, false}},
    {"密钥", {"", 0, "api-key", KMI_VALUE_TOKEN, NULL, false}},
    {"トークン", {"", 0, "token", KMI_VALUE_TOKEN, NULL, false}},
    {"токен", {"", 0, "token", KMI_VALUE_TOKEN, NULL, false}},
};

static unsigned char lower_byte(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool equals_lower(const char *ptr, size_t len, const char *word) {
    for (size_t i = 0; i < len; i++)
        if (lower_byte(ptr[i]) != (unsigned char)word[i]) return false;
    return true;
}

/* One of the words, separated by blanks, ends at `end`; a whole one if asked. */
static bool ends_with_any(kmi_slice text, size_t end, const char *words) {
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        if (end >= len && equals_lower(text.ptr + end - len, len, words)) return true;
        words += len + (words[len] == ' ');
    }
    return false;
}

/* "key" counts if a qualifying word stands directly before it: "api_key", "apiKey", "X-Api-Key", "api key". */
static bool has_qualifier(kmi_slice text, size_t name_start, size_t suffix_start, const char *qualifiers) {
    size_t end = suffix_start;
    if (end == name_start && end > 0 && (text.ptr[end - 1] == ' ' || text.ptr[end - 1] == '-')) end--;
    while (end > 0 && text.ptr[end - 1] == '_') end--;
    return end < name_start + 1 + NAME_LIMIT_BYTES && ends_with_any(text, end, qualifiers);
}

/* Names of names: what stands there is no secret. */
static bool is_name_of_object(kmi_slice name) {
    static const char *const words[] = {"existingsecret", "imagepullsecret", "publickey", "public_key", "primary_key",
                                        "foreign_key",    "publishable_key", "monkey",    "hotkey",     "turkey"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (name.len >= len && equals_lower(name.ptr + name.len - len, len, words[i])) return true;
    }
    return false;
}

const kmi_secret_name *kmi_secret_name_find(kmi_slice text, size_t start, size_t end) {
    size_t len = end - start;
    if (len < 2 || len > NAME_LIMIT_BYTES) return NULL;
    unsigned char last = lower_byte(text.ptr[end - 1]), before_last = lower_byte(text.ptr[end - 2]);
    if (last < 'a' || last > 'z') return NULL;
    for (size_t i = 0; i < names_by_end[last - 'a'].count; i++) {
        const kmi_secret_name *name = &names_by_end[last - 'a'].names[i];
        size_t suffix_len = name->suffix_len;
        if (suffix_len > len || (unsigned char)name->suffix[suffix_len - 2] != before_last ||
            !equals_lower(text.ptr + end - suffix_len, suffix_len, name->suffix))
            continue;
        bool is_whole = suffix_len == len || text.ptr[end - suffix_len - 1] == '_';
        bool needs_whole = name->only_equals || name->value == KMI_VALUE_DIGITS || name->value == KMI_VALUE_LOGIN ||
                           (name->value == KMI_VALUE_RANDOM && suffix_len > 3);
        if (needs_whole && !is_whole) continue;
        if (name->qualifiers != NULL && !has_qualifier(text, start, end - suffix_len, name->qualifiers)) continue;
        return is_name_of_object((kmi_slice){text.ptr + start, len}) ? NULL : name;
    }
    return NULL;
}

const kmi_secret_name *kmi_secret_name_find_accented(kmi_slice text, size_t at, size_t *ret_end) {
    for (size_t i = 0; i < sizeof accented_names / sizeof accented_names[0]; i++) {
        const char *name = accented_names[i].name;
        size_t len = strlen(name);
        if (text.ptr[at] != name[0] || text.len - at < len || memcmp(text.ptr + at, name, len) != 0) continue;
        if (len == 3 && name[0] == '\xC5' && (at < 3 || !equals_lower(text.ptr + at - 3, 3, "has"))) continue;
        *ret_end = at + len;
        return &accented_names[i].found;
    }
    return NULL;
}

bool kmi_secret_name_is_compound(kmi_slice text, size_t end) {
    static const char nouns[] =
        " hash hashes hashing manager store policy policies field algorithm file column function type "
        "provider format reset rule rules prompt protocol generator strength length rotation "
        "expiry bucket endpoint service server header parameter name id count limit budget ";
    size_t at = end;
    while (at < text.len && text.ptr[at] == ' ') at++;
    size_t to = at;
    while (to < text.len && to - at < 12 && text.ptr[to] >= 'a' && text.ptr[to] <= 'z') to++;
    if (to == at || to - at >= 12) return false;
    char word[16] = " ";
    memcpy(word + 1, text.ptr + at, to - at);
    word[to - at + 1] = ' ';
    word[to - at + 2] = '\0';
    return strstr(nouns, word) != NULL;
}
