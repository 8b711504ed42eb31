/* transfer_record.h - one entry of an import: from JSON text to checked values. docs/formats.md describes the forms.
 *
 * An entry of our own export says what it is ("record") and is taken as it stands. Everything else that has a "content" is a
 * memory of another program, foremost of the Python kuzu-memory: it has text and origin, and is learnt from when it is
 * stored. Whatever the entry holds, reading it either succeeds or gives KM_E_INVALID with a reason without its text. */
#ifndef KMI_API_TRANSFER_RECORD_H
#define KMI_API_TRANSFER_RECORD_H

#include "api/prepare.h"
#include "base/json.h"
#include "store/store.h"

#define KMI_TRANSFER_FORMAT "kuzu-memory-export"
#define KMI_TRANSFER_VERSION 1
/* A text of the largest size with every byte escaped, and room for the rest. */
#define KMI_TRANSFER_ENTRY_LIMIT_BYTES ((size_t)8 * 1024 * 1024)
#define KMI_TRANSFER_SEQ_MAX (INT64_C(1) << 53)

typedef enum kmi_transfer_kind { KMI_TRANSFER_HEADER, KMI_TRANSFER_MEMORY, KMI_TRANSFER_RELATION } kmi_transfer_kind;

typedef struct kmi_transfer_record {
    kmi_transfer_kind kind;
    bool is_foreign;
    int64_t version; /* of a header */
    kmi_uuid id;     /* of the memory; of the memory that a relation comes from */
    kmi_relation relation;
    km_learn_item item; /* text and labels, without secrets */
    kmi_candidate
        candidate; /* of a foreign memory: knowledge_type, type (NULL), confidence and importance (negative: not given) */
    bool has_successor, has_origin_task, has_predecessor;
    kmi_uuid successor, origin_task;
    kmi_uuid predecessor; /* of a foreign memory: the one of this store that it replaces, if it is there */
    int64_t seq;          /* 0: not given */
    int64_t created_at_us, last_seen_at_us, expires_at_us;
    uint32_t seen_count;
    size_t redaction_count;

    json_t *root;          /* owns the texts that were not changed */
    kmi_prepared prepared; /* owns the others */
} kmi_transfer_record;

typedef struct kmi_transfer_reader {
    const kmi_config *config;
    kmi_arena *arena; /* for what belongs to the entry; cleared by each read */
    int64_t now_us;
} kmi_transfer_reader;

/* Reads one entry. End with kmi_transfer_record_deinit(), and before the next read with the same reader. */
km_status kmi_transfer_read(const kmi_transfer_reader *reader, kmi_slice entry, kmi_transfer_record *ret_record,
                            km_error *error) KM_MUST_CHECK;
void kmi_transfer_record_deinit(kmi_transfer_record *record);
#define KMI_CLEANUP_TRANSFER_RECORD __attribute__((cleanup(kmi_transfer_record_deinit)))

/* Returns: the name of the original for one of our types, for programs that know those names only. */
const char *kmi_transfer_cognitive_type(const char *type);

/* ---- transfer_foreign.c ---- */
/* Reads a memory of another program from record->root. */
km_status kmi_transfer_read_foreign(const kmi_transfer_reader *reader, kmi_transfer_record *record,
                                    km_error *error) KM_MUST_CHECK;

/* ---- Members of an entry, for both kinds: absent and null leave the target as it is ---- */
km_status kmi_transfer_take_text(const json_t *root, const char *key, const char **target,
                                 km_error *error) KM_MUST_CHECK;
km_status kmi_transfer_take_share(const json_t *root, const char *key, double *target, km_error *error) KM_MUST_CHECK;
km_status kmi_transfer_take_time(const json_t *root, const char *key, int64_t *target, km_error *error) KM_MUST_CHECK;
km_status kmi_transfer_take_id(const json_t *root, const char *key, bool *ret_is_given, kmi_uuid *target,
                               km_error *error) KM_MUST_CHECK;
/* Checks and cleans item: limits, UTF-8, secrets. */
km_status kmi_transfer_prepare(const kmi_transfer_reader *reader, kmi_transfer_record *record,
                               km_error *error) KM_MUST_CHECK;
/* True if `name` is in the NULL-terminated list. */
bool kmi_transfer_is_listed(const char *const *list, const char *name);
km_status kmi_transfer_fail_memory(km_error *error);

#endif
