/* record.h - writes down what a tree of processes does to files, so that every state a power cut may leave can be made. */
#ifndef FAULT_RECORD_H
#define FAULT_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Below `root` (an absolute path without symbolic links). Lines of fields separated by tabs; `id` joins a call with its result:
 *   E tgid argument...              a program was started with these arguments, which hold neither tab nor newline
 *   X tgid status                   a process has ended; wait status
 *   O tgid inode flags path         a file or directory was opened
 *   W id inode offset length        write; that many raw bytes and a newline follow
 *   T id inode length               truncation
 *   S id inode path                 fsync or fdatasync
 *   R id flags old new              rename
 *   U id path, M id path            unlink or rmdir, mkdir
 *   K id result                     the call with this id has returned
 * A call is noted when it is entered, so that a flush covers only what was noted before it. */
typedef struct recorder {
    FILE *log;
    const char *root;
    long next_id;
} recorder;

/* At the entry of a call. Returns: its id, 0 when it is none that is noted. */
long record_enter(recorder *r, pid_t tid, long call, const uint64_t arguments[6]);
/* At its exit; `id` as record_enter() gave it. */
void record_leave(recorder *r, pid_t tid, pid_t tgid, long call, const uint64_t arguments[6], long id, int64_t result);
void record_start(recorder *r, pid_t tgid);
void record_end(recorder *r, pid_t tgid, int status);

#endif
