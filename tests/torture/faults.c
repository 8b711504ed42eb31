/* Counting down. The worker's threads count too: atomically, and which of them meets the fault is up to the machine. */
#include "faults.h"

#include <stdatomic.h>

volatile int faults_stop;

static _Atomic int armed_kind = -1;
static _Atomic long left; /* operations that still work */
static _Atomic long failed;
static fault_way armed_way;
static int armed_errno;

void faults_install(void) {
    faults_install_memory();
    faults_install_files();
}

void faults_arm(fault_kind kind, fault_way way, long n, int error_number) {
    armed_way = way;
    armed_errno = error_number;
    faults_stop = 0;
    atomic_store(&failed, 0);
    atomic_store(&left, n);
    atomic_store(&armed_kind, (int)kind);
}

long faults_disarm(void) {
    atomic_store(&armed_kind, -1);
    faults_stop = 0;
    return atomic_load(&failed);
}

bool faults_due(fault_kind kind) {
    if (atomic_load(&armed_kind) != (int)kind) return false;
    long was_left = atomic_fetch_sub(&left, 1);
    if (was_left > 0 || (was_left < 0 && armed_way == FAULT_ONCE)) return false;
    atomic_fetch_add(&failed, 1);
    faults_stop = 1;
    return true;
}

int faults_errno(void) {
    return armed_errno;
}
