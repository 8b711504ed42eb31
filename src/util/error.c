/* error.c - filling a km_error without allocating and without a locale.
 *
 * The text of errno comes from glibc's own English table (strerrordesc_np): strerror() would go through the message
 * catalogue of a locale, which a static program must not need. Every message is formatted beside the target first,
 * because callers may pass the old message as an argument. */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE sizeof(((km_error *)NULL)->message)
/* What a context may take of the message, so that the cause always stays readable. */
#define CONTEXT_SIZE ((size_t)200)

/* Replaces control characters and takes away a character that was cut in half at the end. */
static void tidy(char *message) {
    size_t len = strlen(message);
    size_t tail = len;
    while (tail > 0 && len - tail < 4 && ((unsigned char)message[tail - 1] & 0xC0) == 0x80) {
        tail--;
    }
    if (tail > 0 && (unsigned char)message[tail - 1] >= 0xC0) {
        unsigned char lead = (unsigned char)message[tail - 1];
        size_t expected = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (len - tail < expected) {
            message[tail - 1] = '\0';
        }
    }
    for (char *at = message; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == 0x7F) {
            *at = '?';
        } else if (c == 0xC2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xA0) {
            at[0] = '?';
            at[1] = '?';
            at++;
        }
    }
}

static void fill(km_error *error, km_status status, int os_errno, const char *message) {
    size_t len = strnlen(message, MESSAGE_SIZE - 1);
    error->status = status;
    error->os_errno = os_errno;
    memcpy(error->message, message, len);
    error->message[len] = '\0';
    memset(error->reserved, 0, sizeof error->reserved);
    tidy(error->message);
}

km_status kmi_fail(km_error *error, km_status status, const char *format, ...) {
    if (error != NULL) {
        char message[MESSAGE_SIZE];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        fill(error, status, 0, message);
    }
    return status;
}

static km_status status_of_errno(int saved_errno) {
    switch (saved_errno) {
    case EACCES:
    case EPERM:
    case ELOOP:
        return KM_E_PERMISSION;
    case ENOMEM:
        return KM_E_NOMEM;
    case ENOENT:
        return KM_E_NOT_FOUND;
    case EAGAIN: /* and EWOULDBLOCK, which is the same number on Linux */
    case EBUSY:
        return KM_E_BUSY;
    case EINTR:
        return KM_E_INTERRUPTED;
    default:
        return KM_E_IO;
    }
}

/* Adds ": no space left on device". The table begins its texts with a capital; names such as "RPC" keep theirs. */
static void add_errno_text(char message[MESSAGE_SIZE], int saved_errno) {
    size_t len = strlen(message);
    char *end = message + len;
    size_t room = MESSAGE_SIZE - len;
    const char *text = strerrordesc_np(saved_errno);
    if (text == NULL) {
        snprintf(end, room, ": error %d", saved_errno);
        return;
    }
    bool is_word = text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z';
    char first = is_word ? (char)(text[0] + ('a' - 'A')) : text[0];
    snprintf(end, room, ": %c%s", first, text[0] != '\0' ? text + 1 : "");
}

km_status kmi_fail_errno(km_error *error, int saved_errno, const char *format, ...) {
    km_status status = status_of_errno(saved_errno);
    if (error != NULL) {
        char message[MESSAGE_SIZE];
        va_list arguments;
        va_start(arguments, format);
        /* Leaves room for the reason, which matters more than the end of a very long name. */
        vsnprintf(message, sizeof message - 64, format, arguments);
        va_end(arguments);
        tidy(message);
        add_errno_text(message, saved_errno);
        fill(error, status, saved_errno, message);
    }
    return status;
}

km_status kmi_fail_context(km_error *error, km_status status, const char *format, ...) {
    if (error == NULL) {
        return status;
    }
    char context[CONTEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    tidy(context);

    char cause[MESSAGE_SIZE];
    memcpy(cause, error->message, sizeof cause);
    cause[sizeof cause - 1] = '\0';
    char message[MESSAGE_SIZE + CONTEXT_SIZE + 2];
    snprintf(message, sizeof message, "%s: %s", context, cause);
    km_status kept = error->status != KM_OK ? error->status : status;
    fill(error, kept, error->os_errno, message);
    return kept;
}

bool kmi_is_environment_error(km_status status) {
    switch (status) {
    case KM_E_IO:
    case KM_E_PERMISSION:
    case KM_E_BUSY:
    case KM_E_NOMEM:
        return true;
    default:
        return false;
    }
}
