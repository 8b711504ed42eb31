/* The export is written by hand instead of through a JSON tree: the order of members is fixed, so two exports can be compared
 * with diff, and a million memories cost a million lines and no trees. Numbers and metadata go through the JSON library, which
 * knows how to write a number so that it comes back the same, whatever the locale of the calling program. */
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "api/transfer_record.h"
#include "base/json.h"
#include "util/clock.h"
#include "util/error.h"

#define LINE_LIMIT_BYTES (2 * KMI_TRANSFER_ENTRY_LIMIT_BYTES)
#define RELATIONS_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

typedef struct exporter {
    km_export_write write;
    void *context;
    kmi_buf line;
    km_status status; /* why it stopped; KM_OK while it goes on */
    km_error *error;
    /* Relations of one memory, to be written in an order that does not depend on row numbers. */
    kmi_arena *arena;
    char memory_id[KMI_UUID_TEXT_SIZE];
    size_t relation_count, relation_capacity;
    kmi_relation *relations;
} exporter;

/* ---- Members of a line ---- */

static void add_key(kmi_buf *line, const char *key) {
    kmi_buf_add_char(line, ',');
    kmi_buf_add_json_string(line, kmi_slice_from(key));
    kmi_buf_add_char(line, ':');
}

static void add_text(kmi_buf *line, const char *key, const char *text) {
    if (text == NULL) return;
    add_key(line, key);
    kmi_buf_add_json_string(line, kmi_slice_from(text));
}

static void add_time(kmi_buf *line, const char *key, int64_t time_us) {
    char text[KMI_TIME_TEXT_SIZE];
    if (time_us != 0) add_text(line, key, kmi_time_format(time_us, text));
}

static void add_integer(kmi_buf *line, const char *key, int64_t value) {
    add_key(line, key);
    kmi_buf_add_format(line, "%lld", (long long)value);
}

static void add_number(exporter *self, const char *key, double value) {
    KMI_CLEANUP_JSON json_t *number = json_real(value);
    add_key(&self->line, key);
    self->status =
        number == NULL ? kmi_transfer_fail_memory(self->error) : kmi_json_dump(number, &self->line, self->error);
}

/* Metadata may have been given over several lines. What is none, in a damaged store, must not cost the rest of the export. */
static void add_metadata(exporter *self, const char *text) {
    KMI_CLEANUP_JSON json_t *object = NULL;
    if (text == NULL || self->status != KM_OK) return;
    add_key(&self->line, "metadata");
    km_status status = kmi_json_parse_object(kmi_slice_from(text), "metadata", &object, NULL);
    if (status == KM_OK)
        self->status = kmi_json_dump(object, &self->line, self->error);
    else if (status == KM_E_INVALID)
        kmi_buf_add_json_string(&self->line, kmi_slice_from(text));
    else
        self->status = kmi_transfer_fail_memory(self->error);
}

static void add_entities(kmi_buf *line, const km_memory *memory) {
    add_key(line, "entities");
    kmi_buf_add_char(line, '[');
    for (size_t i = 0; i < memory->entity_count; i++) {
        kmi_buf_add_text(line, i == 0 ? "{\"name\":" : ",{\"name\":");
        kmi_buf_add_json_string(line, kmi_slice_from(memory->entities[i].name));
        add_text(line, "type", memory->entities[i].type);
        kmi_buf_add_char(line, '}');
    }
    kmi_buf_add_char(line, ']');
}

/* ---- Lines ---- */

static void begin_line(exporter *self, const char *record) {
    kmi_buf_clear(&self->line);
    kmi_buf_add_text(&self->line, "{\"record\":");
    kmi_buf_add_json_string(&self->line, kmi_slice_from(record));
}

/* Hands the line over. Returns false when the export is to stop. */
static bool end_line(exporter *self) {
    kmi_buf_add_char(&self->line, '}');
    if (self->status == KM_OK && kmi_buf_status(&self->line) != KM_OK)
        self->status = kmi_transfer_fail_memory(self->error);
    if (self->status != KM_OK) return false;
    if (!self->write(self->line.ptr, self->line.len, self->context))
        self->status = kmi_fail(self->error, KM_E_INTERRUPTED, "the export was stopped");
    return self->status == KM_OK;
}

static bool write_header(exporter *self, uint64_t schema_version) {
    begin_line(self, "header");
    add_text(&self->line, "format", KMI_TRANSFER_FORMAT);
    add_integer(&self->line, "version", KMI_TRANSFER_VERSION);
    add_integer(&self->line, "schema", (int64_t)schema_version);
    add_text(&self->line, "program", KM_VERSION_STRING);
    add_time(&self->line, "exported_at", kmi_clock_now_us());
    return end_line(self);
}

static bool write_memory(const km_memory *memory, void *context) {
    exporter *self = context;
    kmi_buf *line = &self->line;
    begin_line(self, "memory");
    add_text(line, "id", memory->id);
    add_integer(line, "seq", memory->seq);
    add_text(line, "content", memory->content);
    add_text(line, "type", memory->type);
    add_text(line, "memory_type", kmi_transfer_cognitive_type(memory->type));
    add_text(line, "knowledge_type", memory->knowledge_type);
    add_text(line, "polarity", memory->polarity);
    add_number(self, "confidence", memory->confidence);
    if (self->status == KM_OK) add_number(self, "importance", memory->importance);
    add_text(line, "source", memory->source);
    add_text(line, "speaker", memory->speaker);
    add_text(line, "session", memory->session);
    add_text(line, "agent", memory->agent);
    add_text(line, "user", memory->user);
    add_text(line, "key", memory->key);
    add_text(line, "origin_task", memory->origin_task);
    add_time(line, "created_at", memory->created_at_us);
    add_time(line, "observed_at", memory->observed_at_us);
    add_time(line, "last_seen_at", memory->last_seen_at_us);
    add_time(line, "expires_at", memory->expires_at_us);
    add_integer(line, "seen_count", memory->seen_count);
    add_text(line, "superseded_by", memory->superseded_by);
    add_text(line, "pattern", memory->pattern);
    add_text(line, "subject", memory->subject);
    add_text(line, "attribute", memory->attribute);
    add_text(line, "value", memory->value);
    add_text(line, "time_phrase", memory->time_phrase);
    add_time(line, "event_at", memory->event_at_us);
    add_entities(line, memory);
    add_metadata(self, memory->metadata_json);
    return end_line(self);
}

/* ---- Relations ---- */

static int compare_relations(const void *a, const void *b) {
    const kmi_relation *left = a, *right = b;
    int order = strcmp(left->from, right->from);
    if (order == 0) order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->to, right->to);
}

/* Writes the relations that were collected. */
static bool flush_relations(exporter *self) {
    if (self->relation_count > 0)
        qsort(self->relations, self->relation_count, sizeof *self->relations, compare_relations);
    for (size_t i = 0; i < self->relation_count; i++) {
        begin_line(self, "relation");
        add_text(&self->line, "memory", self->memory_id);
        add_text(&self->line, "from", self->relations[i].from);
        add_text(&self->line, "name", self->relations[i].name);
        add_text(&self->line, "to", self->relations[i].to);
        if (!end_line(self)) return false;
    }
    self->relation_count = 0;
    kmi_arena_clear(self->arena);
    return true;
}

static bool collect_relation(const kmi_relation_row *row, void *context) {
    exporter *self = context;
    if (strcmp(self->memory_id, row->memory_id) != 0) {
        if (!flush_relations(self)) return false;
        kmi_buf id;
        kmi_buf_init_fixed(&id, self->memory_id, sizeof self->memory_id);
        kmi_buf_add_text(&id, row->memory_id);
    }
    if (self->relation_count == self->relation_capacity) {
        size_t capacity = self->relation_capacity == 0 ? 16 : 2 * self->relation_capacity;
        kmi_relation *relations = reallocarray(self->relations, capacity, sizeof *relations);
        if (relations == NULL) self->status = kmi_transfer_fail_memory(self->error);
        if (relations == NULL) return false;
        self->relations = relations;
        self->relation_capacity = capacity;
    }
    kmi_relation *relation = &self->relations[self->relation_count++];
    relation->from = kmi_arena_copy_text(self->arena, row->from);
    relation->name = kmi_arena_copy_text(self->arena, row->name);
    relation->to = kmi_arena_copy_text(self->arena, row->to);
    if (relation->from == NULL || relation->name == NULL || relation->to == NULL)
        self->status = kmi_transfer_fail_memory(self->error);
    return self->status == KM_OK;
}

/* ---- All of it ---- */

static km_status export_store(exporter *self, kmi_store *store, km_error *error) {
    uint64_t schema_version = 0;
    km_status status = kmi_store_schema_version(store, &schema_version, error);
    if (status != KM_OK) return status;
    if (!write_header(self, schema_version)) return self->status;
    status = kmi_store_memory_each(store, write_memory, self, error);
    if (status == KM_OK) status = self->status;
    if (status == KM_OK) status = kmi_store_relation_each(store, collect_relation, self, error);
    if (status == KM_OK) status = self->status;
    if (status == KM_OK && !flush_relations(self)) status = self->status;
    return status;
}

static km_status export_project(exporter *self, km_project *project, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    km_status status = kmi_project_find_store(project, &store, error);
    if (status != KM_OK) return status;
    if (store == NULL) { /* an empty project gives an empty export */
        (void)write_header(self, 0);
        return self->status;
    }
    status = kmi_store_read_begin(store, error);
    if (status == KM_OK) status = export_store(self, store, error);
    kmi_store_read_end(store);
    return status;
}

km_status km_export(km_project *project, km_export_write write, void *context, km_error *error) {
    if (project == NULL || write == NULL) return kmi_fail(error, KM_E_INVALID, "project and write must not be NULL");
    exporter self = {.write = write, .context = context, .error = error, .arena = kmi_arena_new(RELATIONS_LIMIT_BYTES)};
    kmi_buf_init(&self.line, LINE_LIMIT_BYTES);
    km_status status = self.arena == NULL ? kmi_transfer_fail_memory(error) : export_project(&self, project, error);
    kmi_buf_deinit(&self.line);
    kmi_arena_free(self.arena);
    free(self.relations);
    return status;
}
