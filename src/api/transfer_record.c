/* Every member is looked up by name and checked for type and range before it is used; members that are not known are left alone,
 * so that a newer minor release may add some. Messages name members, never their values: those may be anybody's text. */
#include "api/transfer_record.h"

#include <string.h>

#include "util/clock.h"
#include "util/error.h"

/* Names of entities and relations: the store folds them, which may lengthen them up to 18 times, within 16 KiB. */
#define NAME_LIMIT_BYTES ((size_t)512)
#define PHRASE_LIMIT_BYTES ((size_t)64 * 1024)
#define ENTITIES_MAX ((size_t)10000)

km_status kmi_transfer_fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
}

bool kmi_transfer_is_listed(const char *const *list, const char *name) {
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0) return true;
    return false;
}

const char *kmi_transfer_cognitive_type(const char *type) {
    static const struct {
        const char *type;
        const char *cognitive;
    } names[] = {
        {"fact", "semantic"},   {"identity", "semantic"},   {"preference", "preference"}, {"decision", "episodic"},
        {"rule", "procedural"}, {"solution", "procedural"}, {"status", "working"},        {"note", "episodic"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].type, type) == 0) return names[i].cognitive;
    return "episodic"; /* what the original takes for a type it does not know */
}

/* ---- Members ---- */

km_status kmi_transfer_take_text(const json_t *root, const char *key, const char **target, km_error *error) {
    const char *text = NULL;
    km_status status = kmi_json_get_text(root, key, "entry", &text, error);
    if (status == KM_OK && text != NULL) *target = text;
    return status;
}

/* A number from 0 to 1. */
km_status kmi_transfer_take_share(const json_t *root, const char *key, double *target, km_error *error) {
    const json_t *value = json_object_get(root, key);
    if (value == NULL || json_is_null(value)) return KM_OK;
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= 1))
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be a number from 0 to 1", key);
    *target = number;
    return KM_OK;
}

static km_status take_count(const json_t *root, const char *key, int64_t most, int64_t *target, km_error *error) {
    const json_t *value = json_object_get(root, key);
    if (value == NULL || json_is_null(value)) return KM_OK;
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 1 || number > most)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" must be a whole number from 1 to %lld", key, (long long)most);
    *target = number;
    return KM_OK;
}

km_status kmi_transfer_take_time(const json_t *root, const char *key, int64_t *target, km_error *error) {
    const char *text = NULL;
    km_status status = kmi_transfer_take_text(root, key, &text, error);
    if (status == KM_OK && text != NULL && kmi_time_parse(kmi_slice_from(text), target, NULL) != KM_OK)
        status = kmi_fail(error, KM_E_INVALID, "\"%s\" is not a time such as \"2026-11-22T18:16:20.000000Z\"", key);
    return status;
}

km_status kmi_transfer_take_id(const json_t *root, const char *key, bool *ret_is_given, kmi_uuid *target,
                               km_error *error) {
    const char *text = NULL;
    km_status status = kmi_transfer_take_text(root, key, &text, error);
    if (status != KM_OK || text == NULL) return status;
    if (kmi_uuid_parse(text, target, NULL) != KM_OK) return kmi_fail(error, KM_E_INVALID, "\"%s\" is not an id", key);
    *ret_is_given = true;
    return KM_OK;
}

static km_status take_name(const json_t *root, const char *key, const char *const *list, const char **target,
                           km_error *error) {
    km_status status = kmi_transfer_take_text(root, key, target, error);
    if (status == KM_OK && *target != NULL && !kmi_transfer_is_listed(list, *target))
        status = kmi_fail(error, KM_E_INVALID, "\"%s\" is none of the names that are known", key);
    return status;
}

/* ---- Secrets and limits ---- */

km_status kmi_transfer_prepare(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    km_status status = kmi_prepare(reader->config, &record->item, 1, KM_PRIORITY_DEFAULT, &record->prepared, error);
    if (status != KM_OK) return status;
    record->item = record->prepared.items[0];
    record->redaction_count += record->prepared.redactions.count;
    record->candidate.content = record->item.content;
    return KM_OK;
}

/* Removes secrets from a text, and checks its length. NULL stays NULL. */
static km_status clean_text(const kmi_transfer_reader *reader, kmi_transfer_record *record, const char *name,
                            size_t limit_bytes, const char **text, km_error *error) {
    if (*text == NULL) return KM_OK;
    kmi_slice given = kmi_slice_from(*text);
    if (given.len > limit_bytes)
        return kmi_fail(error, KM_E_INVALID, "\"%s\" is %zu bytes long; the limit is %zu", name, given.len,
                        limit_bytes);
    if (!reader->config->learn_redact_secrets) return KM_OK;
    KMI_CLEANUP_BUF kmi_buf clean;
    kmi_buf_init(&clean, 4 * limit_bytes);
    bool is_changed = false;
    kmi_redactions redactions = {0};
    if (kmi_secrets_redact(given, &clean, &is_changed, &redactions) != KM_OK) return kmi_transfer_fail_memory(error);
    if (!is_changed) return KM_OK;
    *text = kmi_arena_copy(reader->arena, kmi_buf_slice(&clean));
    record->redaction_count += redactions.count;
    return *text != NULL ? KM_OK : kmi_transfer_fail_memory(error);
}

/* ---- Entries of our own ---- */

static km_status read_header(kmi_transfer_record *record, km_error *error) {
    const char *format = NULL;
    km_status status = kmi_transfer_take_text(record->root, "format", &format, error);
    if (status == KM_OK && (format == NULL || strcmp(format, KMI_TRANSFER_FORMAT) != 0))
        status = kmi_fail(error, KM_E_INVALID, "the header is not one of \"%s\"", KMI_TRANSFER_FORMAT);
    if (status == KM_OK) status = take_count(record->root, "version", INT32_MAX, &record->version, error);
    if (status == KM_OK && record->version == 0)
        status = kmi_fail(error, KM_E_INVALID, "the header has no \"version\"");
    return status;
}

static km_status require_id(const kmi_transfer_record *record, const char *key, kmi_uuid *target, km_error *error) {
    bool is_given = false;
    km_status status = kmi_transfer_take_id(record->root, key, &is_given, target, error);
    return status == KM_OK && !is_given ? kmi_fail(error, KM_E_INVALID, "\"%s\" is missing", key) : status;
}

static km_status read_relation(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const struct {
        const char *key;
        const char **target;
    } members[] = {
        {"from", &record->relation.from},
        {"name", &record->relation.name},
        {"to", &record->relation.to},
    };
    km_status status = require_id(record, "memory", &record->id, error);
    for (size_t i = 0; status == KM_OK && i < sizeof members / sizeof members[0]; i++) {
        status = kmi_transfer_take_text(record->root, members[i].key, members[i].target, error);
        if (status == KM_OK && (*members[i].target == NULL || (*members[i].target)[0] == '\0'))
            status = kmi_fail(error, KM_E_INVALID, "\"%s\" is missing", members[i].key);
        if (status == KM_OK)
            status = clean_text(reader, record, members[i].key, NAME_LIMIT_BYTES, members[i].target, error);
    }
    return status;
}

static km_status take_metadata(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const json_t *value = json_object_get(record->root, "metadata");
    if (value == NULL || json_is_null(value)) return KM_OK;
    if (!json_is_object(value)) return kmi_fail(error, KM_E_INVALID, "\"metadata\" must be an object");
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_TRANSFER_ENTRY_LIMIT_BYTES);
    km_status status = kmi_json_dump(value, &text, error);
    if (status != KM_OK) return status;
    record->item.metadata_json = kmi_arena_copy(reader->arena, kmi_buf_slice(&text));
    return record->item.metadata_json != NULL ? KM_OK : kmi_transfer_fail_memory(error);
}

static km_status take_texts(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    km_learn_item *item = &record->item;
    kmi_candidate *candidate = &record->candidate;
    const struct {
        const char *key;
        const char **target;
        size_t limit_bytes; /* 0: kmi_prepare() looks at it */
    } members[] = {
        {"content", &item->content, 0},
        {"source", &item->source, 0},
        {"speaker", &item->speaker, 0},
        {"session", &item->session, 0},
        {"agent", &item->agent, 0},
        {"user", &item->user, 0},
        {"key", &item->key, 0},
        {"pattern", &candidate->pattern, KM_LABEL_LIMIT_BYTES},
        {"subject", &candidate->subject, PHRASE_LIMIT_BYTES},
        {"attribute", &candidate->attribute, PHRASE_LIMIT_BYTES},
        {"value", &candidate->value, PHRASE_LIMIT_BYTES},
        {"time_phrase", &candidate->time_phrase, PHRASE_LIMIT_BYTES},
    };
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < sizeof members / sizeof members[0]; i++) {
        status = kmi_transfer_take_text(record->root, members[i].key, members[i].target, error);
        if (status == KM_OK && members[i].limit_bytes != 0)
            status = clean_text(reader, record, members[i].key, members[i].limit_bytes, members[i].target, error);
    }
    return status;
}

static km_status take_numbers(kmi_transfer_record *record, km_error *error) {
    const json_t *root = record->root;
    int64_t seen_count = 1;
    km_status status = take_count(root, "seq", KMI_TRANSFER_SEQ_MAX, &record->seq, error);
    if (status == KM_OK) status = take_count(root, "seen_count", UINT32_MAX, &seen_count, error);
    if (status == KM_OK) status = kmi_transfer_take_share(root, "confidence", &record->candidate.confidence, error);
    if (status == KM_OK) status = kmi_transfer_take_share(root, "importance", &record->candidate.importance, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "created_at", &record->created_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "observed_at", &record->item.observed_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "last_seen_at", &record->last_seen_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "expires_at", &record->expires_at_us, error);
    if (status == KM_OK) status = kmi_transfer_take_time(root, "event_at", &record->candidate.event_at_us, error);
    record->seen_count = (uint32_t)seen_count;
    return status;
}

static km_status take_entities(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const json_t *array = json_object_get(record->root, "entities");
    if (array == NULL || json_is_null(array)) return KM_OK;
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > ENTITIES_MAX)
        return kmi_fail(error, KM_E_INVALID, "\"entities\" must be an array of at most %zu", ENTITIES_MAX);
    km_entity *entities = kmi_arena_alloc_array(reader->arena, count + 1, sizeof *entities);
    if (entities == NULL) return kmi_transfer_fail_memory(error);
    km_status status = KM_OK;
    for (size_t i = 0; status == KM_OK && i < count; i++) {
        const json_t *element = json_array_get(array, i);
        const char *name = json_string_value(json_object_get(element, "name"));
        const char *type = json_string_value(json_object_get(element, "type"));
        if (name == NULL || name[0] == '\0' || type == NULL || !kmi_transfer_is_listed(km_entity_types(), type))
            return kmi_fail(error, KM_E_INVALID, "entity %zu has no good \"name\" and \"type\"", i + 1);
        entities[i] = (km_entity){name, type};
        status = clean_text(reader, record, "name", NAME_LIMIT_BYTES, &entities[i].name, error);
    }
    record->candidate.entities = entities;
    record->candidate.entity_count = count;
    return status;
}

static km_status read_memory(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    static const char *const polarities[] = {"positive", "negative", "neutral", NULL};
    const json_t *root = record->root;
    kmi_candidate *candidate = &record->candidate;
    record->created_at_us = reader->now_us;
    candidate->confidence = candidate->importance = 0.5;
    candidate->type = "note";
    candidate->knowledge_type = "note";
    candidate->polarity = "neutral";
    km_status status = require_id(record, "id", &record->id, error);
    if (status == KM_OK) status = take_texts(reader, record, error);
    if (status == KM_OK) status = take_name(root, "type", km_memory_types(), &candidate->type, error);
    if (status == KM_OK)
        status = take_name(root, "knowledge_type", km_knowledge_types(), &candidate->knowledge_type, error);
    if (status == KM_OK) status = take_name(root, "polarity", polarities, &candidate->polarity, error);
    if (status == KM_OK) status = take_numbers(record, error);
    if (status == KM_OK)
        status = kmi_transfer_take_id(root, "superseded_by", &record->has_successor, &record->successor, error);
    if (status == KM_OK)
        status = kmi_transfer_take_id(root, "origin_task", &record->has_origin_task, &record->origin_task, error);
    if (status == KM_OK) status = take_entities(reader, record, error);
    if (status == KM_OK) status = take_metadata(reader, record, error);
    if (status == KM_OK) status = kmi_transfer_prepare(reader, record, error);
    return status;
}

/* ---- All entries ---- */

static km_status read_entry(const kmi_transfer_reader *reader, kmi_transfer_record *record, km_error *error) {
    const char *kind = NULL;
    km_status status = kmi_transfer_take_text(record->root, "record", &kind, error);
    if (status != KM_OK) return status;
    if (kind == NULL) {
        record->kind = KMI_TRANSFER_MEMORY;
        record->is_foreign = true;
        return kmi_transfer_read_foreign(reader, record, error);
    }
    if (strcmp(kind, "memory") == 0) {
        record->kind = KMI_TRANSFER_MEMORY;
        return read_memory(reader, record, error);
    }
    if (strcmp(kind, "relation") == 0) {
        record->kind = KMI_TRANSFER_RELATION;
        return read_relation(reader, record, error);
    }
    if (strcmp(kind, "header") == 0) {
        record->kind = KMI_TRANSFER_HEADER;
        return read_header(record, error);
    }
    return kmi_fail(error, KM_E_INVALID, "\"record\" must be \"header\", \"memory\" or \"relation\"");
}

km_status kmi_transfer_read(const kmi_transfer_reader *reader, kmi_slice entry, kmi_transfer_record *ret_record,
                            km_error *error) {
    kmi_transfer_record record = {0};
    kmi_arena_clear(reader->arena);
    if (entry.len > KMI_TRANSFER_ENTRY_LIMIT_BYTES)
        return kmi_fail(error, KM_E_INVALID, "the entry is %zu bytes long; the limit is %zu", entry.len,
                        KMI_TRANSFER_ENTRY_LIMIT_BYTES);
    km_status status = kmi_json_parse_object(entry, "entry", &record.root, error);
    if (status == KM_OK) status = read_entry(reader, &record, error);
    if (status != KM_OK) {
        kmi_transfer_record_deinit(&record);
        return status;
    }
    *ret_record = record;
    return KM_OK;
}

void kmi_transfer_record_deinit(kmi_transfer_record *record) {
    json_decref(record->root);
    record->root = NULL;
    kmi_prepared_deinit(&record->prepared);
}
