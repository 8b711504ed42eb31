#include "import/conversation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "assist/clients.h"
#include "assist/path.h"
#include "assist/said.h"
#include "assist/transcript.h"
#include "base/json.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/uuid.h"

enum { part_bytes = 8 * 1024 * 1024, items_max = 512, sample_bytes = 100, uuid_len = 36 };
#define TEXTS_LIMIT_BYTES ((size_t)4 * 1024 * 1024)
/* What has begun is worth waiting for, as with a batch. */
#define ROOM_WAIT_MS 60000

typedef struct reading {
    km_project *project;
    kmi_conversation *conversation;
    const kmi_client *client;
    bool is_dry_run;
    char session[KM_LABEL_LIMIT_BYTES];
    kmi_arena *kept;  /* for the whole file */
    kmi_arena *arena; /* for the items in hand */
    km_learn_item items[items_max];
    size_t count;
    km_status status;
    km_error *error;
} reading;

static void flush(reading *self) {
    km_learn_options options = KM_LEARN_OPTIONS_INIT;
    km_learn_result *result = NULL;
    options.wait_ms = ROOM_WAIT_MS;
    if (self->count > 0 && self->status == KM_OK && !self->is_dry_run)
        self->status = km_learn(self->project, self->items, self->count, &options, &result, self->error);
    km_learn_result_free(result);
    self->count = 0;
    kmi_arena_clear(self->arena);
}

static void keep_sample(reading *self, kmi_slice text) {
    kmi_conversation *conversation = self->conversation;
    if (conversation->messages >= KMI_CONVERSATION_SAMPLES) return;
    char line[sample_bytes * 4];
    km_line_format(text.ptr, text.len, sample_bytes, line, sizeof line);
    conversation->samples[conversation->messages] = kmi_arena_copy_text(self->kept, line);
}

static void add(reading *self, const char *speaker, kmi_slice text, kmi_slice time) {
    char *copy = kmi_arena_copy(self->arena, text);
    char *key = kmi_arena_alloc(self->arena, KMI_SAID_KEY_SIZE);
    if (copy == NULL || key == NULL) {
        self->status = kmi_fail(self->error, KM_E_NOMEM, "out of memory while importing");
        return;
    }
    kmi_said_make_key(self->client->name, self->session, speaker, text, key);
    km_learn_item item = {
        .content = copy,
        .content_len = text.len,
        .source = self->client->name,
        .agent = self->client->name,
        .session = self->session,
        .speaker = speaker,
        .key = key,
    };
    if (kmi_time_parse(time, &item.observed_at_us, NULL) != KM_OK) item.observed_at_us = 0;
    if (km_learn_item_check(&item, NULL) != KM_OK) return; /* one that cannot be learnt must not hold up the others */
    keep_sample(self, text);
    self->conversation->messages++;
    self->items[self->count++] = item;
    if (self->count == items_max || kmi_arena_used(self->arena) > TEXTS_LIMIT_BYTES) flush(self);
}

static bool take_item(const kmi_transcript_item *item, void *context) {
    reading *self = context;
    bool is_user = item->said == KMI_SAID_BY_USER;
    if (!is_user && item->said != KMI_SAID_BY_ASSISTANT) return true;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, item->text.len + 1);
    kmi_said_clean(item->text, &text);
    if (text.len == 0 || (is_user && kmi_said_is_slash_command(kmi_buf_slice(&text)))) return true;
    add(self, is_user ? "user" : "assistant", kmi_buf_slice(&text), item->time);
    return self->status == KM_OK;
}

/* ---- The file ---- */

/* Sets what the first line says about the whole: where it took place, and its name if the file has none. Codex keeps the
 * conversations of all folders in one place. */
static void read_first(reading *self, kmi_slice bytes, kmi_slice *session) {
    static const char *const names[] = {"sessionId", "payload.id", "data.sessionId"};
    static const char *const folders[] = {"cwd", "payload.cwd", "data.context.cwd"};
    KMI_CLEANUP_JSON json_t *first = NULL;
    size_t end = kmi_slice_find(bytes, KMI_SLICE_LITERAL("\n"), 0);
    if (end != SIZE_MAX) bytes.len = end;
    if (kmi_json_parse_object(bytes, "line", &first, NULL) != KM_OK) return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kmi_slice name = kmi_path_text(first, names[i]);
        kmi_slice folder = kmi_path_text(first, folders[i]);
        kmi_slice root = kmi_slice_from(self->conversation->folder);
        bool is_inside = root.len == 0 || (kmi_slice_starts_with(folder, root) &&
                                           (folder.len == root.len || folder.ptr[root.len] == '/'));
        char *copy = name.len > 0 ? kmi_arena_copy(self->kept, name) : NULL;
        if (copy != NULL && session->len == 0) *session = (kmi_slice){copy, name.len};
        if (folder.len > 0 && !is_inside) self->conversation->is_elsewhere = true;
    }
}

/* The conversation's name, as hooks are told it: a UUID at the end of the file's name, else what the first line says. */
static void find_session(reading *self, kmi_slice bytes) {
    const char *slash = strrchr(self->conversation->path, '/');
    kmi_slice stem = kmi_slice_from(slash != NULL ? slash + 1 : self->conversation->path);
    size_t dot = kmi_slice_find(stem, KMI_SLICE_LITERAL(".jsonl"), 0);
    if (dot != SIZE_MAX) stem.len = dot;
    kmi_buf name;
    kmi_buf_init_fixed(&name, self->session, sizeof self->session);
    if (stem.len >= uuid_len) kmi_buf_add_slice(&name, kmi_slice_sub(stem, stem.len - uuid_len, uuid_len));
    kmi_uuid id;
    bool has_name = name.len > 0 && kmi_uuid_parse(self->session, &id, NULL) == KM_OK;
    kmi_slice said = KMI_SLICE_LITERAL("");
    read_first(self, bytes, &said);
    if (has_name) return;
    kmi_buf_clear(&name);
    kmi_buf_add_slice(&name, kmi_slice_sub(said.len > 0 ? said : stem, 0, sizeof self->session - 1));
}

/* Lines that are cut off or no JSON at all; the reader passes over them without a word. */
static void check_lines(kmi_conversation *conversation, kmi_slice bytes, uint64_t *line) {
    for (size_t at = 0; at < bytes.len;) {
        const char *newline = memchr(bytes.ptr + at, '\n', bytes.len - at);
        size_t len = newline != NULL ? (size_t)(newline - bytes.ptr) - at : bytes.len - at;
        kmi_slice text = kmi_slice_trim((kmi_slice){bytes.ptr + at, len});
        bool is_bad = text.len > 0 && (text.ptr[0] != '{' || text.ptr[text.len - 1] != '}');
        ++*line;
        if (is_bad && conversation->bad_count++ == 0) conversation->bad_line = *line;
        at += len + 1;
    }
}

/* Reads part after part; a line that does not end in a part begins the next one. */
static km_status read_parts(reading *self, int fd, char *bytes) {
    const char *path = self->conversation->path;
    uint64_t offset = 0, line = 0;
    for (;;) {
        size_t len = 0;
        km_status status = kmi_file_read_at(fd, path, (off_t)offset, bytes, part_bytes, &len, self->error);
        if (status != KM_OK || len == 0) return status;
        if (offset == 0) find_session(self, (kmi_slice){bytes, len});
        if (self->conversation->is_elsewhere) return KM_OK;
        bool is_last = len < part_bytes;
        if (is_last && bytes[len - 1] != '\n') bytes[len++] = '\n';
        size_t used = kmi_transcript_read(self->client->transcript_rows, (kmi_slice){bytes, len}, take_item, self);
        if (self->status != KM_OK) return self->status;
        if (used == 0) used = len; /* one endless line: nothing in it is for us */
        check_lines(self->conversation, (kmi_slice){bytes, used}, &line);
        offset += used;
        flush(self);
        if (self->status != KM_OK || is_last) return self->status;
    }
}

km_status kmi_conversation_read(km_project *project, kmi_conversation *conversation, bool dry_run, kmi_arena *arena,
                                km_error *error) {
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, conversation->path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", conversation->path);
    reading *self = calloc(1, sizeof *self);
    char *bytes = malloc(part_bytes + 1);
    kmi_arena *texts = kmi_arena_new((size_t)256 * 1024 * 1024);
    km_status status = KM_OK;
    if (self == NULL || bytes == NULL || texts == NULL) {
        status = kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    } else {
        self->project = project;
        self->conversation = conversation;
        self->client = kmi_client_find(conversation->format->client);
        self->is_dry_run = dry_run;
        self->kept = arena;
        self->arena = texts;
        self->error = error;
        status = read_parts(self, fd, bytes);
    }
    kmi_arena_free(texts);
    free(bytes);
    free(self);
    return status;
}
