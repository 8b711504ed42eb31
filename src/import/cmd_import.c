/* import: what other programs remember, from any number of files and folders. All files are looked at before anything is
 * stored. Exports are one transaction each, the statements of all other files together one; conversations go through the
 * queue under keys, so that an import that was interrupted can simply be run again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/json_out.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "import/conversation.h"
#include "import/files.h"
#include "import/statements.h"
#include "util/error.h"
#include "util/file.h"

enum { beginning_bytes = 256 * 1024 };
#define NOTES_LIMIT_BYTES ((size_t)64 * 1024 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1024 * 1024 * 1024)

typedef struct source_file {
    const char *path;
    bool is_named; /* itself, not only its folder */
    const kmi_import_format *format;
    kmi_statements_file statements;
    kmi_conversation conversation;
} source_file;

typedef struct importing {
    kmi_cli *cli;
    bool is_dry;
    kmi_arena *arena;
    const char *root; /* of the project */
    kmi_import_files files;
    source_file *sources;
    kmi_statements statements;
    kmi_progress progress;
    /* What came of it. */
    km_import_result result;
    uint64_t replaced, conversations, messages;
    uint64_t elsewhere; /* conversations that another folder had */
    bool has_memories;  /* something else than conversations was named */
} importing;

/* ---- Looking at files ---- */

/* The path as it is kept and shown: from the project on, else from the home directory on, else whole. */
static const char *make_label(const importing *self, const char *path) {
    char whole[PATH_MAX];
    const char *home = getenv("HOME");
    if (strcmp(path, "-") == 0) return "standard input";
    if (realpath(path, whole) == NULL) return path;
    /* A link keeps the name it was given: CLAUDE.md is not AGENTS.md, though it may point there. */
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *end = strrchr(whole, '/');
    if (end != NULL && strlen(name) < (size_t)(whole + sizeof whole - end - 1)) memcpy(end + 1, name, strlen(name) + 1);
    size_t root_len = strlen(self->root), home_len = home != NULL ? strlen(home) : 0;
    if (strncmp(whole, self->root, root_len) == 0 && whole[root_len] == '/')
        return kmi_arena_copy_text(self->arena, whole + root_len + 1);
    if (home_len > 1 && strncmp(whole, home, home_len) == 0 && whole[home_len] == '/')
        return kmi_arena_format(self->arena, "~%s", whole + home_len);
    return kmi_arena_copy_text(self->arena, whole);
}

static int64_t changed_at_us(const char *path) {
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return (int64_t)status.st_mtim.tv_sec * 1000000 + status.st_mtim.tv_nsec / 1000;
}

static km_status read_beginning(const char *path, kmi_buf *buf, km_error *error) {
    KMI_CLEANUP_FD int fd = kmi_fd_open(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0);
    if (fd < 0) return kmi_fail_errno(error, errno, "cannot open \"%s\"", path);
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return KM_OK; /* a pipe is read once, as a whole */
    char *bytes = malloc(beginning_bytes);
    size_t len = 0;
    if (bytes == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    km_status result = kmi_file_read_at(fd, path, 0, bytes, beginning_bytes, &len, error);
    if (result == KM_OK) kmi_buf_add(buf, bytes, len);
    free(bytes);
    return result;
}

static kmi_slice slice_of(const kmi_buf *buf) {
    return buf->len > 0 ? kmi_buf_slice(buf) : KMI_SLICE_LITERAL("");
}

static km_status import_export(importing *self, const source_file *source, kmi_slice text, km_error *error) {
    km_import_result result = {0};
    km_status status = km_import(self->cli->project, text.ptr, text.len, self->is_dry, &result, error);
    if (status != KM_OK) return status;
    self->result.imported += result.imported;
    self->result.duplicates += result.duplicates;
    self->result.rejected += result.rejected;
    if (result.rejected == 0) return KM_OK;
    const char *name = kmi_input_name(source->path);
    kmi_cli_message("line %" PRIu64 " of \"%s\": %s", result.first_bad_line, name, result.first_bad_reason);
    kmi_cli_message("%" PRIu64 " entries of \"%s\" were rejected", result.rejected, name);
    return KM_OK;
}

static km_status read_statements(importing *self, source_file *source, kmi_slice text, km_error *error) {
    kmi_statements_file *file = &source->statements;
    *file = (kmi_statements_file){
        .label = make_label(self, source->path), .format = source->format, .changed_us = changed_at_us(source->path)};
    if (file->label == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    km_status status = kmi_statements_read(&self->statements, text, file, error);
    if (status != KM_OK) return status;
    self->replaced += file->replacing;
    self->result.rejected += file->bad_count;
    const char *name = kmi_input_name(source->path);
    if (file->bad_count > 0) kmi_cli_message("line %" PRIu64 " of \"%s\": %s", file->bad_line, name, file->bad_reason);
    if (file->bad_count > 1) kmi_cli_message("%zu lines of \"%s\" were rejected", file->bad_count, name);
    return KM_OK;
}

/* Finds out what a file is, and reads it if it holds statements. */
static km_status look_at(importing *self, source_file *source, km_error *error) {
    const char *forced = kmi_cli_text(self->cli, KMI_SLOT_FROM);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, KMI_FILE_LIMIT_BYTES);
    bool is_input = strcmp(source->path, "-") == 0;
    km_status status = is_input ? kmi_input_file("-", &text, error) : read_beginning(source->path, &text, error);
    if (status != KM_OK) return status;
    bool is_whole = is_input || (text.len > 0 && text.len < beginning_bytes);
    if (!is_whole && text.len == 0) status = kmi_input_file(source->path, &text, error); /* a pipe */
    is_whole = is_whole || text.len != beginning_bytes;
    source->format =
        forced != NULL ? kmi_import_format_find(forced) : kmi_import_format_detect(source->path, slice_of(&text));
    if (status != KM_OK) return status;
    if (source->format->kind == KMI_IMPORT_CONVERSATION) {
        if (is_input)
            return kmi_fail(error, KM_E_INVALID, "a conversation cannot come from standard input: name its file");
        source->conversation = (kmi_conversation){.path = source->path, .format = source->format};
        if (!source->is_named) source->conversation.folder = self->root;
        return KM_OK;
    }
    self->has_memories = true;
    if (source->format->kind == KMI_IMPORT_NOTES) {
        if (!is_whole) {
            kmi_buf_deinit(&text);
            kmi_buf_init(&text, NOTES_LIMIT_BYTES);
            status = kmi_input_file(source->path, &text, error);
        }
        return status == KM_OK ? read_statements(self, source, slice_of(&text), error) : status;
    }
    if (!is_whole) {
        kmi_buf_clear(&text);
        status = kmi_input_file(source->path, &text, error);
    }
    return status == KM_OK ? import_export(self, source, slice_of(&text), error) : status;
}

/* ---- Doing ---- */

static km_status import_statements(importing *self, km_error *error) {
    km_import_result result = {0};
    if (self->statements.count == 0) return KM_OK;
    km_status status = kmi_statements_import(&self->statements, self->is_dry, &result, error);
    if (status != KM_OK) return status;
    self->result.imported += result.imported;
    self->result.duplicates += result.duplicates;
    self->result.rejected += result.rejected;
    if (result.rejected == 0 || result.first_bad_line > self->statements.count) return KM_OK;
    const kmi_statements_place *place = &self->statements.places[result.first_bad_line - 1];
    kmi_cli_message("line %" PRIu64 " of \"%s\": %s", place->line, place->file->label, result.first_bad_reason);
    return KM_OK;
}

static km_status learn_conversations(importing *self, km_error *error) {
    km_status status = KM_OK;
    uint64_t done = 0;
    for (size_t i = 0; i < self->files.count && status == KM_OK; i++) {
        source_file *source = &self->sources[i];
        kmi_conversation *conversation = &source->conversation;
        if (source->format->kind != KMI_IMPORT_CONVERSATION) continue;
        if (*self->progress.stop > 0) return kmi_fail(error, KM_E_INTERRUPTED, "interrupted; run it again to go on");
        status = kmi_conversation_read(self->cli->project, conversation, self->is_dry, self->arena, error);
        self->conversations += conversation->messages > 0;
        self->elsewhere += conversation->is_elsewhere;
        self->messages += conversation->messages;
        self->result.rejected += conversation->bad_count;
        if (conversation->bad_count > 0)
            kmi_cli_message("line %" PRIu64 " of \"%s\" is no JSON object", conversation->bad_line, conversation->path);
        if (!kmi_progress_step("conversations", ++done, self->files.count, &self->progress))
            return kmi_fail(error, KM_E_INTERRUPTED, "interrupted; run it again to go on");
    }
    return status;
}

static km_status import_all(importing *self, km_error *error) {
    km_status status = KM_OK;
    for (size_t i = 0; i < self->files.count && status == KM_OK; i++) {
        self->sources[i].path = self->files.items[i].path;
        self->sources[i].is_named = self->files.items[i].is_named;
        status = look_at(self, &self->sources[i], error);
    }
    if (status == KM_OK) status = import_statements(self, error);
    return status == KM_OK ? learn_conversations(self, error) : status;
}

/* ---- Telling ---- */

static void show_samples(importing *self, const char *const *samples, size_t count, uint64_t all) {
    kmi_terminal terminal = kmi_cli_terminal(self->cli);
    char line[400];
    for (size_t i = 0; i < count && samples[i] != NULL; i++) {
        km_line_format(samples[i], strlen(samples[i]), 90, line, sizeof line);
        kmi_buf_add_text(&self->cli->out, "    ");
        kmi_terminal_add(&terminal, &self->cli->out, KMI_STYLE_DIM, line);
        kmi_buf_add_char(&self->cli->out, '\n');
    }
    if (all > count) kmi_buf_add_text(&self->cli->out, "    …\n");
}

/* What a dry run shows on a terminal: file by file, with the first lines of each. */
static void show_files(importing *self) {
    for (size_t i = 0; i < self->files.count; i++) {
        const source_file *source = &self->sources[i];
        const kmi_statements_file *file = &source->statements;
        kmi_buf_add_format(&self->cli->out, "%s: %s", kmi_input_name(source->path), source->format->title);
        if (source->format->kind == KMI_IMPORT_NOTES) {
            kmi_buf_add_format(&self->cli->out, ", %zu %s\n", file->count,
                               file->count == 1 ? "statement" : "statements");
            show_samples(self, file->samples, KMI_STATEMENTS_SAMPLES, file->count);
        } else if (source->format->kind == KMI_IMPORT_CONVERSATION) {
            kmi_buf_add_format(&self->cli->out, ", %" PRIu64 " messages\n", source->conversation.messages);
            show_samples(self, source->conversation.samples, KMI_CONVERSATION_SAMPLES, source->conversation.messages);
        } else {
            kmi_buf_add_char(&self->cli->out, '\n');
        }
    }
}

static void show_json(importing *self) {
    kmi_json_out out = kmi_json_out_start(&self->cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_count(&out, "imported", self->result.imported);
    kmi_json_out_count(&out, "duplicates", self->result.duplicates);
    kmi_json_out_count(&out, "rejected", self->result.rejected);
    kmi_json_out_count(&out, "replaced", self->replaced);
    kmi_json_out_count(&out, "conversations", self->conversations);
    kmi_json_out_count(&out, "messages", self->messages);
    kmi_json_out_count(&out, "elsewhere", self->elsewhere);
    kmi_json_out_bool(&out, "dry_run", self->is_dry);
    kmi_json_out_array(&out, "files");
    for (size_t i = 0; i < self->files.count; i++) {
        const source_file *source = &self->sources[i];
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "path", source->path);
        kmi_json_out_text(&out, "format", source->format->name);
        if (source->format->kind == KMI_IMPORT_NOTES) {
            kmi_json_out_count(&out, "statements", source->statements.count);
            kmi_json_out_count(&out, "gone", source->statements.gone);
        } else if (source->format->kind == KMI_IMPORT_CONVERSATION) {
            kmi_json_out_count(&out, "messages", source->conversation.messages);
        }
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&self->cli->out, '\n');
}

static void show_text(importing *self) {
    kmi_buf *out = &self->cli->out;
    if (self->is_dry && kmi_cli_terminal(self->cli).is_terminal) show_files(self);
    if (self->has_memories)
        kmi_buf_add_format(out, "%s %" PRIu64 " memories (%" PRIu64 " known already, %" PRIu64 " rejected)\n",
                           self->is_dry ? "Would import" : "Imported", self->result.imported, self->result.duplicates,
                           self->result.rejected);
    if (self->replaced > 0)
        kmi_buf_add_format(out, "Of these for what the same file said before: %" PRIu64 "\n", self->replaced);
    if (self->conversations > 0 || !self->has_memories)
        kmi_buf_add_format(out, "%s %" PRIu64 " messages of %" PRIu64 " conversations%s\n",
                           self->is_dry ? "Would learn" : "Learning", self->messages, self->conversations,
                           self->is_dry ? "" : " in the background");
}

static void tell_rest(const importing *self) {
    if (self->elsewhere > 0)
        kmi_cli_note(self->cli,
                     "%" PRIu64 " conversations in other folders were passed over; name a file to learn it here",
                     self->elsewhere);
    for (size_t i = 0; i < self->files.count; i++) {
        const kmi_statements_file *file = &self->sources[i].statements;
        if (file->gone == 0) continue;
        kmi_cli_note(self->cli,
                     "%zu statements of an earlier import no longer stand in \"%s\"; they are kept: see `kuzu-memory "
                     "recent --source \"%s\"`",
                     file->gone, file->label, file->source);
    }
}

/* ---- The command ---- */

static km_status prepare(importing *self, km_error *error) {
    kmi_cli *cli = self->cli;
    km_project_info info;
    km_status status = KM_OK;
    self->arena = self->files.arena = kmi_arena_new(ARENA_LIMIT_BYTES);
    if (self->arena == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    for (int i = 0; i < cli->argument_count && status == KM_OK; i++)
        status = kmi_import_files_add(&self->files, cli->arguments[i], error);
    if (status != KM_OK) return status;
    self->sources = kmi_arena_alloc_array(self->arena, self->files.count, sizeof *self->sources);
    if (self->sources == NULL) return kmi_fail(error, KM_E_NOMEM, "out of memory while importing");
    status = kmi_cli_open(cli, error);
    if (status == KM_OK) status = km_project_get_info(cli->project, &info, error);
    if (status == KM_OK) status = kmi_statements_init(&self->statements, cli->project, self->arena, error);
    if (status != KM_OK) return status;
    self->root = info.root;
    self->progress = kmi_progress_start(cli, "bytes");
    self->progress.stop = kmi_signals_watch();
    km_project_set_progress(cli->project, kmi_progress_step, &self->progress);
    return KM_OK;
}

int kmi_run_import(kmi_cli *cli) {
    km_error error = {0};
    importing self = {.cli = cli, .is_dry = kmi_cli_has(cli, KMI_SLOT_DRY_RUN)};
    km_status status = prepare(&self, &error);
    if (status == KM_OK) status = import_all(&self, &error);
    int exit_code = KMI_EXIT_OK;
    if (status != KM_OK) {
        exit_code = kmi_cli_fail(&error);
    } else {
        kmi_progress_end(&self.progress, self.progress.total, self.progress.total);
        if (kmi_cli_is_format(cli, "json"))
            show_json(&self);
        else if (!cli->is_quiet)
            show_text(&self);
        tell_rest(&self);
        if (self.result.rejected > 0) exit_code = KMI_EXIT_USAGE;
    }
    if (cli->project != NULL) km_project_set_progress(cli->project, NULL, NULL);
    kmi_statements_deinit(&self.statements);
    kmi_arena_free(self.arena);
    return exit_code;
}
