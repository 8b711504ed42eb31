/* The database comes first and the tail last, so that a backup is written in one go, any SQLite can look into it, and a file that was
 * cut short shows at once: it has no tail. SHA-256 because a backup lies about for years on other people's disks. */
#include "api/backup_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "util/error.h"
#include "util/file.h"

#define CHUNK_BYTES ((size_t)1024 * 1024)
#define DIGEST_OFFSET 96
#define HEAD_BYTES 32
#define PROGRAM_OFFSET 64
#define PROGRAM_BYTES 16

static const char tail_magic[8] = {'K', 'M', 'B', 'A', 'C', 'K', 'U', 'P'};
static const char sqlite_magic[16] = "SQLite format 3";

static void put_number(unsigned char *bytes, uint64_t value, int len) {
    for (int i = 0; i < len; i++) bytes[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get_number(const unsigned char *bytes, int len) {
    uint64_t value = 0;
    for (int i = len; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

/* All but the digest. */
static void encode(const kmi_backup_tail *tail, unsigned char bytes[KMI_BACKUP_TAIL_BYTES]) {
    memset(bytes, 0, KMI_BACKUP_TAIL_BYTES);
    memcpy(bytes, tail_magic, sizeof tail_magic);
    put_number(bytes + 8, KMI_BACKUP_VERSION, 4);
    put_number(bytes + 12, KMI_BACKUP_TAIL_BYTES, 4);
    put_number(bytes + 16, tail->store_bytes, 8);
    put_number(bytes + 24, tail->segment_bytes, 8);
    put_number(bytes + 32, (uint64_t)tail->info.created_at_us, 8);
    put_number(bytes + 40, tail->info.memories, 8);
    put_number(bytes + 48, tail->info.waiting_tasks, 8);
    put_number(bytes + 56, tail->info.schema_version, 8);
    memcpy(bytes + PROGRAM_OFFSET, tail->info.program, strnlen(tail->info.program, PROGRAM_BYTES - 1));
    put_number(bytes + 80, tail->journal_id, 8);
}

static void decode(const unsigned char bytes[KMI_BACKUP_TAIL_BYTES], kmi_backup_tail *ret_tail) {
    ret_tail->info.version = (uint32_t)get_number(bytes + 8, 4);
    ret_tail->store_bytes = get_number(bytes + 16, 8);
    ret_tail->segment_bytes = get_number(bytes + 24, 8);
    ret_tail->info.created_at_us = (int64_t)get_number(bytes + 32, 8);
    ret_tail->info.memories = get_number(bytes + 40, 8);
    ret_tail->info.waiting_tasks = get_number(bytes + 48, 8);
    ret_tail->info.schema_version = get_number(bytes + 56, 8);
    memcpy(ret_tail->info.program, bytes + PROGRAM_OFFSET, PROGRAM_BYTES);
    for (size_t i = 0; i < PROGRAM_BYTES; i++) /* it will be printed */
        if (ret_tail->info.program[i] < ' ' || ret_tail->info.program[i] > '~') ret_tail->info.program[i] = '\0';
    ret_tail->journal_id = get_number(bytes + 80, 8);
}

/* Hands out [offset, offset + len) piece by piece. */
typedef km_status (*take_piece)(void *context, uint64_t offset, const void *bytes, size_t len, km_error *error);

static km_status read_pieces(const km_project *project, int fd, const char *path, const char *what, uint64_t offset,
                             uint64_t len, take_piece take, void *context, km_error *error) {
    char *piece = malloc(CHUNK_BYTES);
    if (piece == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", path);
    km_status status = KM_OK;
    for (uint64_t done = 0; status == KM_OK && done < len;) {
        size_t wanted = len - done < CHUNK_BYTES ? (size_t)(len - done) : CHUNK_BYTES, got = 0;
        status = kmi_file_read_at(fd, path, (off_t)(offset + done), piece, wanted, &got, error);
        if (status == KM_OK && got < wanted)
            status = kmi_fail(error, KM_E_INVALID, "\"%s\" ended while it was read", path);
        if (status == KM_OK) status = take(context, done, piece, got, error);
        done += got;
        if (status == KM_OK) status = kmi_project_tell(project, what, done, len, error);
    }
    free(piece);
    return status;
}

static km_status hash_piece(void *context, uint64_t offset, const void *bytes, size_t len, km_error *error) {
    (void)offset, (void)error;
    kmi_hash_stream_add(context, bytes, len);
    return KM_OK;
}

/* The digest of everything before it. */
static km_status compute(const km_project *project, int fd, const char *path, uint64_t len,
                         const unsigned char bytes[KMI_BACKUP_TAIL_BYTES], unsigned char ret_digest[32],
                         km_error *error) {
    kmi_hash_stream *stream = kmi_hash_stream_new();
    if (stream == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while reading \"%s\"", path);
    km_status status = read_pieces(project, fd, path, "bytes checked", 0, len, hash_piece, stream, error);
    kmi_hash_stream_add(stream, bytes, DIGEST_OFFSET);
    kmi_hash_stream_end(stream, ret_digest);
    return status;
}

km_status kmi_backup_seal(const km_project *project, int fd, const char *path, const kmi_backup_tail *tail,
                          km_error *error) {
    unsigned char bytes[KMI_BACKUP_TAIL_BYTES];
    uint64_t len = tail->store_bytes + tail->segment_bytes;
    encode(tail, bytes);
    km_status status = compute(project, fd, path, len, bytes, bytes + DIGEST_OFFSET, error);
    if (status == KM_OK) status = kmi_file_write_at(fd, path, (off_t)len, bytes, sizeof bytes, error);
    return status == KM_OK ? kmi_file_sync_data(fd, path, error) : status;
}

static km_status read_ends(int fd, const char *path, uint64_t *ret_size, char head[HEAD_BYTES],
                           unsigned char tail[KMI_BACKUP_TAIL_BYTES], km_error *error) {
    struct stat info;
    size_t head_len = 0, tail_len = 0;
    if (fstat(fd, &info) != 0) return kmi_fail_errno(error, errno, "cannot look at \"%s\"", path);
    *ret_size = (uint64_t)info.st_size;
    memset(head, 0, HEAD_BYTES);
    memset(tail, 0, KMI_BACKUP_TAIL_BYTES);
    km_status status = kmi_file_read_at(fd, path, 0, head, HEAD_BYTES, &head_len, error);
    if (status != KM_OK || info.st_size < KMI_BACKUP_TAIL_BYTES) return status;
    return kmi_file_read_at(fd, path, info.st_size - KMI_BACKUP_TAIL_BYTES, tail, KMI_BACKUP_TAIL_BYTES, &tail_len,
                            error);
}

bool kmi_backup_is_one(int fd) {
    uint64_t size = 0;
    char head[HEAD_BYTES] = {0};
    unsigned char tail[KMI_BACKUP_TAIL_BYTES];
    return read_ends(fd, "", &size, head, tail, NULL) == KM_OK && memcmp(tail, tail_magic, sizeof tail_magic) == 0;
}

static km_status check(const km_project *project, int fd, const char *path, uint64_t size,
                       const unsigned char bytes[KMI_BACKUP_TAIL_BYTES], const kmi_backup_tail *tail, km_error *error) {
    unsigned char digest[32];
    if (tail->info.version > KMI_BACKUP_VERSION)
        return kmi_fail(error, KM_E_STORE,
                        "\"%s\" was written by a newer kuzu-memory (form %u, this one knows %d); update this program",
                        path, tail->info.version, KMI_BACKUP_VERSION);
    uint64_t rest = size - KMI_BACKUP_TAIL_BYTES;
    bool fits = tail->store_bytes <= rest && tail->segment_bytes == rest - tail->store_bytes;
    if (!fits)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: a part of it is missing; use another backup", path);
    km_status status = compute(project, fd, path, rest, bytes, digest, error);
    if (status != KM_OK || memcmp(digest, bytes + DIGEST_OFFSET, sizeof digest) == 0) return status;
    return kmi_fail(error, KM_E_INVALID,
                    "\"%s\" is damaged: its content has changed since it was written; use another backup", path);
}

/* A backup that lost its tail, but not its database: what waited stands there in part. A plain database has the size that its header
 * tells (page size at 16, pages at 28, big-endian), but for one with a write-ahead log, of which a part may have been moved. */
static bool has_more_than_database(const char *path, const char head[HEAD_BYTES], uint64_t size) {
    const unsigned char *h = (const unsigned char *)head;
    uint64_t page_bytes = (uint64_t)h[16] << 8 | h[17];
    uint64_t pages = (uint64_t)h[28] << 24 | (uint64_t)h[29] << 16 | (uint64_t)h[30] << 8 | h[31];
    char log[4096];
    struct stat info;
    bool has_log = (size_t)snprintf(log, sizeof log, "%s-wal", path) < sizeof log && stat(log, &info) == 0;
    return !has_log && size > pages * (page_bytes == 1 ? 65536 : page_bytes);
}

km_status kmi_backup_read(const km_project *project, int fd, const char *path, kmi_backup_tail *ret_tail,
                          bool *ret_is_plain, km_error *error) {
    uint64_t size = 0;
    char head[HEAD_BYTES] = {0};
    unsigned char bytes[KMI_BACKUP_TAIL_BYTES];
    km_status status = read_ends(fd, path, &size, head, bytes, error);
    if (status != KM_OK) return status;
    *ret_tail = (kmi_backup_tail){.info = {.bytes = size}};
    bool has_tail = memcmp(bytes, tail_magic, sizeof tail_magic) == 0;
    bool is_database = memcmp(head, sqlite_magic, sizeof sqlite_magic) == 0;
    *ret_is_plain = is_database && !has_tail;
    if (*ret_is_plain && has_more_than_database(path, head, size))
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is damaged: its end is missing; use another backup", path);
    if (*ret_is_plain) return KM_OK;
    if (!has_tail)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is no backup of kuzu-memory, or its end is missing", path);
    decode(bytes, ret_tail);
    return check(project, fd, path, size, bytes, ret_tail, error);
}

/* ---- Taking it apart ---- */

typedef struct copying {
    int fd;
    const char *path;
} copying;

static km_status write_piece(void *context, uint64_t offset, const void *bytes, size_t len, km_error *error) {
    const copying *c = context;
    return kmi_file_write_at(c->fd, c->path, (off_t)offset, bytes, len, error);
}

km_status kmi_backup_extract(const km_project *project, int from_fd, uint64_t offset, uint64_t len, int to_fd,
                             const char *path, km_error *error) {
    copying c = {to_fd, path};
    return read_pieces(project, from_fd, path, "bytes restored", offset, len, write_piece, &c, error);
}
