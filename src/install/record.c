#include "install/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/json.h"
#include "util/abandoned.h"
#include "util/file.h"

#define RECORD_VERSION 1
#define RECORD_LIMIT ((size_t)64 * 1024)
#define CONTENT_LIMIT ((size_t)16 * 1024 * 1024)

kmi_slice kmi_install_digest(kmi_slice content, kmi_arena *arena) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];
    kmi_hash_sha256(&content, 1, digest);
    char *text = kmi_arena_alloc(arena, 2 * sizeof digest + 1);
    for (size_t i = 0; text != NULL && i < sizeof digest; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    return (kmi_slice){text, text != NULL ? 2 * sizeof digest : 0};
}

/* Opens the folder of records. Without `create`, KM_E_NOT_FOUND when there is none. ret_parent_fd may be NULL. */
static km_status open_folder(bool create, int *ret_parent_fd, int *ret_fd, km_error *error) {
    static const char *const below_home[] = {".local", "state", "kuzu-memory", "install", NULL};
    const char *state_home = getenv("XDG_STATE_HOME");
    bool has_state_home = state_home != NULL && state_home[0] == '/';
    const char *base = has_state_home ? state_home : getenv("HOME");
    if (base == NULL || base[0] != '/') return kmi_fail(error, KM_E_NOT_FOUND, "HOME is not set to an absolute path");
    KMI_CLEANUP_FD int parent_fd = -1;
    int fd = kmi_fd_open(AT_FDCWD, base, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot open the folder \"%s\"", base);
    for (const char *const *name = below_home + (has_state_home ? 2 : 0); *name != NULL; name++) {
        kmi_fd_close(&parent_fd);
        parent_fd = fd;
        fd = -1;
        km_status status = create ? kmi_dir_make(parent_fd, *name, NULL, error) : KM_OK;
        if (status == KM_OK) status = kmi_dir_open(parent_fd, *name, &fd, error);
        if (status != KM_OK) return status;
    }
    if (ret_parent_fd != NULL) {
        *ret_parent_fd = parent_fd;
        parent_fd = -1;
    }
    *ret_fd = fd;
    return KM_OK;
}

static const char *record_name(const char *path, const char *ending, kmi_arena *arena) {
    kmi_slice digest = kmi_install_digest(kmi_slice_from(path), arena);
    return digest.ptr == NULL ? NULL : kmi_arena_format(arena, "%.32s.%s", digest.ptr, ending);
}

static km_status fail_nomem(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while reading records");
}

static km_status decode(kmi_slice text, kmi_arena *arena, kmi_install_record *record) {
    KMI_CLEANUP_JSON json_t *object = NULL;
    const char *after = NULL;
    km_status status = kmi_json_parse_object(text, "record", &object, NULL);
    if (status != KM_OK) return status == KM_E_NOMEM ? status : KM_OK;
    if (json_integer_value(json_object_get(object, "version")) != RECORD_VERSION) return KM_OK;
    if (kmi_json_get_text(object, "after_sha256", "record", &after, NULL) != KM_OK || after == NULL) return KM_OK;
    record->existed = json_is_true(json_object_get(object, "existed"));
    record->made_folders = (unsigned)json_integer_value(json_object_get(object, "made_folders"));
    record->after = kmi_slice_from(kmi_arena_copy_text(arena, after));
    record->is_found = record->after.len > 0;
    return record->after.ptr != NULL ? KM_OK : KM_E_NOMEM;
}

/* What is absent or damaged will not be there the next time either, and counts as no record; what cannot be read now is. */
static km_status pass_absence(const char *path, km_status status, const km_error *fault, km_error *error) {
    if (!kmi_is_environment_error(status)) return KM_OK;
    if (error != NULL) *error = *fault;
    return kmi_fail_context(error, status, "cannot look up what stood in \"%s\"", path);
}

km_status kmi_install_record_read(const char *path, kmi_arena *arena, kmi_install_record *ret_record, km_error *error) {
    *ret_record = (kmi_install_record){.before = {"", 0}, .after = {"", 0}};
    KMI_CLEANUP_FD int dir_fd = -1;
    km_error fault = {0};
    km_status status = open_folder(false, NULL, &dir_fd, &fault);
    if (status != KM_OK) return pass_absence(path, status, &fault, error);
    const char *name = record_name(path, "json", arena);
    const char *content_name = record_name(path, "before", arena);
    if (name == NULL || content_name == NULL) return fail_nomem(error);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, RECORD_LIMIT);
    status = kmi_file_read(dir_fd, name, &text, &fault);
    if (status != KM_OK) return pass_absence(path, status, &fault, error);
    if (decode(kmi_buf_slice(&text), arena, ret_record) != KM_OK) return fail_nomem(error);
    if (!ret_record->is_found || !ret_record->existed) return KM_OK;
    KMI_CLEANUP_BUF kmi_buf content;
    kmi_buf_init(&content, CONTENT_LIMIT);
    status = kmi_file_read(dir_fd, content_name, &content, &fault);
    if (status != KM_OK) {
        ret_record->is_found = false;
        return pass_absence(path, status, &fault, error);
    }
    const char *copy = kmi_arena_copy(arena, kmi_buf_slice(&content));
    if (copy == NULL) return fail_nomem(error);
    ret_record->before = (kmi_slice){copy, content.len};
    return KM_OK;
}

km_status kmi_install_record_write(const char *path, const kmi_install_record *record, kmi_arena *arena,
                                   km_error *error) {
    KMI_CLEANUP_FD int dir_fd = -1;
    km_status status = open_folder(true, NULL, &dir_fd, error);
    const char *name = record_name(path, "json", arena);
    const char *content_name = record_name(path, "before", arena);
    if (name == NULL || content_name == NULL) return fail_nomem(error);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, RECORD_LIMIT);
    kmi_buf_add_format(&text, "{\"version\": %d, \"file\": ", RECORD_VERSION);
    kmi_buf_add_json_string(&text, kmi_slice_from(path));
    kmi_buf_add_format(&text, ", \"existed\": %s, \"made_folders\": %u, \"after_sha256\": \"%.*s\"}\n",
                       record->existed ? "true" : "false", record->made_folders, (int)record->after.len,
                       record->after.ptr);
    /* The content first: a record without it would promise what it cannot keep. */
    if (status == KM_OK && record->existed) status = kmi_file_replace(dir_fd, content_name, record->before, error);
    if (status == KM_OK) status = kmi_file_replace(dir_fd, name, kmi_buf_slice(&text), error);
    return status == KM_OK ? KM_OK : kmi_fail_context(error, status, "cannot keep what stood in \"%s\"", path);
}

void kmi_install_record_remove(const char *path, kmi_arena *arena) {
    KMI_CLEANUP_FD int dir_fd = -1;
    KMI_CLEANUP_FD int parent_fd = -1;
    if (open_folder(false, &parent_fd, &dir_fd, NULL) != KM_OK) return;
    const char *name = record_name(path, "json", arena);
    const char *content_name = record_name(path, "before", arena);
    if (name != NULL) unlinkat(dir_fd, name, 0);
    if (content_name != NULL) unlinkat(dir_fd, content_name, 0);
    unlinkat(parent_fd, "install", AT_REMOVEDIR); /* once it is empty */
}

void kmi_install_record_sweep(void) {
    KMI_CLEANUP_FD int dir_fd = -1;
    if (open_folder(false, NULL, &dir_fd, NULL) == KM_OK)
        kmi_abandoned_remove(dir_fd, kmi_abandoned_is_replacement, NULL);
}
