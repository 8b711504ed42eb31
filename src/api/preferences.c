/* The worker finds out what is a preference, but it belongs to one project and writes to one store. So with the switch on, and
 * only then, the same extraction runs here too, on texts short enough for a person to have typed them. A text with a key
 * gives statements with keys, so that what is handed over twice counts once; others may be said again, and count again. */
#include "api/preferences.h"

#include <stdio.h>
#include <string.h>

#include "api/prepare.h"
#include "api/project.h"
#include "base/hash.h"
#include "extract/extract.h"
#include "util/clock.h"
#include "util/error.h"

enum { text_bytes_max = 16 * 1024, statements_max = 64, key_hash_bytes = 16 };

typedef struct handing {
    km_project *user; /* opened when the first preference is found */
    const char *program;
    size_t count;
    km_error problem;
} handing;

static void make_key(const char *items_key, kmi_slice text, char key[2 * key_hash_bytes + 16]) {
    unsigned char digest[32];
    const kmi_slice parts[] = {kmi_slice_from(items_key), KMI_SLICE_LITERAL("\n"), text};
    kmi_hash_sha256(parts, sizeof parts / sizeof parts[0], digest);
    char *at = stpcpy(key, "preference:");
    for (size_t i = 0; i < key_hash_bytes; i++) at += snprintf(at, 3, "%02x", digest[i]);
}

static void hand_on(handing *h, const km_learn_item *item, kmi_slice text) {
    char key[2 * key_hash_bytes + 16];
    km_learn_result *result = NULL;
    km_options options = {.user_memory = true, .program = h->program};
    if (h->count == statements_max || h->problem.status != KM_OK) return;
    if (h->user == NULL && km_project_open(&options, &h->user, &h->problem) != KM_OK) return;
    km_learn_item statement = *item;
    statement.content = text.ptr;
    statement.content_len = text.len;
    statement.type = "preference";
    statement.verbatim = true;
    statement.session = NULL; /* it holds beyond it */
    if (item->key != NULL) {
        make_key(item->key, text, key);
        statement.key = key;
    }
    if (km_learn(h->user, &statement, 1, NULL, &result, &h->problem) == KM_OK) h->count++;
    km_learn_result_free(result);
}

static bool is_users(const km_learn_item *item) {
    return item->speaker == NULL || strcmp(item->speaker, "user") == 0;
}

static void look_into(handing *h, const kmi_extractor *extractor, const km_learn_item *item) {
    kmi_slice text = {item->content, item->content_len};
    kmi_extraction found = {0};
    if (item->type != NULL && strcmp(item->type, "preference") != 0) return;
    if (item->type != NULL) {
        hand_on(h, item, text);
        return;
    }
    kmi_extract_input input = {.text = text, .speaker = item->speaker, .said_at_us = kmi_clock_now_us()};
    input.is_verbatim = item->verbatim;
    if (text.len > text_bytes_max || kmi_extract(extractor, &input, &found, NULL) != KM_OK) return;
    for (size_t i = 0; i < found.candidate_count; i++)
        if (strcmp(found.candidates[i].type, "preference") == 0)
            hand_on(h, item, kmi_slice_from(found.candidates[i].content));
    kmi_extraction_deinit(&found);
}

void kmi_preferences_hand_on(km_project *project, const km_learn_item *items, size_t item_count,
                             km_learn_result *result) {
    kmi_extractor *extractor = NULL;
    KMI_CLEANUP_PREPARED kmi_prepared prepared = {0};
    handing h = {.program = project->program};
    if (!project->config.learn_user_preferences || project->origin == KM_ROOT_USER) return;
    /* Once more from the given texts to redacted ones: the others live no longer than the call that took them. */
    km_status status =
        kmi_prepare(&project->config, items, item_count, KM_PRIORITY_DEFAULT, &prepared, &result->preference_problem);
    if (status == KM_OK) status = kmi_extractor_new(NULL, &extractor, &result->preference_problem);
    for (size_t i = 0; status == KM_OK && i < prepared.item_count; i++)
        if (is_users(&prepared.items[i])) look_into(&h, extractor, &prepared.items[i]);
    kmi_extractor_free(extractor);
    km_project_free(h.user);
    result->preference_count = h.count;
    if (status == KM_OK) result->preference_problem = h.problem;
}
