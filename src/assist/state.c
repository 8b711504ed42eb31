#include "assist/state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/lock.h"

enum { version = 1, slot_count = 64, lock_timeout_ms = 100, hash_parts_max = 8 };

typedef struct state_file {
    char magic[8];
    uint32_t version, slot_count;
    kmi_hook_slot slots[slot_count];
} state_file;

_Static_assert(sizeof(kmi_hook_slot) == 64 && sizeof(state_file) == 16 + 64 * slot_count,
               "written as it lies in memory");

static const char magic[8] = {'K', 'M', 'H', 'O', 'O', 'K', 'S', '\n'};

static int open_file(const char *memory_dir) {
    KMI_CLEANUP_FD int memory_fd = -1, state_fd = -1;
    int fd = -1;
    if (kmi_dir_open(AT_FDCWD, memory_dir, &memory_fd, NULL) != KM_OK) return -1;
    if (kmi_dir_make(memory_fd, "state", NULL, NULL) != KM_OK) return -1;
    if (kmi_dir_open_own(memory_fd, "state", &state_fd, NULL) != KM_OK) return -1;
    if (kmi_file_open(state_fd, "hooks", O_RDWR | O_CREAT, &fd, NULL) != KM_OK) return -1;
    return fd;
}

static void read_file(int fd, state_file *file) {
    size_t len = 0;
    km_status status = kmi_file_read_at(fd, "state/hooks", 0, file, sizeof *file, &len, NULL);
    bool is_good = status == KM_OK && len == sizeof *file && memcmp(file->magic, magic, sizeof magic) == 0 &&
                   file->version == version && file->slot_count == slot_count;
    if (is_good) return;
    memset(file, 0, sizeof *file);
    memcpy(file->magic, magic, sizeof magic);
    file->version = version;
    file->slot_count = slot_count;
    km_status written = kmi_file_write_at(fd, "state/hooks", 0, file, sizeof *file, NULL);
    (void)written; /* then it is made anew the next time */
}

void kmi_hook_state_begin(const char *memory_dir, const unsigned char id[KMI_HOOK_HASH_BYTES],
                          kmi_hook_state *ret_state) {
    state_file file;
    *ret_state = (kmi_hook_state){.fd = open_file(memory_dir)};
    memcpy(ret_state->slot.id, id, KMI_HOOK_HASH_BYTES);
    if (ret_state->fd < 0) return;
    if (kmi_lock_wait(ret_state->fd, 0, lock_timeout_ms, NULL) != KM_OK) {
        kmi_fd_close(&ret_state->fd);
        return;
    }
    read_file(ret_state->fd, &file);
    size_t oldest = 0;
    for (size_t i = 0; i < slot_count; i++) {
        if (memcmp(file.slots[i].id, id, KMI_HOOK_HASH_BYTES) == 0) {
            ret_state->index = i;
            ret_state->slot = file.slots[i];
            return;
        }
        if (file.slots[i].used_at_us < file.slots[oldest].used_at_us) oldest = i;
    }
    ret_state->index = oldest;
}

void kmi_hook_state_end(kmi_hook_state *state) {
    if (state->fd < 0) return;
    off_t at = (off_t)(offsetof(state_file, slots) + state->index * sizeof(kmi_hook_slot));
    state->slot.used_at_us = kmi_clock_now_us();
    km_status written = kmi_file_write_at(state->fd, "state/hooks", at, &state->slot, sizeof state->slot, NULL);
    (void)written;
    kmi_lock_release(state->fd, 0);
    kmi_fd_close(&state->fd);
}

void kmi_hook_hash(const kmi_slice *parts, size_t count, unsigned char ret_hash[KMI_HOOK_HASH_BYTES]) {
    uint64_t lengths[hash_parts_max];
    kmi_slice all[2 * hash_parts_max];
    unsigned char digest[32];
    if (count > hash_parts_max) count = hash_parts_max;
    for (size_t i = 0; i < count; i++) {
        lengths[i] = parts[i].len;
        all[2 * i] = (kmi_slice){(const char *)&lengths[i], sizeof lengths[i]};
        all[2 * i + 1] = parts[i];
    }
    kmi_hash_sha256(all, 2 * count, digest);
    memcpy(ret_hash, digest, KMI_HOOK_HASH_BYTES);
}
