/* Anything as a backup to restore: it is refused, or what it holds can be read afterwards. An input that begins with a zero byte
 * says what to change in a good one, which is then sealed anew: the digest is right, what it covers is not. */
#include "fuzz_project.h"

#include "base/hash.h"

#define BACKUP "backup.kmb"
enum { tail_bytes = 128, digest_bytes = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *whole;
static size_t whole_len;
static char backup_path[128];

static void set_up(void) {
    fuzz_make_root();
    snprintf(backup_path, sizeof backup_path, "%s/%s", fuzz_root, BACKUP);
    km_project *project = fuzz_open();
    fuzz_fill(project, true);
    fuzz_require(km_backup(project, backup_path, NULL, NULL) == KM_OK);
    km_project_free(project);
    whole = fuzz_read(BACKUP, &whole_len);
}

static void write_changed(const uint8_t *data, size_t size) {
    uint8_t *bytes = malloc(whole_len);
    fuzz_require(bytes != NULL);
    memcpy(bytes, whole, whole_len);
    fuzz_mutate(bytes, whole_len - digest_bytes, data, size);
    kmi_slice covered = {(const char *)bytes, whole_len - digest_bytes};
    kmi_hash_sha256(&covered, 1, bytes + whole_len - digest_bytes);
    fuzz_write(BACKUP, bytes, whole_len);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (whole == NULL) set_up();
    if (size < 1) return 0;
    fuzz_remove(BACKUP);
    if (data[0] == 0)
        write_changed(data + 1, size - 1);
    else
        fuzz_write(BACKUP, data, size);
    km_project *project = fuzz_open();
    km_restore_result result = {.replaced_memories = 0};
    km_error error = {0};
    km_status planned = km_restore(project, backup_path, true, &result, &error);
    fuzz_require(planned == KM_OK || error.message[0] != '\0');
    km_status status = km_restore(project, backup_path, false, &result, &error);
    if (planned != KM_OK) fuzz_require(status != KM_OK);
    km_memory_list *list = NULL;
    if (km_recent(project, NULL, &list, &error) != KM_OK)
        fprintf(stderr, "restore %d %d, then %s\n", planned, status, error.message);
    fuzz_require(list != NULL);
    km_memory_list_free(list);
    km_project_free(project);
    char aside[128];
    snprintf(aside, sizeof aside, "%s/kuzu-memories/aside", fuzz_root);
    nftw(aside, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
