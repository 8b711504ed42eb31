/* A cache file that somebody else filled: its checksums are right, since its secret stands in it, and what they cover is not.
 * Every answer is then still harmless lines and the prompt. Sometimes the file is anything at all. */
#include "fuzz_project.h"

#include "base/hash.h"
#include "recall/cache.h"

#define CACHE "kuzu-memories/state/cache"
#define MEMORIES 1200 /* a smaller store does without the cache */
static const char PROMPT[] = "Which service number 7 listens on which port?";
enum { set_bytes = 8192, header_bytes = 64, checksum_bytes = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *file;
static size_t file_len;
static km_project *project;

static void import_many(void) {
    size_t size = (size_t)MEMORIES * 160;
    char *text = malloc(size);
    size_t len = 0;
    fuzz_require(text != NULL);
    for (int i = 0; i < MEMORIES; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "{\"kind\":\"memory\",\"content\":\"The service number %d listens on port %d.\"}\n", i,
                                2000 + i);
    km_import_result result = {.imported = 0};
    km_error error = {0};
    km_status status = km_import(project, text, len, false, &result, &error);
    if (status != KM_OK || result.imported != MEMORIES) {
        fprintf(stderr, "import: %s %s\n", error.message, result.first_bad_reason);
        abort();
    }
    free(text);
}

static bool enhance(void) {
    km_enhance_result *result = NULL;
    fuzz_require(km_enhance(project, PROMPT, 0, NULL, &result, NULL) == KM_OK);
    for (size_t i = 0; i < result->memory_count; i++)
        for (const char *c = result->lines[i]; *c != '\0'; c++) fuzz_require((unsigned char)*c >= ' ');
    size_t len = strlen(PROMPT);
    fuzz_require(result->enhanced_prompt_len >= len && result->enhanced_prompt_len < 65536);
    fuzz_require(strcmp(result->enhanced_prompt + result->enhanced_prompt_len - len, PROMPT) == 0);
    bool is_cached = result->is_cached;
    km_enhance_result_free(result);
    return is_cached;
}

static void set_up(void) {
    fuzz_make_root();
    project = fuzz_open();
    fuzz_fill(project, true);
    fuzz_set(project, "performance.cache_size_mb", "1");
    import_many();
    enhance();
    fuzz_require(enhance());
    file = fuzz_read(CACHE, &file_len);
}

static uint64_t checksum(const uint8_t *bytes, size_t len, uint64_t seed) {
    kmi_slice covered = {(const char *)bytes + checksum_bytes, len - checksum_bytes};
    return kmi_hash_checksum(seed, &covered, 1);
}

/* Changes every entry behind its key, and makes the checksums right again. */
static void falsify(uint8_t *bytes, const uint8_t *data, size_t size) {
    uint64_t secret = 0;
    memcpy(&secret, bytes + header_bytes - KMI_CACHE_SECRET_SIZE, sizeof secret);
    for (uint64_t slot = 0; set_bytes + (slot + 1) * KMI_CACHE_SLOT_BYTES <= file_len; slot++) {
        uint8_t *at = bytes + set_bytes + slot * KMI_CACHE_SLOT_BYTES;
        kmi_cache_entry entry;
        memcpy(&entry, at, sizeof entry);
        if (entry.made_at_us == 0) continue;
        size_t free_part = offsetof(kmi_cache_entry, confidence);
        fuzz_mutate(at + free_part, sizeof entry - free_part, data, size);
        memcpy(&entry, at, sizeof entry);
        if (entry.count > KMI_CACHE_ENTRY_MAX) entry.count = KMI_CACHE_ENTRY_MAX;
        memcpy(at, &entry, sizeof entry);
        size_t len = KMI_CACHE_ENTRY_HEAD_BYTES + entry.count * sizeof(kmi_chosen);
        entry.checksum = checksum(at, len, secret ^ (slot + 1));
        memcpy(at, &entry.checksum, sizeof entry.checksum);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (file == NULL) set_up();
    if (size < 2) return 0;
    uint8_t *bytes = malloc(file_len);
    fuzz_require(bytes != NULL);
    memcpy(bytes, file, file_len);
    if (data[0] % 4 == 0)
        fuzz_mutate(bytes, file_len, data + 1, size - 1);
    else
        falsify(bytes, data + 1, size - 1);
    fuzz_write(CACHE, bytes, data[0] % 8 == 0 ? file_len * data[1] / 256 : file_len);
    free(bytes);
    enhance();
    return 0;
}
