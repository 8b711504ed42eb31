/* Enhancing never fails the conversation: whatever is wrong with store or configuration ends up in `problem`, and the prompt
 * goes back unchanged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/project.h"
#include "api/result.h"
#include "base/text.h"
#include "recall/context_cache.h"
#include "recall/merge.h"
#include "recall/recall.h"
#include "util/clock.h"
#include "util/error.h"

typedef struct enhance_result {
    km_enhance_result public;
    kmi_arena *arena;
} enhance_result;

void km_enhance_result_free(km_enhance_result *public) {
    enhance_result *result = (enhance_result *)public;
    if (result == NULL) return;
    kmi_arena_free(result->arena);
    free(result);
}

static enhance_result *new_result(kmi_slice prompt) {
    enhance_result *result = calloc(1, sizeof *result);
    if (result == NULL) return NULL;
    result->arena = kmi_arena_new(KMI_RESULT_LIMIT_BYTES);
    char *copy = result->arena == NULL ? NULL : kmi_arena_copy(result->arena, prompt);
    if (copy == NULL) {
        km_enhance_result_free(&result->public);
        return NULL;
    }
    result->public.original_prompt = result->public.enhanced_prompt = copy;
    result->public.original_prompt_len = result->public.enhanced_prompt_len = prompt.len;
    return result;
}

static kmi_context_request make_request(const km_project *project, kmi_slice prompt,
                                        const km_enhance_options *options) {
    const kmi_config *config = &project->config;
    return (kmi_context_request){
        .prompt = prompt,
        .max_memories = options->max_memories != 0 ? options->max_memories : (size_t)config->recall_max_memories,
        .confidence_threshold =
            options->confidence_threshold >= 0 ? options->confidence_threshold : config->recall_confidence_threshold,
        .max_chars =
            options->max_context_chars != 0 ? options->max_context_chars : (size_t)config->recall_max_context_chars,
        .standing_memories = (size_t)config->recall_standing_memories,
        .now_us = options->now_us != 0 ? options->now_us : kmi_clock_now_us(),
    };
}

static void note_cache(km_project *project, const kmi_cache_report *report) {
    static const kmi_metric METRICS[] = {[KMI_CACHE_ASIDE] = KMI_METRIC_CACHE_ASIDE,
                                         [KMI_CACHE_HIT] = KMI_METRIC_CACHE_HITS,
                                         [KMI_CACHE_MISS] = KMI_METRIC_CACHE_MISSES};
    if (!project->config.performance_monitoring || report->use == KMI_CACHE_OFF) return;
    const kmi_metrics *metrics = kmi_project_metrics(project);
    kmi_metrics_add(metrics, METRICS[report->use], 1);
    if (report->has_evicted) kmi_metrics_add(metrics, KMI_METRIC_CACHE_EVICTIONS, 1);
}

/* How one store is asked. */
typedef struct asking {
    const kmi_context_request *request;
    int64_t deadline_us;
    uint64_t cache_bytes;
    bool explain;
} asking;

/* What one project's store gives, and the store; nothing without one. */
static km_status find_context(km_project *project, const asking *how, enhance_result *result, kmi_store **ret_store,
                              kmi_context *ret_context, km_error *error) {
    km_memory *items = NULL;
    size_t count = 0;
    km_status status = kmi_project_find_store(project, ret_store, error);
    kmi_store *store = *ret_store;
    if (status != KM_OK || store == NULL) return status;
    kmi_store_set_deadline(store, how->deadline_us);
    double confidence = 0;
    kmi_cache_place place = {.memory_dir_fd = project->memory_dir_fd, .limit_bytes = how->cache_bytes};
    kmi_cache_report report;
    if (how->explain) { /* the cache keeps what was chosen, not why */
        const km_explanation *explanation = NULL;
        status = kmi_context_choose(store, how->request, result->arena, &items, NULL, &count, &confidence, &explanation,
                                    error);
        if (result->public.explanation == NULL) result->public.explanation = explanation;
    } else {
        status =
            kmi_context_find(store, how->request, &place, result->arena, &items, &count, &confidence, &report, error);
        note_cache(project, &report);
        result->public.is_cached = status == KM_OK && report.use == KMI_CACHE_HIT;
    }
    result->public.is_degraded = status == KM_OK && !result->public.is_cached && kmi_store_was_cut_short(store);
    if (status != KM_OK || count == 0) return status;
    status = kmi_context_lines(store, items, count, how->request->now_us, result->arena, &ret_context->lines, error);
    if (status != KM_OK) return status;
    ret_context->items = items;
    ret_context->count = count;
    return KM_OK;
}

static km_status show_context(const kmi_context_request *request, const kmi_context *context, enhance_result *result,
                              km_error *error) {
    if (context->count == 0) return KM_OK;
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, request->prompt.len + request->max_chars * 8 + 65536);
    km_status status = kmi_context_render(request->prompt, context->lines, context->count, &text, error);
    if (status != KM_OK) return status;
    char *enhanced = kmi_arena_copy(result->arena, kmi_buf_slice(&text));
    if (enhanced == NULL) return kmi_fail_memory(error);
    result->public.enhanced_prompt = enhanced;
    result->public.enhanced_prompt_len = text.len;
    result->public.memories = context->items;
    result->public.lines = context->lines;
    result->public.memory_count = context->count;
    for (size_t i = 0; i < context->count; i++)
        if (context->items[i].confidence > result->public.confidence)
            result->public.confidence = context->items[i].confidence;
    return KM_OK;
}

/* Trouble with the user's own memory takes nothing away from what the project's gave. */
static km_status add_context(km_project *project, const asking *how, enhance_result *result, km_error *error) {
    KMI_CLEANUP_STORE kmi_store *store = NULL;
    KMI_CLEANUP_STORE kmi_store *users_store = NULL;
    kmi_context context = {0}, users = {0};
    km_error fault = {0};
    km_status status = find_context(project, how, result, &store, &context, error);
    if (status != KM_OK) return status;
    bool is_cached = result->public.is_cached;
    km_project *user = project->config.recall_user_memory ? km_project_user(project) : NULL;
    km_status users_status = user != NULL ? find_context(user, how, result, &users_store, &users, &fault) : KM_OK;
    if (context.count > 0) result->public.is_cached = is_cached;
    if (users_status == KM_OK && users.count > 0)
        status = kmi_context_merge(&context, store, &users, how->request, result->arena, &context, error);
    if (status == KM_OK) status = show_context(how->request, &context, result, error);
    if (status != KM_OK || users_status == KM_OK) return status;
    if (error != NULL) *error = fault;
    return kmi_fail_context(error, users_status, "your own memory");
}

static void tell_problem(km_enhance_result *result, km_status status, const char *message) {
    result->problem = status;
    snprintf(result->problem_message, sizeof result->problem_message, "%s", message);
}

static void note_time(km_project *project, int64_t elapsed_us) {
    if (!project->config.performance_monitoring) return;
    const kmi_metrics *metrics = kmi_project_metrics(project);
    kmi_metrics_observe(metrics, KMI_HISTOGRAM_ENHANCE, elapsed_us);
    kmi_series_add(metrics, KMI_SERIES_ENHANCED, 1, kmi_clock_now_us());
    if ((double)elapsed_us > project->config.performance_max_recall_time_ms * 1000)
        kmi_metrics_add(metrics, KMI_METRIC_SLOW_RECALLS, 1);
}

km_status km_enhance(km_project *project, const char *prompt, size_t prompt_len, const km_enhance_options *options,
                     km_enhance_result **ret_result, km_error *error) {
    static const km_enhance_options defaults = KM_ENHANCE_OPTIONS_INIT;
    const int64_t start_us = kmi_clock_monotonic_us();
    if (options == NULL) options = &defaults;
    if (project == NULL || prompt == NULL || ret_result == NULL)
        return kmi_fail(error, KM_E_INVALID, "project, prompt and ret_result must not be NULL");
    kmi_slice text = {prompt, prompt_len != 0 ? prompt_len : strlen(prompt)};
    enhance_result *result = new_result(text);
    if (result == NULL) return kmi_fail_memory(error);
    km_error fault = {0};
    km_status status = kmi_text_check_utf8(text, "the prompt", &fault);
    if (status == KM_OK && text.len > KM_CONTENT_LIMIT_BYTES)
        status = kmi_fail(&fault, KM_E_INVALID, "the prompt is %zu bytes long; the limit is %zu", text.len,
                          KM_CONTENT_LIMIT_BYTES);
    if (status == KM_OK && !kmi_text_is_blank(text)) {
        kmi_context_request request = make_request(project, text, options);
        int64_t deadline_us = start_us + (int64_t)(project->config.performance_enhance_timeout_seconds * 1e6);
        /* A caller with a time of its own asks about another day than the cache's. */
        int64_t cache_mb = options->now_us == 0 ? project->config.performance_cache_size_mb : 0;
        asking how = {&request, deadline_us, (uint64_t)cache_mb << 20, options->explain};
        status = add_context(project, &how, result, &fault);
    }
    if (status == KM_E_BUSY) result->public.is_degraded = true;
    result->public.elapsed_us = kmi_clock_monotonic_us() - start_us;
    if (status != KM_OK)
        tell_problem(&result->public, status, fault.message);
    else if (project->config_error.status != KM_OK)
        tell_problem(&result->public, project->config_error.status, project->config_error.message);
    note_time(project, result->public.elapsed_us);
    *ret_result = &result->public;
    return KM_OK;
}
