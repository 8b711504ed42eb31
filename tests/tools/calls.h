/* calls.h - names of system calls and errors, for the options and reports of faultrun. */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <stdbool.h>

/* Name of a system call of this machine, or NULL when the table does not know it. */
const char *call_name(long number);
/* Its number, or -1. */
long call_number(const char *name);
/* Calls that move bytes into a file or socket and may move fewer than asked. */
bool call_is_write(long number);
/* Calls that the kernel never refuses, or after whose refusal libc cannot go on in any program: an injected error
 * there would test libc, not the program. */
bool call_cannot_fail(long number);

/* errno by its name ("EIO"), or -1. */
int error_number(const char *name);

#endif
