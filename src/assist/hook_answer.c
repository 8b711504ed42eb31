/* What a client gets: one block of notes in the form that this client understands, or nothing at all. Clients differ in
 * what they do with keys that they do not know (one drops the whole answer), so nothing is printed that they do not read. */
#include <string.h>

#include "assist/block.h"
#include "assist/hook.h"
#include "cli/json_out.h"

enum { context_chars = 9000, digest_chars = 4000, digest_notes = 12, answer_limit_bytes = 256 * 1024, tries = 4 };

/* Fills a block of at most `chars` characters. */
typedef void (*fill_block)(kmi_block *block, const void *source);

static void add_answer(const kmi_hook *hook, kmi_slice context, kmi_buf *out) {
    kmi_json_out json = kmi_json_out_start(out);
    switch (hook->event->answer) {
    case KMI_ANSWER_NESTED:
        kmi_json_out_object(&json, NULL);
        kmi_json_out_object(&json, "hookSpecificOutput");
        kmi_json_out_text(&json, "hookEventName", hook->event->name);
        kmi_json_out_slice(&json, "additionalContext", context);
        kmi_json_out_object_end(&json);
        kmi_json_out_object_end(&json);
        break;
    case KMI_ANSWER_FLAT:
        kmi_json_out_object(&json, NULL);
        kmi_json_out_slice(&json, "additionalContext", context);
        kmi_json_out_object_end(&json);
        break;
    case KMI_ANSWER_TEXT:
        kmi_buf_add_slice(out, context);
        break;
    case KMI_ANSWER_NONE:
        return;
    }
    kmi_buf_add_char(out, '\n');
}

/* Writes the answer; where quoting makes it too long, with fewer notes. */
static void answer(const kmi_hook *hook, fill_block fill, const void *source, size_t chars, kmi_buf *out) {
    for (int i = 0; i < tries; i++) {
        KMI_CLEANUP_BUF kmi_buf context;
        KMI_CLEANUP_BUF kmi_buf text;
        kmi_buf_init(&context, answer_limit_bytes);
        kmi_buf_init(&text, answer_limit_bytes);
        kmi_block block = kmi_block_start(&context, chars);
        fill(&block, source);
        kmi_block_end(&block);
        if (block.count == 0 || kmi_buf_status(&context) != KM_OK) return;
        add_answer(hook, kmi_buf_slice(&context), &text);
        if (kmi_buf_status(&text) != KM_OK) return;
        size_t length = text.len > 0 ? kmi_utf16_length(kmi_buf_slice(&text)) : 0;
        if (length <= KMI_BLOCK_CHARS_MAX) {
            kmi_buf_add(out, text.ptr, text.len);
            return;
        }
        chars = chars * KMI_BLOCK_CHARS_MAX / length;
    }
}

/* Notes that hold whatever is asked were told when the session began. */
static bool is_standing(const km_memory *memory) {
    static const char prefix[] = "standing ";
    return memory->reason != NULL && strncmp(memory->reason, prefix, sizeof prefix - 1) == 0;
}

static void fill_relevant(kmi_block *block, const void *source) {
    const km_enhance_result *result = source;
    for (size_t i = 0; i < result->memory_count; i++) {
        if (is_standing(&result->memories[i])) continue;
        if (!kmi_block_add(block, result->memories[i].content, result->memories[i].type)) return;
    }
}

void kmi_hook_answer_prompt(kmi_hook *hook, kmi_buf *out) {
    km_enhance_result *result = NULL;
    if (hook->event->answer == KMI_ANSWER_NONE || hook->user_text.len == 0) return;
    if (km_enhance(hook->project, hook->user_text.ptr, hook->user_text.len, NULL, &result, NULL) != KM_OK) return;
    answer(hook, fill_relevant, result, context_chars, out);
    km_enhance_result_free(result);
}

static void fill_digest(kmi_block *block, const void *source) {
    const kmi_hook *hook = source;
    km_status status = kmi_block_add_digest(block, hook->project, digest_notes, NULL);
    (void)status; /* what there is so far is told */
}

void kmi_hook_answer_start(kmi_hook *hook, kmi_buf *out) {
    if (hook->event->answer == KMI_ANSWER_NONE) return;
    answer(hook, fill_digest, hook, digest_chars, out);
}
