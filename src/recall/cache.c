/* Plain reads and writes at an offset, not a mapping: a mapped file that somebody cuts short ends whoever touches it with
 * SIGBUS, and so does a hole that a full disk cannot fill. One set is two pages, read with one call of about a microsecond,
 * which is what the page faults would cost. Readers and writers take no lock: a reader that meets half of a write sees a
 * checksum that does not fit, and that is a miss. */
#include "recall/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "util/error.h"
#include "util/file.h"
#include "util/random.h"

#define FILE_NAME "state/cache"
#define SET_BYTES (KMI_CACHE_WAYS * KMI_CACHE_SLOT_BYTES)
#define CHECKSUM_SKIP sizeof(uint64_t) /* a checksum stands first and covers what is behind it */

static const char cache_magic[8] = {'K', 'M', 'C', 'A', 'C', 'H', 'E', '\n'};

/* Every version begins with such 64 bytes and such a checksum, so that an older program knows a newer file. */
typedef struct cache_header {
    uint64_t checksum; /* seeded by the version */
    char magic[8];
    uint32_t version;
    uint32_t slot_bytes;
    uint64_t set_count;
    unsigned char secret[KMI_CACHE_SECRET_SIZE];
} cache_header;
_Static_assert(sizeof(cache_header) == 64, "written to a file as it is");

typedef struct cache_set {
    kmi_cache_entry ways[KMI_CACHE_WAYS];
} cache_set;

static uint64_t checksum_of(const void *bytes, size_t len, uint64_t seed) {
    kmi_slice covered = {(const char *)bytes + CHECKSUM_SKIP, len - CHECKSUM_SKIP};
    return kmi_hash_checksum(seed, &covered, 1);
}

static off_t set_offset(uint64_t set) {
    return (off_t)((1 + set) * SET_BYTES);
}

/* ---- The file ---- */

typedef enum file_state { FILE_USABLE, FILE_UNUSABLE, FILE_NEWER } file_state;

/* Fills in *cache from a header that fits the file and the wanted size. */
static file_state inspect(kmi_cache *cache, int fd, uint64_t set_count) {
    cache_header header;
    struct stat file;
    size_t len = 0;
    if (fstat(fd, &file) != 0 || kmi_file_read_at(fd, FILE_NAME, 0, &header, sizeof header, &len, NULL) != KM_OK ||
        len != sizeof header || memcmp(header.magic, cache_magic, sizeof cache_magic) != 0)
        return FILE_UNUSABLE;
    if (header.checksum != checksum_of(&header, sizeof header, header.version)) return FILE_UNUSABLE;
    if (header.version > KMI_CACHE_VERSION) return FILE_NEWER;
    if (header.version != KMI_CACHE_VERSION || header.slot_bytes != KMI_CACHE_SLOT_BYTES ||
        header.set_count != set_count || file.st_size != set_offset(set_count))
        return FILE_UNUSABLE;
    cache->set_count = set_count;
    memcpy(cache->secret, header.secret, sizeof cache->secret);
    return FILE_USABLE;
}

/* Until the header stands there, last, the file is no cache for anybody. */
static km_status fill(kmi_cache *cache, int fd, uint64_t set_count, km_error *error) {
    cache_header header = {.version = KMI_CACHE_VERSION, .slot_bytes = KMI_CACHE_SLOT_BYTES, .set_count = set_count};
    memcpy(header.magic, cache_magic, sizeof cache_magic);
    km_status status = kmi_random_bytes(header.secret, sizeof header.secret, NULL, error);
    if (status != KM_OK) return status;
    header.checksum = checksum_of(&header, sizeof header, KMI_CACHE_VERSION);
    if (ftruncate(fd, set_offset(set_count)) != 0) return kmi_fail_errno(error, errno, "cannot size \"state/cache\"");
    status = kmi_file_write_at(fd, FILE_NAME, 0, &header, sizeof header, error);
    cache->set_count = set_count;
    memcpy(cache->secret, header.secret, sizeof cache->secret);
    return status;
}

/* Two that come at once: one file stays, and the other one's writer works on a file without a name this time. */
static km_status make_file(kmi_cache *cache, int memory_dir_fd, uint64_t set_count, int *ret_fd, km_error *error) {
    KMI_CLEANUP_FD int state_fd = -1;
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_dir_make(memory_dir_fd, "state", NULL, error);
    if (status == KM_OK) status = kmi_dir_open_own(memory_dir_fd, "state", &state_fd, error);
    if (status != KM_OK) return status;
    unlinkat(state_fd, "cache", 0);
    status = kmi_file_open(state_fd, "cache", O_RDWR | O_CREAT | O_EXCL, &fd, error);
    if (status == KM_OK) status = fill(cache, fd, set_count, error);
    if (status != KM_OK) {
        if (fd >= 0) unlinkat(state_fd, "cache", 0);
        return status;
    }
    *ret_fd = fd;
    fd = -1;
    return KM_OK;
}

void kmi_cache_open(kmi_cache *cache, int memory_dir_fd, uint64_t limit_bytes) {
    *cache = (kmi_cache)KMI_CACHE_CLOSED;
    if (memory_dir_fd < 0 || limit_bytes < 2 * SET_BYTES) return;
    uint64_t set_count = limit_bytes / SET_BYTES - 1; /* the header takes the room of one */
    KMI_CLEANUP_FD int fd = -1;
    km_status status = kmi_file_open(memory_dir_fd, FILE_NAME, O_RDWR, &fd, NULL);
    if (status != KM_OK && status != KM_E_NOT_FOUND) return;
    file_state state = status == KM_OK ? inspect(cache, fd, set_count) : FILE_UNUSABLE;
    if (state == FILE_NEWER) return;
    if (state == FILE_UNUSABLE) {
        kmi_fd_close(&fd);
        if (make_file(cache, memory_dir_fd, set_count, &fd, NULL) != KM_OK) return;
    }
    cache->fd = fd;
    fd = -1;
}

void kmi_cache_close(kmi_cache *cache) {
    kmi_fd_close(&cache->fd);
}

void kmi_cache_erase(int memory_dir_fd) {
    unlinkat(memory_dir_fd, FILE_NAME, 0);
}

/* ---- Entries ---- */

kmi_cache_key kmi_cache_key_make(const kmi_cache *cache, const kmi_slice *parts, size_t part_count) {
    unsigned char digest[32];
    unsigned char inner[32];
    kmi_hash_sha256(parts, part_count, inner);
    kmi_slice keyed[] = {{(const char *)cache->secret, sizeof cache->secret}, {(const char *)inner, sizeof inner}};
    kmi_hash_sha256(keyed, sizeof keyed / sizeof keyed[0], digest);
    kmi_cache_key key;
    uint64_t place = 0;
    memcpy(key.bytes, digest, sizeof key.bytes);
    memcpy(&place, digest + sizeof key.bytes, sizeof place);
    key.set = cache->set_count > 0 ? place % cache->set_count : 0;
    return key;
}

/* The place and the secret belong to the checksum: a slot that was copied from elsewhere is no entry. */
static uint64_t seed_of(const kmi_cache *cache, uint64_t set, size_t way) {
    uint64_t seed = 0;
    memcpy(&seed, cache->secret, sizeof seed);
    return seed ^ (set * KMI_CACHE_WAYS + way + 1);
}

static size_t entry_bytes(const kmi_cache_entry *entry) {
    return KMI_CACHE_ENTRY_HEAD_BYTES + entry->count * sizeof(kmi_chosen);
}

static bool is_whole(const kmi_cache *cache, uint64_t set, size_t way, const kmi_cache_entry *entry) {
    return entry->made_at_us != 0 && entry->count <= KMI_CACHE_ENTRY_MAX &&
           entry->checksum == checksum_of(entry, entry_bytes(entry), seed_of(cache, set, way));
}

static bool is_valid_at(const kmi_cache_entry *entry, int64_t now_us) {
    return entry->made_at_us <= now_us && now_us < entry->valid_until_us;
}

/* A page behind the end of a file that was cut short reads as empty. */
static bool read_set(const kmi_cache *cache, uint64_t set, cache_set *ret_set) {
    unsigned char slots[KMI_CACHE_WAYS][KMI_CACHE_SLOT_BYTES] = {{0}};
    size_t len = 0;
    if (kmi_file_read_at(cache->fd, FILE_NAME, set_offset(set), slots, sizeof slots, &len, NULL) != KM_OK) return false;
    for (size_t way = 0; way < KMI_CACHE_WAYS; way++)
        memcpy(&ret_set->ways[way], slots[way], sizeof ret_set->ways[way]);
    return true;
}

bool kmi_cache_find(const kmi_cache *cache, const kmi_cache_key *key, int64_t now_us, kmi_cache_entry *ret_entry) {
    cache_set set;
    if (cache->fd < 0 || !read_set(cache, key->set, &set)) return false;
    for (size_t way = 0; way < KMI_CACHE_WAYS; way++) {
        const kmi_cache_entry *entry = &set.ways[way];
        if (memcmp(entry->key, key->bytes, sizeof key->bytes) != 0 || !is_whole(cache, key->set, way, entry) ||
            !is_valid_at(entry, now_us))
            continue;
        *ret_entry = *entry;
        size_t len = entry_bytes(entry); /* what is behind is left from entries before */
        memset((unsigned char *)ret_entry + len, 0, sizeof *ret_entry - len);
        return true;
    }
    return false;
}

/* How much is lost with an entry: nothing (less than nothing where it is the one to be replaced), else more for a later one. */
static int64_t worth(const kmi_cache *cache, const kmi_cache_key *key, size_t way, const kmi_cache_entry *old,
                     const kmi_cache_entry *new, int64_t now_us) {
    if (memcmp(old->key, key->bytes, sizeof key->bytes) == 0) return -1;
    if (old->generation != new->generation || !is_whole(cache, key->set, way, old)) return 0;
    return is_valid_at(old, now_us) ? old->made_at_us : 0;
}

bool kmi_cache_put(const kmi_cache *cache, const kmi_cache_key *key, int64_t now_us, kmi_cache_entry *entry,
                   bool *ret_has_evicted) {
    cache_set set;
    *ret_has_evicted = false;
    if (cache->fd < 0 || entry->count > KMI_CACHE_ENTRY_MAX || !read_set(cache, key->set, &set)) return false;
    size_t victim = 0;
    int64_t least = INT64_MAX;
    for (size_t way = 0; way < KMI_CACHE_WAYS; way++) {
        int64_t loss = worth(cache, key, way, &set.ways[way], entry, now_us);
        if (loss >= least) continue;
        least = loss;
        victim = way;
    }
    memcpy(entry->key, key->bytes, sizeof entry->key);
    entry->made_at_us = now_us;
    entry->unused = 0;
    entry->checksum = checksum_of(entry, entry_bytes(entry), seed_of(cache, key->set, victim));
    off_t offset = set_offset(key->set) + (off_t)(victim * KMI_CACHE_SLOT_BYTES);
    if (kmi_file_write_at(cache->fd, FILE_NAME, offset, entry, entry_bytes(entry), NULL) != KM_OK) return false;
    *ret_has_evicted = least > 0;
    return true;
}
