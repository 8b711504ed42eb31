/* forget: what is named, or what a query finds, in the chosen memory, or with --everywhere in the user's own too. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json_out.h"
#include "util/error.h"

enum { places_max = 2 };

/* One memory, and what is to be forgotten there. */
typedef struct forget_place {
    km_project *project;
    const char **ids;
    size_t count;
    km_memory_list *found; /* by --query */
} forget_place;

typedef struct forget_plan {
    forget_place places[places_max];
    size_t place_count;
    size_t count; /* of memories in all */
} forget_plan;

static km_status fail_memory(km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while looking for memories");
}

static km_status plan_by_query(kmi_cli *cli, forget_plan *plan, km_error *error) {
    km_recall_query query = {.query = kmi_cli_text(cli, KMI_SLOT_QUERY),
                             .limit = (size_t)kmi_cli_number(cli, KMI_SLOT_LIMIT, 0)};
    for (size_t p = 0; p < plan->place_count && p < places_max; p++) {
        forget_place *place = &plan->places[p];
        km_status status = km_recall(place->project, &query, &place->found, error);
        if (status != KM_OK) return status;
        place->count = place->found->count;
        place->ids = calloc(place->count + 1, sizeof *place->ids);
        if (place->ids == NULL) return fail_memory(error);
        for (size_t i = 0; i < place->count; i++) place->ids[i] = place->found->items[i].id;
        plan->count += place->count;
    }
    return KM_OK;
}

/* Shares the ids out: each to the first memory that has it. What none has is left to the first one to complain of. */
static km_status plan_by_ids(const kmi_cli *cli, forget_plan *plan, km_error *error) {
    plan->count = (size_t)cli->argument_count;
    for (size_t p = 0; p < plan->place_count; p++) {
        plan->places[p].ids = calloc(plan->count + 1, sizeof *plan->places[p].ids);
        if (plan->places[p].ids == NULL) return fail_memory(error);
    }
    for (size_t i = 0; i < plan->count; i++) {
        size_t chosen = 0;
        for (size_t p = plan->place_count; p-- > 0 && plan->place_count > 1;) {
            km_memory_list *list = NULL;
            if (km_show(plan->places[p].project, cli->arguments[i], &list, NULL) == KM_OK) chosen = p;
            km_memory_list_free(list);
        }
        forget_place *place = &plan->places[chosen];
        place->ids[place->count++] = cli->arguments[i];
    }
    return KM_OK;
}

static void print_forgotten(kmi_cli *cli, const forget_plan *plan, km_forget_result *const *results, bool is_dry,
                            bool is_erased) {
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_count(&out, "count", plan->count);
        kmi_json_out_array(&out, "ids");
        for (size_t p = 0; p < plan->place_count; p++) {
            const km_forget_result *result = results != NULL ? results[p] : NULL;
            const char *const *ids = result != NULL ? result->ids : plan->places[p].ids;
            size_t count = result != NULL ? result->count : plan->places[p].count;
            for (size_t i = 0; i < count; i++) kmi_json_out_text(&out, NULL, ids[i]);
        }
        kmi_json_out_array_end(&out);
        kmi_json_out_bool(&out, "dry_run", is_dry);
        kmi_json_out_bool(&out, "erased", is_erased);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, is_dry ? "Would forget %zu memories%s\n" : "Forgot %zu memories%s\n", plan->count,
                           plan->place_count > 1 ? ", looking in this project's memory and in your own" : "");
    }
}

/* An id that this memory does not have may be of the other one. */
static int fail_to_find(const kmi_cli *cli, const forget_place *place, km_error *error) {
    km_project *user = kmi_cli_has(cli, KMI_SLOT_EVERYWHERE) ? NULL : km_project_user(place->project);
    for (size_t i = 0; error->status == KM_E_NOT_FOUND && user != NULL && i < place->count; i++) {
        km_memory_list *list = NULL;
        bool is_there = km_show(user, place->ids[i], &list, NULL) == KM_OK;
        km_memory_list_free(list);
        if (!is_there) continue;
        kmi_cli_message("%s; your own memory has it: add --user, or --everywhere", error->message);
        return km_status_exit_code(error->status);
    }
    return kmi_cli_fail(error);
}

/* A dry run looks every memory up, so that it fails where the real run would. */
static int dry_run(kmi_cli *cli, const forget_plan *plan) {
    km_error error = {0};
    bool is_text = !kmi_cli_is_format(cli, "json");
    kmi_terminal terminal = kmi_cli_terminal(cli);
    for (size_t p = 0; p < plan->place_count; p++) {
        const forget_place *place = &plan->places[p];
        for (size_t i = 0; i < place->count; i++) {
            km_memory_list *list = NULL;
            if (km_show(place->project, place->ids[i], &list, &error) != KM_OK) return fail_to_find(cli, place, &error);
            if (is_text && list->count > 0) {
                kmi_buf_add_format(&cli->out, "%s\t%s\t", list->items[0].id, list->items[0].type);
                kmi_terminal_add_text(&terminal, &cli->out, kmi_slice_from(list->items[0].content));
                kmi_buf_add_char(&cli->out, '\n');
            }
            km_memory_list_free(list);
        }
    }
    print_forgotten(cli, plan, NULL, true, false);
    return KMI_EXIT_OK;
}

/* Asks on the terminal. Returns: whether the answer was yes. */
static bool ask(const forget_plan *plan) {
    for (size_t p = 0; p < plan->place_count; p++) {
        const forget_place *place = &plan->places[p];
        for (size_t i = 0; i < place->count; i++)
            kmi_cli_message("would forget %s: %.200s", place->ids[i], place->found->items[i].content);
    }
    kmi_cli_message("forget these %zu memories for good? [y/N]", plan->count);
    char answer[16];
    ssize_t len = read(STDIN_FILENO, answer, sizeof answer);
    return len > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Each memory all or nothing. The second one is not begun when the first one fails. */
static int forget(kmi_cli *cli, forget_plan *plan) {
    km_error error = {0};
    km_forget_result *results[places_max] = {NULL, NULL};
    bool is_erased = true;
    int exit_code = KMI_EXIT_OK;
    size_t count = 0;
    for (size_t p = 0; p < plan->place_count && exit_code == KMI_EXIT_OK; p++) {
        forget_place *place = &plan->places[p];
        if (place->count == 0) continue;
        if (km_forget(place->project, (const char *const *)place->ids, place->count, &results[p], &error) != KM_OK) {
            if (count > 0) kmi_cli_message("%zu memories of this project are forgotten, none of your own", count);
            exit_code = fail_to_find(cli, place, &error);
            continue;
        }
        is_erased = is_erased && results[p]->is_erased;
        count += results[p]->count;
    }
    plan->count = count;
    if (exit_code == KMI_EXIT_OK) print_forgotten(cli, plan, results, false, is_erased);
    for (size_t p = 0; p < plan->place_count; p++) km_forget_result_free(results[p]);
    if (exit_code != KMI_EXIT_OK || is_erased) return exit_code;
    kmi_cli_message("the memories are gone, but an open reader keeps their words in memories.db-wal; the next "
                    "worker that finds no reader empties it");
    return KMI_EXIT_AGAIN;
}

static int run_plan(kmi_cli *cli, forget_plan *plan) {
    if (kmi_cli_has(cli, KMI_SLOT_DRY_RUN)) return dry_run(cli, plan);
    if (plan->count == 0) {
        print_forgotten(cli, plan, NULL, false, true);
        return KMI_EXIT_OK;
    }
    if (kmi_cli_has(cli, KMI_SLOT_QUERY) && !kmi_cli_has(cli, KMI_SLOT_CONFIRM)) {
        if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
            kmi_cli_message("%zu memories match: look at them with --dry-run, forget them with --confirm", plan->count);
            return KMI_EXIT_USAGE;
        }
        if (!ask(plan)) {
            kmi_cli_message("nothing was forgotten");
            return KMI_EXIT_INTERRUPTED;
        }
    }
    return forget(cli, plan);
}

static void end_plan(forget_plan *plan) {
    for (size_t p = 0; p < places_max; p++) {
        free(plan->places[p].ids);
        km_memory_list_free(plan->places[p].found);
    }
}

int kmi_run_forget(kmi_cli *cli) {
    km_error error = {0};
    bool is_query = kmi_cli_has(cli, KMI_SLOT_QUERY);
    if (is_query == (cli->argument_count > 0)) {
        kmi_fail(&error, KM_E_INVALID,
                 is_query ? "give either IDs or --query, not both" : "no memory named: give its ID, or --query");
        return kmi_cli_fail_usage(cli, &error);
    }
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    forget_plan plan = {.places = {{.project = cli->project}}, .place_count = 1};
    km_project *user = kmi_cli_has(cli, KMI_SLOT_EVERYWHERE) ? km_project_user(cli->project) : NULL;
    if (user != NULL) plan.places[plan.place_count++].project = user;
    km_status status = is_query ? plan_by_query(cli, &plan, &error) : plan_by_ids(cli, &plan, &error);
    int exit_code = status == KM_OK ? run_plan(cli, &plan) : kmi_cli_fail(&error);
    end_plan(&plan);
    return exit_code;
}
