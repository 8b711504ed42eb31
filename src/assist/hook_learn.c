/* What is learnt from a hook, and how it is learnt once: every text has a key made of client, conversation, speaker and
 * the text itself. The same prompt that comes by an event, by the same event run twice and by the transcript is one task. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assist/decision.h"
#include "assist/hook.h"
#include "assist/path.h"
#include "assist/said.h"
#include "assist/shell_lessons.h"
#include "assist/state.h"
#include "assist/transcript.h"
#include "base/text.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/file.h"

enum {
    repeat_window_us = 3 * 1000 * 1000,
    first_read_bytes = 256 * 1024, /* of a transcript that was never seen */
    read_bytes_max = 4 * 1024 * 1024,
    items_max = 64, /* in one call of km_learn() */
    lessons_max = 3,
    decisions_max = 8,
};

/* ---- Texts ---- */

void kmi_hook_read_texts(kmi_hook *hook) {
    kmi_said_clean(kmi_path_text(hook->input, hook->event->user_text), &hook->user_text);
    kmi_said_clean(kmi_path_text(hook->input, hook->event->assistant_text), &hook->assistant_text);
    if (hook->user_text.len > 0 && kmi_said_is_slash_command(kmi_buf_slice(&hook->user_text)))
        kmi_buf_clear(&hook->user_text);
}

bool kmi_hook_may_learn(const kmi_hook *hook) {
    return hook->info.memory_exists || hook->info.origin != KM_ROOT_CURRENT;
}

bool kmi_hook_is_repeated(const kmi_hook *hook) {
    unsigned char event[KMI_HOOK_HASH_BYTES];
    kmi_hook_state state;
    kmi_slice parts[] = {kmi_slice_from(hook->event->name), kmi_path_text(hook->input, hook->client->turn),
                         kmi_buf_slice(&hook->user_text), kmi_buf_slice(&hook->assistant_text)};
    if (!hook->info.memory_exists) return false;
    kmi_hook_hash(parts, sizeof parts / sizeof parts[0], event);
    kmi_hook_state_begin(hook->info.memory_dir, hook->slot_id, &state);
    int64_t now_us = kmi_clock_now_us();
    int64_t age_us = now_us - state.slot.event_at_us;
    bool is_repeated = memcmp(state.slot.event, event, sizeof event) == 0 && age_us >= 0 && age_us < repeat_window_us;
    memcpy(state.slot.event, event, sizeof event);
    if (!is_repeated) state.slot.event_at_us = now_us;
    kmi_hook_state_end(&state);
    return is_repeated;
}

/* ---- Learning ---- */

typedef struct lessons {
    kmi_hook *hook;
    kmi_arena *arena;
    km_learn_item items[items_max];
    size_t count;
    bool is_failed; /* nothing more is taken */
    kmi_shell_lessons commands;
    size_t lesson_count, decision_count;
} lessons;

static void flush(lessons *all) {
    km_learn_result *result = NULL;
    if (all->count > 0 && !all->is_failed)
        all->is_failed = km_learn(all->hook->project, all->items, all->count, NULL, &result, NULL) != KM_OK;
    km_learn_result_free(result);
    all->count = 0;
    kmi_arena_clear(all->arena);
}

typedef enum text_kind {
    TEXT_SAID,    /* the learner decides what of it is kept */
    TEXT_LESSON,  /* a note of ours, taken as it is */
    TEXT_DECISION /* the same, and once whatever client or conversation it came from */
} text_kind;

/* Takes a text that was cleaned. */
static void add(lessons *all, const char *speaker, kmi_slice text, text_kind kind) {
    static const char *const types[] = {NULL, "solution", "decision"};
    bool is_everybodys = kind == TEXT_DECISION;
    if (text.len == 0 || all->is_failed) return;
    char *copy = kmi_arena_copy(all->arena, text);
    char *key = kmi_arena_alloc(all->arena, KMI_SAID_KEY_SIZE);
    if (copy == NULL || key == NULL) return;
    kmi_said_make_key(is_everybodys ? "" : all->hook->client->name, is_everybodys ? "" : all->hook->session, speaker,
                      text, key);
    km_learn_item item = {
        .content = copy,
        .content_len = text.len,
        .source = all->hook->client->name,
        .agent = all->hook->client->name,
        .session = all->hook->session,
        .speaker = speaker,
        .type = types[kind],
        .verbatim = kind != TEXT_SAID,
        .key = key,
    };
    if (km_learn_item_check(&item, NULL) != KM_OK) return; /* one that cannot be learnt must not hold up the others */
    all->items[all->count++] = item;
    if (all->count == items_max) flush(all);
}

static bool start(lessons *all, kmi_hook *hook) {
    *all = (lessons){.hook = hook, .arena = kmi_arena_new((size_t)256 * 1024 * 1024)};
    return all->arena != NULL;
}

static void end(lessons *all) {
    flush(all);
    kmi_arena_free(all->arena);
}

void kmi_hook_learn_texts(kmi_hook *hook) {
    lessons all;
    if (hook->user_text.len + hook->assistant_text.len == 0 || !start(&all, hook)) return;
    if (hook->user_text.len > 0) add(&all, "user", kmi_buf_slice(&hook->user_text), TEXT_SAID);
    if (hook->assistant_text.len > 0) add(&all, "assistant", kmi_buf_slice(&hook->assistant_text), TEXT_SAID);
    end(&all);
}

/* ---- The transcript ---- */

/* The file stands in the project, or in the folder that the assistant works in: a worktree shares another one's memory. */
static void take_file(lessons *all, kmi_slice path) {
    char here[PATH_MAX], note[KMI_DECISION_BYTES];
    bool is_decision = kmi_decision_take(all->hook->info.root, path, note, sizeof note) ||
                       (getcwd(here, sizeof here) != NULL && kmi_decision_take(here, path, note, sizeof note));
    if (is_decision && all->decision_count++ < decisions_max)
        add(all, "assistant", kmi_slice_from(note), TEXT_DECISION);
}

static void take_words(lessons *all, const char *speaker, kmi_slice said, bool is_users) {
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, said.len + 1);
    kmi_said_clean(said, &text);
    bool is_wanted = text.len > 0 && !(is_users && kmi_said_is_slash_command(kmi_buf_slice(&text)));
    if (is_wanted) add(all, speaker, kmi_buf_slice(&text), TEXT_SAID);
}

static bool take_item(const kmi_transcript_item *item, void *context) {
    lessons *all = context;
    char lesson[2 * KMI_SHELL_COMMAND_BYTES + 100];
    switch (item->said) {
    case KMI_SAID_BY_USER:
        take_words(all, "user", item->text, true);
        break;
    case KMI_SAID_BY_ASSISTANT:
        take_words(all, "assistant", item->text, false);
        break;
    case KMI_SAID_FILE_CREATED:
        take_file(all, item->text);
        break;
    default:
        if (kmi_shell_lessons_take(&all->commands, item, lesson, sizeof lesson) && all->lesson_count++ < lessons_max)
            add(all, "assistant", kmi_slice_from(lesson), TEXT_LESSON);
        break;
    }
    return !all->is_failed;
}

/* Opens what the input names, if it is a file of lines that is ours: the input may come from anywhere. */
static int open_transcript(const kmi_hook *hook, struct stat *ret_file) {
    kmi_slice path = kmi_path_text(hook->input, hook->client->transcript);
    if (hook->client->transcript_rows == NULL || path.len == 0 || path.ptr[0] != '/') return -1;
    if (!kmi_slice_ends_with(path, KMI_SLICE_LITERAL(".jsonl"))) return -1;
    int fd = kmi_fd_open(AT_FDCWD, path.ptr, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    bool is_good = fd >= 0 && fstat(fd, ret_file) == 0 && S_ISREG(ret_file->st_mode) && ret_file->st_uid == geteuid();
    if (!is_good) kmi_fd_close(&fd);
    return fd;
}

/* Returns: where to go on reading. */
static uint64_t find_place(const kmi_hook *hook, const struct stat *file) {
    kmi_hook_state state;
    uint64_t size = (uint64_t)file->st_size;
    kmi_hook_state_begin(hook->info.memory_dir, hook->slot_id, &state);
    bool is_known = state.slot.inode == (uint64_t)file->st_ino && state.slot.offset <= size;
    uint64_t place = state.slot.offset;
    kmi_hook_state_end(&state);
    if (is_known) return place;
    return size > first_read_bytes ? size - first_read_bytes : 0;
}

/* Offsets only rise, whoever of two readers is done first. */
static void note_place(const kmi_hook *hook, const struct stat *file, uint64_t place) {
    kmi_hook_state state;
    kmi_hook_state_begin(hook->info.memory_dir, hook->slot_id, &state);
    if (state.slot.inode != (uint64_t)file->st_ino || state.slot.offset < place) {
        state.slot.inode = (uint64_t)file->st_ino;
        state.slot.offset = place;
    }
    kmi_hook_state_end(&state);
}

static void read_from(kmi_hook *hook, int fd, const struct stat *file, uint64_t place) {
    size_t size = (size_t)((uint64_t)file->st_size - place);
    if (size > read_bytes_max) size = read_bytes_max; /* the next event goes on */
    char *bytes = size > 0 ? malloc(size) : NULL;
    lessons all;
    if (bytes == NULL || !start(&all, hook)) {
        free(bytes);
        return;
    }
    size_t len = 0;
    if (kmi_file_read_at(fd, "transcript", (off_t)place, bytes, size, &len, NULL) == KM_OK) {
        size_t used = kmi_transcript_read(hook->client->transcript_rows, (kmi_slice){bytes, len}, take_item, &all);
        flush(&all);
        if (used == 0 && len == read_bytes_max) used = len; /* one endless line: nothing in it is for us */
        if (!all.is_failed) note_place(hook, file, place + used);
    }
    end(&all);
    free(bytes);
}

void kmi_hook_learn_transcript(kmi_hook *hook, bool skip) {
    struct stat file = {0};
    if (!hook->info.memory_exists && !kmi_hook_may_learn(hook)) return;
    KMI_CLEANUP_FD int fd = open_transcript(hook, &file);
    if (fd < 0) return;
    if (skip) {
        note_place(hook, &file, (uint64_t)file.st_size);
        return;
    }
    uint64_t place = find_place(hook, &file);
    if (place < (uint64_t)file.st_size) read_from(hook, fd, &file, place);
}
