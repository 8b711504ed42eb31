/* faults.h - makes the n-th allocation, or the n-th file operation, of this process fail: once, or with all that follow.
 *
 * The linker puts the functions of faults_memory.c and faults_files.c in the place of those that the library calls (--wrap);
 * SQLite is told to use an allocator and a file layer of ours. What the C library and jansson allocate for themselves stays as
 * it is. */
#ifndef KMI_TORTURE_FAULTS_H
#define KMI_TORTURE_FAULTS_H

#include <stdbool.h>

typedef enum fault_kind {
    FAULT_MEMORY, /* malloc and its relatives, compiling patterns, starting threads */
    FAULT_FILES   /* file operations of the library and of SQLite */
} fault_kind;

typedef enum fault_way {
    FAULT_ONCE,   /* the n-th fails, and those behind it work */
    FAULT_FROM_ON /* the n-th and all that follow fail */
} fault_way;

/* To be called before anything else uses SQLite. */
void faults_install(void);
/* Arms: n operations of this kind will work, the next one will not. error_number is what file operations fail with. */
void faults_arm(fault_kind kind, fault_way way, long n, int error_number);
/* Disarms. Returns: how many operations failed since faults_arm(). */
long faults_disarm(void);
/* Set to 1 when a fault happens: for functions that can be told to stop. */
extern volatile int faults_stop;

/* For the replacements: true when this operation has to fail. */
bool faults_due(fault_kind kind);
/* For the replacements: what the failing file operation says. */
int faults_errno(void);
void faults_install_files(void);
void faults_install_memory(void);

#endif
