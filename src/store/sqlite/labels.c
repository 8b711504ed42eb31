/* Labels: a type, a source, a session, a speaker is a text that many memories share, so a memory holds its number. A handle
 * remembers those that it met, for a batch and an answer ask for the same few again and again. A number never gets another text:
 * pruning leaves the greatest, behind which SQLite counts on. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/sqlite/handle.h"

#define SLOTS ((size_t)64)

typedef struct label {
    int64_t id; /* 0: free */
    size_t len;
    char *text;
} label;

/* Each label at one place by its number and at one by its text, where the one before is forgotten. */
struct kmi_label_cache {
    label by_id[SLOTS];
    label by_text[SLOTS];
};

void kmi_labels_clear(kmi_store *store) {
    if (store->labels == NULL) return;
    for (size_t i = 0; i < SLOTS; i++) {
        free(store->labels->by_id[i].text);
        free(store->labels->by_text[i].text);
    }
    free(store->labels);
    store->labels = NULL;
}

static km_status make_cache(kmi_store *store, km_error *error) {
    if (store->labels == NULL) store->labels = calloc(1, sizeof(*store->labels));
    return store->labels != NULL ? KM_OK : kmi_store_fail_nomem(store, error);
}

static km_status remember(const kmi_store *store, label *place, int64_t id, kmi_slice text, km_error *error) {
    char *copy = malloc(text.len + 1);
    if (copy == NULL) return kmi_store_fail_nomem(store, error);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    free(place->text);
    *place = (label){.id = id, .len = text.len, .text = copy};
    return KM_OK;
}

static label *place_of_text(const kmi_store *store, kmi_slice text) {
    return &store->labels->by_text[kmi_hash_checksum(0, &text, 1) % SLOTS];
}

static km_status look_up(kmi_store *store, kmi_slice text, int64_t *ret_id, km_error *error) {
    static const char FIND_LABEL[] = "SELECT id FROM labels WHERE text=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, FIND_LABEL, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, text);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_id = has_row ? kmi_sql_integer(&use, 0) : 0;
    return status;
}

static km_status insert(kmi_store *store, kmi_slice text, int64_t *ret_id, km_error *error) {
    static const char INSERT_LABEL[] = "INSERT INTO labels(text) VALUES(?1)";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_LABEL, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_slice(&use, 1, text);
    status = kmi_sql_run(&use, error);
    if (status == KM_OK) *ret_id = sqlite3_last_insert_rowid(kmi_sql_handle(store->sql));
    return status;
}

km_status kmi_label_require(kmi_store *store, const char *text, int64_t *ret_id, km_error *error) {
    *ret_id = 0;
    if (text == NULL) return KM_OK;
    kmi_slice wanted = kmi_slice_from(text);
    km_status status = make_cache(store, error);
    if (status != KM_OK) return status;
    label *place = place_of_text(store, wanted);
    if (place->id != 0 && kmi_slice_equal((kmi_slice){place->text, place->len}, wanted)) {
        *ret_id = place->id;
        return KM_OK;
    }
    int64_t id = 0;
    status = look_up(store, wanted, &id, error);
    if (status == KM_OK && id == 0) status = insert(store, wanted, &id, error);
    if (status == KM_OK) status = remember(store, place, id, wanted, error);
    if (status == KM_OK) *ret_id = id;
    return status;
}

km_status kmi_label_find(kmi_store *store, const char *text, int64_t *ret_id, km_error *error) {
    int64_t id = 0;
    km_status status = look_up(store, kmi_slice_from(text), &id, error);
    if (status == KM_OK) *ret_id = id != 0 ? id : -1;
    return status;
}

static km_status read_label(kmi_store *store, int64_t id, label *place, km_error *error) {
    static const char READ_LABEL[] = "SELECT text FROM labels WHERE id=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_LABEL, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, id);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    /* Only a damaged store lacks one; `doctor` says so. */
    return remember(store, place, id, has_row ? kmi_sql_slice(&use, 0) : KMI_SLICE_LITERAL("lost"), error);
}

km_status kmi_label_copy(kmi_store *store, int64_t id, kmi_arena *arena, const char **ret_text, km_error *error) {
    *ret_text = NULL;
    if (id == 0) return KM_OK;
    km_status status = make_cache(store, error);
    if (status != KM_OK) return status;
    label *place = &store->labels->by_id[(uint64_t)id % SLOTS];
    if (place->id != id) status = read_label(store, id, place, error);
    if (status != KM_OK) return status;
    *ret_text = kmi_arena_copy(arena, (kmi_slice){place->text, place->len});
    return *ret_text != NULL ? KM_OK : kmi_store_fail_nomem(store, error);
}

#define UNUSED \
    "id>" LABELS_FIXED " AND id NOT IN (SELECT type FROM memories UNION SELECT knowledge_type FROM memories" \
    " UNION SELECT polarity FROM memories UNION SELECT source FROM memories" \
    " UNION SELECT speaker FROM memories WHERE speaker IS NOT NULL" \
    " UNION SELECT session FROM memories WHERE session IS NOT NULL" \
    " UNION SELECT pattern FROM memories WHERE pattern IS NOT NULL" \
    " UNION SELECT agent FROM memories WHERE agent IS NOT NULL" \
    " UNION SELECT user FROM memories WHERE user IS NOT NULL)"

km_status kmi_labels_prune(kmi_store *store, km_error *error) {
    /* The greatest stays for its number, without its words. */
    static const char PRUNE[] =
        "DELETE FROM labels WHERE id<(SELECT max(id) FROM labels) AND " UNUSED
        ";UPDATE OR IGNORE labels SET text='' WHERE id=(SELECT max(id) FROM labels) AND " UNUSED;
    kmi_labels_clear(store);
    return kmi_sql_execute(store->sql, PRUNE, error);
}
