#include "import/statements.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "cli/json_out.h"
#include "import/similar.h"
#include "util/error.h"
#include "util/uuid.h"

#define ENTRIES_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)
enum { generations_max = 64, pairs_max = 4000000 };
/* Below these a new statement is another one: with the same heading, and anywhere in the file. */
static const double likeness_near = 0.35, likeness_far = 0.6;

typedef struct stored { /* a statement of an earlier import */
    char id[KMI_UUID_TEXT_SIZE];
    kmi_slice content, heading;
    kmi_word_set words;
    bool is_superseded, is_seen, is_taken;
} stored;

typedef struct found { /* a statement of the file */
    kmi_slice text, heading;
    const char *type;
    uint64_t line;
    char id[KMI_UUID_TEXT_SIZE];
    bool is_known;
    const stored *replaces;
    double likeness;
} found;

typedef struct comparing {
    kmi_statements *all;
    kmi_statements_file *file;
    found *items;
    size_t count, capacity;
    stored *before; /* by id */
    size_t before_count;
    km_memory_list *list;
    km_status status;
} comparing;

km_status kmi_statements_init(kmi_statements *all, km_project *project, kmi_arena *arena, km_error *error) {
    km_project_info info;
    *all = (kmi_statements){.project = project, .arena = arena};
    kmi_buf_init(&all->entries, ENTRIES_LIMIT_BYTES);
    km_status status = km_project_get_info(project, &info, error);
    if (status == KM_OK) all->reading.project = kmi_slice_from(info.root);
    return status;
}

void kmi_statements_deinit(kmi_statements *all) {
    kmi_buf_deinit(&all->entries);
    free(all->places);
    all->places = NULL;
}

/* ---- What the file says ---- */

static void note_bad(comparing *self, uint64_t line, const char *reason) {
    kmi_statements_file *file = self->file;
    if (file->bad_count++ > 0) return;
    file->bad_line = line;
    file->bad_reason = kmi_arena_copy_text(self->all->arena, reason);
}

static bool take_note(const kmi_note *note, const char *problem, void *context) {
    comparing *self = context;
    if (problem != NULL) {
        note_bad(self, note->line, problem);
        return true;
    }
    if (self->count == KMI_STATEMENTS_MAX) {
        note_bad(self, note->line, "more than 100000 statements in one file");
        return false;
    }
    if (self->count == self->capacity) {
        size_t capacity = self->capacity == 0 ? 64 : 2 * self->capacity;
        found *items = reallocarray(self->items, capacity, sizeof *items);
        if (items == NULL) self->status = KM_E_NOMEM;
        if (items == NULL) return false;
        self->items = items;
        self->capacity = capacity;
    }
    found *item = &self->items[self->count];
    char *text = kmi_arena_copy(self->all->arena, note->text);
    char *heading = kmi_arena_copy(self->all->arena, note->heading);
    if (text == NULL || heading == NULL) self->status = KM_E_NOMEM;
    if (text == NULL || heading == NULL) return false;
    *item = (found){.text = {text, note->text.len},
                    .heading = {heading, note->heading.len},
                    .type = note->type,
                    .line = note->line};
    if (self->count < KMI_STATEMENTS_SAMPLES) self->file->samples[self->count] = text;
    self->count++;
    return true;
}

/* ---- What it said before ---- */

static int compare_by_id(const void *a, const void *b) {
    return strcmp(((const stored *)a)->id, ((const stored *)b)->id);
}

/* Gets "file" and "heading" of the metadata. Returns: false when the memory is not of this file. */
static bool is_of_file(comparing *self, const km_memory *memory, stored *ret_stored) {
    KMI_CLEANUP_JSON json_t *metadata = NULL;
    if (memory->metadata_json == NULL) return false;
    kmi_slice text = kmi_slice_from(memory->metadata_json);
    if (kmi_json_parse_object(text, "metadata", &metadata, NULL) != KM_OK) return false;
    const char *file = json_string_value(json_object_get(metadata, "file"));
    const char *heading = json_string_value(json_object_get(metadata, "heading"));
    if (file == NULL || strcmp(file, self->file->label) != 0) return false;
    *ret_stored = (stored){.content = kmi_slice_from(memory->content), .is_superseded = memory->superseded_by != NULL};
    strncpy(ret_stored->id, memory->id, sizeof ret_stored->id - 1);
    char *copy = kmi_arena_copy_text(self->all->arena, heading != NULL ? heading : "");
    if (copy != NULL) ret_stored->heading = kmi_slice_from(copy);
    return true;
}

static km_status read_before(comparing *self, km_error *error) {
    km_recall_query query = {.limit = KMI_STATEMENTS_MAX, .source = self->file->source, .include_superseded = true};
    km_status status = km_recent(self->all->project, &query, &self->list, error);
    if (status != KM_OK) return status;
    self->before = calloc(self->list->count + 1, sizeof *self->before);
    if (self->before == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    for (size_t i = 0; i < self->list->count; i++)
        if (is_of_file(self, &self->list->items[i], &self->before[self->before_count])) self->before_count++;
    qsort(self->before, self->before_count, sizeof *self->before, compare_by_id);
    return KM_OK;
}

static stored *find_before(const comparing *self, const char *id) {
    stored wanted;
    strncpy(wanted.id, id, sizeof wanted.id);
    return bsearch(&wanted, self->before, self->before_count, sizeof *self->before, compare_by_id);
}

/* A statement that came, went, and came back is a new one: the generation counts how often. */
static void identify(comparing *self, found *item) {
    for (unsigned generation = 0; generation < generations_max; generation++) {
        char number[16];
        kmi_buf text;
        unsigned char digest[32];
        kmi_buf_init_fixed(&text, number, sizeof number);
        kmi_buf_add_format(&text, "\n%u\n", generation);
        kmi_slice parts[] = {KMI_SLICE_LITERAL("kuzu-memory import note\n"),
                             kmi_slice_from(self->file->source),
                             KMI_SLICE_LITERAL("\n"),
                             kmi_slice_from(self->file->label),
                             kmi_buf_slice(&text),
                             item->text};
        kmi_hash_sha256(parts, sizeof parts / sizeof parts[0], digest);
        kmi_uuid id = kmi_uuid_from_hash(digest);
        kmi_uuid_format(&id, item->id);
        stored *before = find_before(self, item->id);
        if (before != NULL && before->is_superseded) continue;
        if (before != NULL) before->is_seen = true;
        item->is_known = before != NULL;
        return;
    }
}

/* ---- What became of it ---- */

static double measure(const comparing *self, const found *item, const kmi_word_set *words, const stored *before) {
    if (self->file->format->is_one_statement && self->count == 1) return 1;
    double likeness = kmi_word_set_overlap(words, &before->words);
    bool is_near = kmi_slice_equal(item->heading, before->heading);
    return likeness >= (is_near ? likeness_near : likeness_far) ? likeness : 0;
}

/* Pairs what is new with what is gone, greedily in the order of the file. */
static void pair(comparing *self) {
    size_t gone = 0, fresh = 0;
    for (size_t i = 0; i < self->before_count; i++) {
        stored *before = &self->before[i];
        before->is_taken = before->is_superseded || before->is_seen;
        if (before->is_taken) continue;
        before->words = kmi_word_set_of(before->content);
        gone++;
    }
    for (size_t i = 0; i < self->count; i++) fresh += !self->items[i].is_known;
    bool is_possible = fresh == 0 || gone <= pairs_max / fresh;
    for (size_t i = 0; i < self->count && gone > 0 && is_possible; i++) {
        found *item = &self->items[i];
        if (item->is_known) continue;
        kmi_word_set words = kmi_word_set_of(item->text);
        stored *best = NULL;
        for (size_t k = 0; k < self->before_count; k++) {
            stored *before = &self->before[k];
            double likeness = before->is_taken ? 0 : measure(self, item, &words, before);
            if (likeness <= item->likeness) continue;
            item->likeness = likeness;
            best = before;
        }
        if (best == NULL) continue;
        best->is_taken = true;
        item->replaces = best;
        self->file->replacing++;
        gone--;
    }
    self->file->gone = gone;
}

/* ---- Entries ---- */

static void add_entry(comparing *self, const found *item) {
    kmi_statements *all = self->all;
    kmi_json_out out = kmi_json_out_start(&all->entries);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "id", item->id);
    kmi_json_out_slice(&out, "content", item->text);
    kmi_json_out_text(&out, "source", self->file->source);
    if (item->type != NULL) kmi_json_out_text(&out, "type", item->type);
    if (self->file->changed_us != 0) kmi_json_out_time(&out, "observed_at", self->file->changed_us);
    if (item->replaces != NULL) kmi_json_out_text(&out, "supersedes", item->replaces->id);
    kmi_json_out_object(&out, "metadata");
    kmi_json_out_text(&out, "file", self->file->label);
    if (item->heading.len > 0) kmi_json_out_slice(&out, "heading", item->heading);
    kmi_json_out_object_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&all->entries, '\n');
    all->places[all->count++] = (kmi_statements_place){self->file, item->line};
}

static km_status add_entries(comparing *self, km_error *error) {
    kmi_statements *all = self->all;
    size_t wanted = all->count + self->count + 1;
    kmi_statements_place *places = reallocarray(all->places, wanted, sizeof *places);
    if (places == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory");
    all->places = places;
    for (size_t i = 0; i < self->count; i++) add_entry(self, &self->items[i]);
    if (kmi_buf_status(&all->entries) == KM_OK) return KM_OK;
    return kmi_fail(error, KM_E_NOMEM, "too much for one import: name fewer files");
}

km_status kmi_statements_read(kmi_statements *all, kmi_slice text, kmi_statements_file *file, km_error *error) {
    comparing self = {.all = all, .file = file};
    file->source = file->format->source != NULL ? file->format->source : file->label;
    (void)file->format->read(text, &all->reading, take_note, &self);
    file->count = self.count;
    km_status status = self.status == KM_OK ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    if (status == KM_OK) status = read_before(&self, error);
    if (status == KM_OK) {
        for (size_t i = 0; i < self.count; i++) identify(&self, &self.items[i]);
        pair(&self);
        status = add_entries(&self, error);
    }
    km_memory_list_free(self.list);
    free(self.before);
    free(self.items);
    return status;
}

km_status kmi_statements_import(const kmi_statements *all, bool dry_run, km_import_result *ret_result,
                                km_error *error) {
    kmi_slice text = all->entries.len > 0 ? kmi_buf_slice(&all->entries) : KMI_SLICE_LITERAL("");
    return km_import(all->project, text.ptr, text.len, dry_run, ret_result, error);
}
