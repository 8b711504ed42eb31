/* Values of options. Numbers are read strictly: strtol and strtod stop at the first character they do not like and
 * take hexadecimal, "inf" and leading space, none of which anyone means here. */
#include "cli/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_span.h"
#include "cli/suggest.h"
#include "util/clock.h"
#include "util/error.h"

static km_status take_integer(const kmi_option *option, const char *text, kmi_value *ret_value, km_error *error) {
    bool is_number = text[0] != '\0' && strspn(text, "+-0123456789") == strlen(text);
    char *end = NULL;
    errno = 0;
    long long number = is_number ? strtoll(text, &end, 10) : 0;
    bool is_whole = is_number && *end == '\0' && end != text;
    if (!is_whole || errno == ERANGE || (double)number < option->least || (double)number > option->most) {
        return kmi_fail(error, KM_E_INVALID, "--%s must be a whole number from %.0f to %.0f, not \"%.100s\"",
                        option->name, option->least, option->most, text);
    }
    ret_value->number = number;
    ret_value->real = (double)number;
    return KM_OK;
}

static km_status take_real(const kmi_option *option, const char *text, kmi_value *ret_value, km_error *error) {
    bool is_number = text[0] != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
    char *end = NULL;
    double real = is_number ? strtod(text, &end) : 0;
    bool is_whole = is_number && *end == '\0' && end != text;
    if (!is_whole || !isfinite(real) || real < option->least || real > option->most) {
        return kmi_fail(error, KM_E_INVALID, "--%s must be a number from %g to %g, not \"%.100s\"", option->name,
                        option->least, option->most, text);
    }
    ret_value->real = real;
    return KM_OK;
}

static km_status take_choice(const kmi_option *option, const char *text, km_error *error) {
    kmi_suggest suggest = kmi_suggest_start(text);
    char known[200] = "";
    for (const char *const *word = option->choices(); *word != NULL; word++) {
        if (strcmp(*word, text) == 0) return KM_OK;
        kmi_suggest_offer(&suggest, *word);
        size_t used = strlen(known);
        if (used + strlen(*word) + 3 < sizeof known) {
            char *end = stpcpy(known + used, used > 0 ? ", " : "");
            stpcpy(end, *word);
        }
    }
    return kmi_fail(error, KM_E_INVALID, "--%s must be one of %s, not \"%.100s\"%s%s%s", option->name, known, text,
                    suggest.best != NULL ? "; did you mean \"" : "", suggest.best != NULL ? suggest.best : "",
                    suggest.best != NULL ? "\"?" : "");
}

static km_status take_time(const kmi_option *option, const char *text, kmi_value *ret_value, km_error *error) {
    km_status status = kmi_time_parse(kmi_slice_from(text), &ret_value->number, error);
    return status == KM_OK ? KM_OK : kmi_fail_context(error, status, "--%s", option->name);
}

static km_status check_span(const kmi_option *option, const char *text, km_error *error) {
    kmi_time_span span;
    km_status status = kmi_time_span_parse(kmi_slice_from(text), kmi_clock_now_us(), &span, error);
    return status == KM_OK ? KM_OK : kmi_fail_context(error, status, "--%s", option->name);
}

km_status kmi_value_take(const kmi_option *option, const char *text, kmi_value *ret_value, km_error *error) {
    kmi_value value = {.is_set = true, .text = text};
    km_status status = KM_OK;
    if (option->kind != KMI_VALUE_FLAG && text != NULL) {
        switch (option->kind) {
        case KMI_VALUE_INTEGER:
            status = take_integer(option, text, &value, error);
            break;
        case KMI_VALUE_REAL:
            status = take_real(option, text, &value, error);
            break;
        case KMI_VALUE_CHOICE:
            status = take_choice(option, text, error);
            break;
        case KMI_VALUE_TIME:
            status = take_time(option, text, &value, error);
            break;
        case KMI_VALUE_SPAN:
            status = check_span(option, text, error);
            break;
        case KMI_VALUE_FLAG:
        case KMI_VALUE_TEXT:
        case KMI_VALUE_PATH:
        case KMI_VALUE_DIRECTORY:
            if (text[0] == '\0') {
                status = kmi_fail(error, KM_E_INVALID, "--%s must not be empty", option->name);
            }
            break;
        }
    }
    if (status == KM_OK) {
        *ret_value = value;
    }
    return status;
}
