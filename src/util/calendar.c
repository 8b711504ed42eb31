/* The conversion between days and dates is the usual one over 400-year cycles that begin on 1 March, so that the leap day is
 * the last of its year. */
#include "util/calendar.h"

#define DAYS_PER_ERA INT64_C(146097) /* 400 years */
#define DAYS_TO_1970 INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

kmi_date kmi_calendar_date(int64_t days_since_1970) {
    int64_t days = days_since_1970 + DAYS_TO_1970;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = year_of_era + era * 400 + (month >= 10 ? 1 : 0);
    return (kmi_date){year, (int)(month < 10 ? month + 3 : month - 9), (int)day};
}

int64_t kmi_calendar_days(kmi_date date) {
    int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

int64_t kmi_calendar_day_of(int64_t time_us) {
    return floor_divide(time_us, KMI_DAY_US);
}

int kmi_calendar_weekday(int64_t days_since_1970) {
    int64_t since_monday = days_since_1970 + 3; /* 1970-01-01 was a Thursday */
    return (int)(since_monday - 7 * floor_divide(since_monday, 7)) + 1;
}

int64_t kmi_calendar_add_months(int64_t days_since_1970, int64_t months, int day) {
    kmi_date date = kmi_calendar_date(days_since_1970);
    int64_t index = date.year * 12 + date.month - 1 + months;
    int64_t year = floor_divide(index, 12);
    return kmi_calendar_days((kmi_date){year, (int)(index - 12 * year) + 1, day});
}
