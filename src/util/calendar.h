/* calendar.h - dates of the Gregorian calendar as days since 1970, in UTC. No zones, no files, no clock. */
#ifndef KMI_UTIL_CALENDAR_H
#define KMI_UTIL_CALENDAR_H

#include <stdint.h>

#define KMI_DAY_US (INT64_C(86400) * 1000000)

typedef struct kmi_date {
    int64_t year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
} kmi_date;

/* Returns: the date of a day, or the day of a date. */
kmi_date kmi_calendar_date(int64_t days_since_1970);
int64_t kmi_calendar_days(kmi_date date);
/* Returns: the day that a time lies in; times before 1970 too. */
int64_t kmi_calendar_day_of(int64_t time_us);
/* Returns: 1 (Monday) to 7. */
int kmi_calendar_weekday(int64_t days_since_1970);
/* Returns: the day `months` later (or earlier) with this day of the month; it must exist in every month (1..28). */
int64_t kmi_calendar_add_months(int64_t days_since_1970, int64_t months, int day);

#endif
