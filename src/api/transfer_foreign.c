/* Memories of other programs. The Python kuzu-memory writes two files, and both come down to the same members:
 *   `memory export`      {"schema_version", "exported_at", "memory_count", "memories": [...], "archived": [...]}; times without a
 *                        zone, metadata as a text that holds JSON
 *   its shared folder    {"export_version", "exported_at", "source_project", "memories": [...]}; times with a zone, metadata as
 *                        an object
 * Its types say how a memory is kept, ours what it states, so only those that leave no doubt are taken over; for the rest
 * the learner reads the text. What it calls access (times, counts), hashes and archived texts has no place here. */
#include <string.h>

#include "api/transfer_record.h"
#include "base/hash.h"
#include "util/error.h"

static km_status take_first_text(const json_t *root, const char *first, const char *second, const char **target,
                                 km_error *error) {
    km_status status = kmi_transfer_take_text(root, second, target, error);
    return status == KM_OK ? kmi_transfer_take_text(root, first, target, error) : status;
}

/* Returns: the type that the names of the original stand for without doubt, or NULL. */
static const char *choose_type(const char *name, const char *knowledge_type) {
    static const struct {
        const char *name;
        const char *type;
    } names[] = {{"working", "status"}, {"pattern", "solution"}};
    if (name == NULL) return NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, name) == 0) return names[i].type;
    if (strcmp(name, "procedural") == 0) {
        bool is_rule = strcmp(knowledge_type, "rule") == 0 || strcmp(knowledge_type, "convention") == 0;
        return is_rule ? "rule" : "solution";
    }
    const char *const *known = km_memory_types();
    while (*known != NULL && strcmp(*known, name) != 0) known++;
    return *known;
}

static km_status take_types(kmi_transfer_record *record, km_error *error) {
    const char *name = NULL;
    const char *knowledge_type = NULL;
    km_status status = take_first_text(record->root, "memory_type", "type", &name, error);
    if (status == KM_OK) status = kmi_transfer_take_text(record->root, "knowledge_type", &knowledge_type, error);
    if (status != KM_OK) return status;
    bool is_known = knowledge_type != NULL && kmi_transfer_is_listed(km_knowledge_types(), knowledge_type);
    record->candidate.knowledge_type = is_known ? knowledge_type : "note";
    record->candidate.type = choose_type(name, record->candidate.knowledge_type);
    return KM_OK;
}

/* An object, or a text that holds one. Empty ones are none. */
static km_status take_metadata(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const json_t *value = json_object_get(record->root, "metadata");
    KMI_CLEANUP_JSON json_t *parsed = NULL;
    if (json_is_string(value)) {
        kmi_slice text = kmi_slice_trim(kmi_slice_from(json_string_value(value)));
        km_status status = text.len == 0 ? KM_OK : kmi_json_parse_object(text, "metadata", &parsed, error);
        if (status != KM_OK) return status;
        value = parsed;
    }
    if (value == NULL || json_is_null(value)) return KM_OK;
    if (!json_is_object(value)) return kmi_fail(error, KM_E_INVALID, "\"metadata\" must be an object");
    if (json_object_size(value) == 0) return KM_OK;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_TRANSFER_ENTRY_LIMIT_BYTES);
    km_status status = kmi_json_dump(value, &text, error);
    if (status != KM_OK) return status;
    record->item.metadata_json = kmi_arena_copy(reader->arena, kmi_buf_slice(&text));
    return record->item.metadata_json != NULL ? KM_OK : kmi_transfer_fail_memory(error);
}

static km_status take_labels(kmi_transfer_record *record, km_error *error) {
    km_learn_item *item = &record->item;
    const struct {
        const char *first, *second;
        const char **target;
    } members[] = {
        {"content", "text", &item->content},           {"source_type", "source", &item->source},
        {"source_speaker", "speaker", &item->speaker}, {"session_id", "session", &item->session},
        {"agent_id", "agent", &item->agent},           {"user_id", "user", &item->user},
    };
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < sizeof members / sizeof members[0]; i++)
        status = take_first_text(record->root, members[i].first, members[i].second, members[i].target, error);
    if (item->source == NULL || item->source[0] == '\0') item->source = "import";
    if (item->agent != NULL && strcmp(item->agent, "default") == 0) item->agent = NULL; /* nobody in particular */
    return status;
}

static km_status take_times(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const json_t *root = record->root;
    record->created_at_us = reader->now_us;
    km_status status = kmi_transfer_take_time(root, "created_at", &record->created_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "valid_from", &record->item.observed_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "observed_at", &record->item.observed_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "valid_to", &record->expires_at_us, error);
    if (record->item.observed_at_us == 0) record->item.observed_at_us = record->created_at_us;
    record->last_seen_at_us = record->item.observed_at_us;
    record->seen_count = 1;
    return status;
}

/* An id of our form is kept; another one, or the text itself, always gives the same one: a second import finds it again. */
static km_status take_foreign_id(kmi_transfer_record *record, km_error *error) {
    static const kmi_slice of_id = KMI_SLICE_LITERAL("kuzu-memory import id\n");
    static const kmi_slice of_text = KMI_SLICE_LITERAL("kuzu-memory import text\n");
    const char *id = NULL;
    km_status status = kmi_transfer_take_text(record->root, "id", &id, error);
    if (status != KM_OK || (id != NULL && kmi_uuid_parse(id, &record->id, NULL) == KM_OK)) return status;
    bool has_id = id != NULL && id[0] != '\0';
    kmi_slice text = {record->item.content, record->item.content_len};
    kmi_slice parts[] = {has_id ? of_id : of_text, has_id ? kmi_slice_from(id) : text};
    unsigned char digest[32];
    kmi_hash_sha256(parts, 2, digest);
    record->id = kmi_uuid_from_hash(digest);
    return KM_OK;
}

km_status kmi_transfer_read_foreign(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    record->candidate.confidence = record->candidate.importance = -1;
    km_status status = take_labels(record, error);
    if (status == KM_OK && record->item.content == NULL)
        status = kmi_fail(error, KM_E_INVALID, "there is no \"content\" in it");
    if (status == KM_OK) status = take_types(record, error);
    if (status == KM_OK) status = take_times(reader, record, error);
    if (status == KM_OK)
        status = kmi_transfer_take_share(record->root, "confidence", &record->candidate.confidence, error);
    if (status == KM_OK)
        status = kmi_transfer_take_share(record->root, "importance", &record->candidate.importance, error);
    if (status == KM_OK) status = take_metadata(reader, record, error);
    if (status == KM_OK) status = kmi_transfer_prepare(reader, record, error);
    if (status == KM_OK)
        status =
            kmi_transfer_take_id(record->root, "supersedes", &record->has_predecessor, &record->predecessor, error);
    return status == KM_OK ? take_foreign_id(record, error) : status;
}
