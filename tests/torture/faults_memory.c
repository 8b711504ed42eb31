/* Allocators that fail when it is their turn. jansson's is left alone: where memory ends in the middle of a string it drops
 * characters or calls abort(), see base/json.c. */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* The linker's names. NOLINTBEGIN */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_realpath(const char *path, char *resolved);
DIR *__real_fdopendir(int fd);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
pcre2_code *__real_pcre2_compile_8(PCRE2_SPTR8 pattern, PCRE2_SIZE len, uint32_t options, int *code, PCRE2_SIZE *at,
                                   pcre2_compile_context *context);
pcre2_match_data *__real_pcre2_match_data_create_8(uint32_t pairs, pcre2_general_context *context);
pcre2_match_context *__real_pcre2_match_context_create_8(pcre2_general_context *context);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_realpath(const char *path, char *resolved);
DIR *__wrap_fdopendir(int fd);
__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **ret_text, const char *format, ...);
__attribute__((format(printf, 3, 4))) int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR8 pattern, PCRE2_SIZE len, uint32_t options, int *code, PCRE2_SIZE *at,
                                   pcre2_compile_context *context);
pcre2_match_data *__wrap_pcre2_match_data_create_8(uint32_t pairs, pcre2_general_context *context);
pcre2_match_context *__wrap_pcre2_match_context_create_8(pcre2_general_context *context);

/* True when this allocation fails, which errno then says. */
static bool must_fail(void) {
    if (!faults_due(FAULT_MEMORY)) return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size) {
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return must_fail() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size) {
    return must_fail() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text) {
    return must_fail() ? NULL : __real_strdup(text);
}

char *__wrap_realpath(const char *path, char *resolved) {
    return must_fail() ? NULL : __real_realpath(path, resolved);
}

DIR *__wrap_fdopendir(int fd) {
    return must_fail() ? NULL : __real_fdopendir(fd);
}

__attribute__((format(printf, 2, 0))) static int format_text(char **ret_text, const char *format, va_list arguments) {
    if (!must_fail()) return vasprintf(ret_text, format, arguments);
    *ret_text = NULL;
    return -1;
}

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **ret_text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = format_text(ret_text, format, arguments);
    va_end(arguments);
    return len;
}

__attribute__((format(printf, 3, 4))) int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...) {
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    int len = format_text(ret_text, format, arguments);
    va_end(arguments);
    return len;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    return must_fail() ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR8 pattern, PCRE2_SIZE len, uint32_t options, int *code, PCRE2_SIZE *at,
                                   pcre2_compile_context *context) {
    if (!must_fail()) return __real_pcre2_compile_8(pattern, len, options, code, at, context);
    *code = PCRE2_ERROR_HEAP_FAILED;
    *at = 0;
    return NULL;
}

pcre2_match_data *__wrap_pcre2_match_data_create_8(uint32_t pairs, pcre2_general_context *context) {
    return must_fail() ? NULL : __real_pcre2_match_data_create_8(pairs, context);
}

pcre2_match_context *__wrap_pcre2_match_context_create_8(pcre2_general_context *context) {
    return must_fail() ? NULL : __real_pcre2_match_context_create_8(context);
}
/* NOLINTEND */

/* ---- SQLite ---- */

static sqlite3_mem_methods real_memory;

static void *allocate(int size) {
    return must_fail() ? NULL : real_memory.xMalloc(size);
}

static void *reallocate(void *old, int size) {
    return must_fail() ? NULL : real_memory.xRealloc(old, size);
}

void faults_install_memory(void) {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods methods = real_memory;
    methods.xMalloc = allocate;
    methods.xRealloc = reallocate;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) abort();
}
