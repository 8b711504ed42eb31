/* Changes of memories that learning makes: insert, strengthen, supersede, and the edit of one. */
#include <string.h>

#include "store/sqlite/index.h"

/* How far a repeat moves confidence towards certainty. */
#define REPEAT_GAIN 0.2
#define CONFIDENCE_MAX 0.99
#define LABELS_LIMIT_BYTES ((size_t)64 * 1024)
#define SHARE_ONE 10000.0 /* shares are kept in ten thousandths */

/* Takes as many numbers as the memory has units. */
static km_status take_seq(kmi_store *store, int64_t least, size_t unit_count, int64_t *ret_seq, km_error *error) {
    static const char READ_NEXT_SEQ[] = "SELECT next_seq FROM state";
    kmi_store_changes *changes = &store->changes;
    if (changes->next_seq == 0) {
        km_status status = kmi_store_read_number(store, READ_NEXT_SEQ, &changes->next_seq, error);
        if (status != KM_OK) return status;
        if (changes->next_seq < 1) {
            changes->next_seq = 0;
            return kmi_fail(error, KM_E_STORE,
                            "\"%s\" has lost its state; restore a backup, or move it away and import an export",
                            kmi_sql_path(store->sql));
        }
    }
    if (changes->next_seq < least) changes->next_seq = least;
    *ret_seq = changes->next_seq;
    changes->next_seq += (int64_t)unit_count;
    return KM_OK;
}

static double clamp_unit(double value) {
    return value > 0 ? (value < 1 ? value : 1) : 0; /* NaN becomes 0 */
}

static int64_t ten_thousandths(double value) {
    return (int64_t)(clamp_unit(value) * SHARE_ONE + 0.5);
}

/* Parameters 5 to 14. */
static km_status bind_candidate(kmi_store *store, kmi_sql_use *use, const kmi_candidate *candidate, km_error *error) {
    int64_t knowledge_type = 0;
    int64_t polarity = 0;
    int64_t pattern = 0;
    const char *const names[] = {candidate->knowledge_type != NULL ? candidate->knowledge_type : "note",
                                 candidate->polarity != NULL ? candidate->polarity : "neutral"};
    km_status status = kmi_label_require(store, names[0], &knowledge_type, error);
    if (status == KM_OK) status = kmi_label_require(store, names[1], &polarity, error);
    if (status == KM_OK) status = kmi_label_require(store, candidate->pattern, &pattern, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(use, 5, knowledge_type);
    kmi_sql_bind_integer(use, 6, polarity);
    kmi_sql_bind_time(use, 7, pattern); /* 0 is NULL here too */
    kmi_sql_bind_integer(use, 8, ten_thousandths(candidate->confidence));
    kmi_sql_bind_integer(use, 9, ten_thousandths(candidate->importance));
    kmi_sql_bind_text(use, 10, candidate->subject);
    kmi_sql_bind_text(use, 11, candidate->attribute);
    kmi_sql_bind_text(use, 12, candidate->value);
    kmi_sql_bind_text(use, 13, candidate->time_phrase);
    kmi_sql_bind_time(use, 14, candidate->event_at_us);
    return KM_OK;
}

static const char *type_of(const kmi_candidate *candidate) {
    return candidate->type != NULL ? candidate->type : "note";
}

static const char *source_of(const kmi_memory_new *memory) {
    return memory->source != NULL ? memory->source : "cli";
}

/* Parameters 4 and 15 to 19. */
static km_status bind_labels(kmi_store *store, kmi_sql_use *use, const kmi_memory_new *memory, km_error *error) {
    const struct {
        int parameter;
        const char *text;
    } labels[] = {{4, type_of(memory->candidate)}, {15, source_of(memory)}, {16, memory->speaker},
                  {17, memory->session},           {18, memory->agent},     {19, memory->user}};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        int64_t id = 0;
        km_status status = kmi_label_require(store, labels[i].text, &id, error);
        if (status != KM_OK) return status;
        kmi_sql_bind_time(use, labels[i].parameter, id); /* 0 is NULL here too */
    }
    return KM_OK;
}

static km_status insert_row(kmi_store *store, int64_t seq, size_t unit_count, const unsigned char hash[32],
                            const kmi_memory_new *memory, km_error *error) {
    static const char INSERT_MEMORY[] =
        "INSERT INTO memories(seq,id,content,type,knowledge_type,polarity,pattern,confidence_e4,importance_e4,subject,"
        "attribute,value,time_phrase,event_at,source,speaker,session,agent,user,key,metadata,origin_task,created_at,"
        "observed_after,last_seen_after,expires_at,seen_count,content_hash,unit_count)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?"
        "28,?29)";
    int64_t observed_at_us = memory->observed_at_us != 0 ? memory->observed_at_us : memory->created_at_us;
    int64_t last_seen_at_us = memory->last_seen_at_us != 0 ? memory->last_seen_at_us : memory->created_at_us;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(store->sql, INSERT_MEMORY, &use, error);
    if (status == KM_OK) status = bind_candidate(store, &use, memory->candidate, error);
    if (status == KM_OK) status = bind_labels(store, &use, memory, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_blob(&use, 2, memory->id.bytes, sizeof(memory->id.bytes));
    kmi_sql_bind_text(&use, 3, memory->candidate->content);
    kmi_sql_bind_text(&use, 20, memory->key);
    kmi_sql_bind_text(&use, 21, memory->metadata_json);
    kmi_sql_bind_blob(&use, 22, memory->origin_task, sizeof(kmi_uuid));
    kmi_sql_bind_integer(&use, 23, memory->created_at_us);
    kmi_sql_bind_integer(&use, 24, observed_at_us - memory->created_at_us);
    kmi_sql_bind_integer(&use, 25, last_seen_at_us - memory->created_at_us);
    kmi_sql_bind_time(&use, 26, memory->expires_at_us);
    kmi_sql_bind_integer(&use, 27, memory->seen_count != 0 ? memory->seen_count : 1);
    kmi_sql_bind_blob(&use, 28, hash, CONTENT_HASH_BYTES);
    kmi_sql_bind_integer(&use, 29, (int64_t)unit_count);
    return kmi_sql_run(&use, error);
}

static km_status count_live(kmi_store *store, const char *type, const char *source, int64_t amount, km_error *error) {
    km_status status = kmi_counts_add_named(store, KMI_COUNT_TYPE, type, amount, error);
    if (status == KM_OK) status = kmi_counts_add_named(store, KMI_COUNT_SOURCE, source, amount, error);
    if (status == KM_OK) status = kmi_store_counter_add(store, KMI_COUNTER_MEMORIES, amount, error);
    return status;
}

km_status kmi_store_memory_insert(kmi_store *store, const kmi_memory_new *memory, km_error *error) {
    km_status status = kmi_store_require_writing(store, error);
    if (status != KM_OK) return status;
    kmi_slice content = kmi_slice_from(memory->candidate->content);
    unsigned char hash[32];
    int64_t seq = 0;
    KMI_CLEANUP_UNITS kmi_units units = {0};
    status = kmi_normal_hash(content, hash, error);
    if (status == KM_OK) status = kmi_units_cut(content, SIZE_MAX, &units, error);
    if (status == KM_OK) status = take_seq(store, memory->seq, units.count, &seq, error);
    if (status == KM_OK) status = insert_row(store, seq, units.count, hash, memory, error);
    if (status == KM_OK) status = kmi_index_add(store, seq, &units, true, error);
    if (status == KM_OK) status = kmi_graph_add(store, seq, memory->candidate, error);
    if (status == KM_OK) status = count_live(store, type_of(memory->candidate), source_of(memory), 1, error);
    if (status == KM_OK) store->changes.are_memories_changed = true;
    return status;
}

km_status kmi_store_memory_strengthen(kmi_store *store, const kmi_uuid *id, int64_t seen_at_us, double confidence,
                                      int64_t expires_at_us, km_error *error) {
    static const char STRENGTHEN[] =
        "UPDATE memories SET seen_count=seen_count+1,last_seen_after=max(last_seen_at,?2)-created_at,"
        "confidence_e4=CAST(round(10000*max(confidence,min(?5,max(confidence,?3)+(1.0-max(confidence,?3))*?6)))"
        " AS INTEGER),"
        "expires_at=CASE WHEN ?4 IS NULL OR expires_at IS NULL THEN NULL ELSE max(expires_at,?4) END WHERE seq=?1";
    int64_t seq = 0;
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK) status = kmi_memory_seq(store, id, &seq, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, STRENGTHEN, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_integer(&use, 2, seen_at_us);
    kmi_sql_bind_real(&use, 3, clamp_unit(confidence));
    kmi_sql_bind_time(&use, 4, expires_at_us);
    kmi_sql_bind_real(&use, 5, CONFIDENCE_MAX);
    kmi_sql_bind_real(&use, 6, REPEAT_GAIN);
    status = kmi_sql_run(&use, error);
    if (status == KM_OK) store->changes.are_memories_changed = true;
    return status;
}

km_status kmi_memory_count_live(kmi_store *store, int64_t seq, int64_t amount, km_error *error) {
    static const char READ_LABELS[] = "SELECT t.text,s.text FROM memories m JOIN labels t ON t.id=m.type"
                                      " JOIN labels s ON s.id=m.source WHERE m.seq=?1";
    KMI_CLEANUP_ARENA kmi_arena *arena = kmi_arena_new(LABELS_LIMIT_BYTES);
    if (arena == NULL) return kmi_store_fail_nomem(store, error);
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_LABELS, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK && !has_row)
        status = kmi_fail(error, KM_E_NOT_FOUND, "there is no memory number %lld", (long long)seq);
    const char *type = NULL;
    const char *source = NULL;
    if (status == KM_OK) status = kmi_sql_copy_text(&use, 0, arena, &type, error);
    if (status == KM_OK) status = kmi_sql_copy_text(&use, 1, arena, &source, error);
    if (status != KM_OK || type == NULL || source == NULL) return status;
    return count_live(store, type, source, amount, error);
}

static km_status is_superseded(kmi_store *store, int64_t seq, bool *ret_is_superseded, km_error *error) {
    static const char READ_STATE[] = "SELECT superseded_by IS NOT NULL FROM memories WHERE seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_STATE, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_is_superseded = has_row && kmi_sql_integer(&use, 0) != 0;
    return status;
}

km_status kmi_store_memory_supersede(kmi_store *store, const kmi_uuid *old_id, const kmi_uuid *new_id,
                                     km_error *error) {
    static const char SUPERSEDE[] = "UPDATE memories SET superseded_by=?2 WHERE seq=?1";
    int64_t old_seq = 0;
    int64_t new_seq = 0;
    bool was_superseded = false;
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK) status = kmi_memory_seq(store, old_id, &old_seq, error);
    if (status == KM_OK) status = kmi_memory_seq(store, new_id, &new_seq, error);
    if (status == KM_OK && old_seq == new_seq)
        status = kmi_fail(error, KM_E_INVALID, "a memory cannot supersede itself");
    if (status == KM_OK) status = is_superseded(store, old_seq, &was_superseded, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, SUPERSEDE, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, old_seq);
    kmi_sql_bind_integer(&use, 2, new_seq);
    status = kmi_sql_run(&use, error);
    if (status != KM_OK) return status;
    store->changes.are_memories_changed = true;
    if (was_superseded) return KM_OK; /* counted already; it has a newer successor now */
    status = kmi_memory_count_live(store, old_seq, -1, error);
    return status == KM_OK ? kmi_store_counter_add(store, KMI_COUNTER_SUPERSEDED, 1, error) : status;
}

static km_status read_content(kmi_store *store, int64_t seq, kmi_buf *buf, size_t *ret_unit_count, km_error *error) {
    static const char READ_CONTENT[] = "SELECT content,unit_count FROM memories WHERE seq=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(store->sql, READ_CONTENT, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    status = kmi_sql_step(&use, &has_row, error);
    if (status != KM_OK) return status;
    kmi_buf_add_slice(buf, kmi_sql_slice(&use, 0));
    *ret_unit_count = (size_t)kmi_sql_integer(&use, 1);
    return kmi_buf_status(buf) == KM_OK ? KM_OK : kmi_store_fail_nomem(store, error);
}

static km_status update_content(kmi_store *store, int64_t seq, const kmi_candidate *candidate, int64_t now_us,
                                km_error *error) {
    static const char EDIT_MEMORY[] =
        "UPDATE memories SET "
        "content=?2,content_hash=?3,last_seen_after=max(last_seen_at,?4)-created_at,knowledge_type=?5,polarity=?6,"
        "pattern=?7,confidence_e4=max(confidence_e4,?8),importance_e4=max(importance_e4,?9),subject=?10,attribute=?11,"
        "value=?12,"
        "time_phrase=?13,event_at=?14 WHERE seq=?1";
    unsigned char hash[32];
    km_status status = kmi_normal_hash(kmi_slice_from(candidate->content), hash, error);
    if (status != KM_OK) return status;
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    status = kmi_sql_start(store->sql, EDIT_MEMORY, &use, error);
    if (status == KM_OK) status = bind_candidate(store, &use, candidate, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, seq);
    kmi_sql_bind_text(&use, 2, candidate->content);
    kmi_sql_bind_blob(&use, 3, hash, CONTENT_HASH_BYTES);
    kmi_sql_bind_integer(&use, 4, now_us);
    return kmi_sql_run(&use, error);
}

static km_status unindex(kmi_store *store, int64_t seq, kmi_slice content, size_t unit_count, km_error *error) {
    KMI_CLEANUP_UNITS kmi_units units = {0};
    km_status status = kmi_units_cut(content, unit_count, &units, error);
    return status == KM_OK ? kmi_index_remove(store, seq, &units, error) : status;
}

/* The memory keeps its number, and with it as many units as there are up to the next one. */
static km_status index_again(kmi_store *store, int64_t seq, kmi_slice content, km_error *error) {
    KMI_CLEANUP_UNITS kmi_units units = {0};
    km_status status = kmi_index_cut_again(store, seq, content, &units, error);
    return status == KM_OK ? kmi_index_add(store, seq, &units, false, error) : status;
}

km_status kmi_store_memory_edit(kmi_store *store, const kmi_uuid *id, const kmi_candidate *candidate, int64_t now_us,
                                km_error *error) {
    int64_t seq = 0;
    size_t unit_count = 1;
    KMI_CLEANUP_BUF kmi_buf old_content;
    kmi_buf_init(&old_content, PENDING_TEXT_LIMIT_BYTES);
    km_status status = kmi_store_require_writing(store, error);
    if (status == KM_OK) status = kmi_memory_seq(store, id, &seq, error);
    if (status == KM_OK) status = read_content(store, seq, &old_content, &unit_count, error);
    if (status == KM_OK) status = kmi_task_forget(store, kmi_buf_slice(&old_content), error);
    if (status == KM_OK) status = unindex(store, seq, kmi_buf_slice(&old_content), unit_count, error);
    if (status == KM_OK) status = kmi_graph_remove(store, seq, error);
    if (status == KM_OK) status = update_content(store, seq, candidate, now_us, error);
    if (status == KM_OK) status = index_again(store, seq, kmi_slice_from(candidate->content), error);
    if (status == KM_OK) status = kmi_graph_add(store, seq, candidate, error);
    if (status == KM_OK) store->changes.are_memories_changed = true;
    return status;
}
