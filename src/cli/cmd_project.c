/* init and project: making a memory, telling which one is used and why, and choosing another. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/memory_view.h"
#include "util/error.h"

int kmi_run_init(kmi_cli *cli) {
    km_error error = {0};
    km_project_info info;
    bool is_created = false;
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_project_init(cli->project, kmi_cli_has(cli, KMI_SLOT_FORCE), &is_created, &error) != KM_OK ||
        km_project_get_info(cli->project, &info, &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_bool(&out, "created", is_created);
        kmi_json_out_text(&out, "memory_dir", info.memory_dir);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
    } else if (!cli->is_quiet) {
        kmi_buf_add_format(&cli->out, "%s %s\n", is_created ? "Created" : "Nothing to do: there is", info.memory_dir);
    }
    return KMI_EXIT_OK;
}

/* Why this root: a word for JSON and one for people. */
typedef struct origin_words {
    const char *name, *text;
} origin_words;

static const origin_words *describe_origin(km_root_origin origin) {
    static const origin_words words[] = {
        [KM_ROOT_OPTION] = {"option", "--project"},
        [KM_ROOT_ENVIRONMENT] = {"environment", "KUZU_MEMORY_PROJECT"},
        [KM_ROOT_MEMORY] = {"memory", "nearest folder with kuzu-memories/"},
        [KM_ROOT_GIT] = {"git", "main worktree of the enclosing git repository"},
        [KM_ROOT_CURRENT] = {"current", "current directory"},
        [KM_ROOT_USER] = {"user", "--user: your own memory"},
        [KM_ROOT_LINK] = {"link", "chosen with \"project use\""},
    };
    return &words[origin];
}

static void print_json(kmi_cli *cli, const km_project_info *info, const char *directory, const char *user_dir) {
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "root", info->root);
    kmi_json_out_text(&out, "origin", describe_origin(info->origin)->name);
    kmi_json_out_text(&out, "memory_dir", info->memory_dir);
    kmi_json_out_bool(&out, "memory_exists", info->memory_exists);
    kmi_json_out_bool(&out, "store_exists", info->store_exists);
    kmi_json_out_text(&out, "directory", directory);
    kmi_json_out_text(&out, "linked_from", info->found_root);
    kmi_json_out_text(&out, "note", km_project_note(cli->project));
    kmi_json_out_text(&out, "user_memory", user_dir);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&cli->out, '\n');
}

int kmi_run_project(kmi_cli *cli) {
    km_error error = {0};
    km_project_info info;
    if (kmi_cli_open_reading(cli, &error) != KM_OK || km_project_get_info(cli->project, &info, &error) != KM_OK) {
        return kmi_cli_fail(&error);
    }
    char current[4096];
    const char *directory = getcwd(current, sizeof current); /* where the search began */
    km_project *user = km_project_user(cli->project);
    km_project_info own = {0};
    if (user != NULL && km_project_get_info(user, &own, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        print_json(cli, &info, directory, own.memory_dir);
        return KMI_EXIT_OK;
    }
    kmi_buf_add_format(&cli->out, "Root:    %s\n", info.root);
    kmi_buf_add_format(&cli->out, "Chosen:  %s\n", describe_origin(info.origin)->text);
    if (info.found_root != NULL) kmi_buf_add_format(&cli->out, "Linked:  %s\n", info.found_root);
    if (directory != NULL) kmi_buf_add_format(&cli->out, "From:    %s\n", directory);
    kmi_buf_add_format(&cli->out, "Memory:  %s%s\n", info.memory_dir, info.memory_exists ? "" : " (not there yet)");
    kmi_buf_add_format(&cli->out, "Store:   %s\n", info.store_exists ? "yes" : "not yet");
    if (own.memory_dir != NULL) kmi_buf_add_format(&cli->out, "Yours:   %s\n", own.memory_dir);
    const char *note = km_project_note(cli->project);
    if (note != NULL) kmi_buf_add_format(&cli->out, "Note:    %s\n", note);
    return KMI_EXIT_OK;
}

/* ---- use and merge ---- */

static uint64_t count_memories(km_project *project) {
    km_stats *stats = NULL;
    uint64_t count = km_stats_get(project, &stats, NULL) == KM_OK ? stats->memories : 0;
    km_stats_free(stats);
    return count;
}

static int refuse_user(kmi_cli *cli) {
    km_error error = {0};
    kmi_fail(&error, KM_E_INVALID, "your own memory belongs to no folder: leave out --user");
    return kmi_cli_fail_usage(cli, &error);
}

int kmi_run_project_use(kmi_cli *cli) {
    km_error error = {0};
    km_project *own = NULL;
    bool is_own = kmi_cli_has(cli, KMI_SLOT_OWN);
    if (kmi_cli_has(cli, KMI_SLOT_USER_MEMORY)) return refuse_user(cli);
    if (is_own == (cli->argument_count > 0)) {
        kmi_fail(&error, KM_E_INVALID, "name the folder whose memory is to be used, or give --own");
        return kmi_cli_fail_usage(cli, &error);
    }
    km_options options = KM_OPTIONS_INIT;
    options.project_dir = kmi_cli_text(cli, KMI_SLOT_PROJECT);
    options.ignore_link = true;
    if (km_project_open(&options, &own, &error) != KM_OK) return kmi_cli_fail(&error);
    uint64_t left = count_memories(own);
    km_status status = km_project_use(own, is_own ? NULL : cli->arguments[0], &error);
    km_project_info info;
    if (status == KM_OK) status = kmi_cli_open(cli, &error);
    if (status == KM_OK) status = km_project_get_info(cli->project, &info, &error);
    if (status == KM_OK && kmi_cli_is_format(cli, "json")) {
        print_json(cli, &info, NULL, NULL);
    } else if (status == KM_OK && !cli->is_quiet) {
        kmi_buf_add_format(&cli->out, "Uses %s\n", info.memory_dir);
        if (!is_own && left > 0 && km_project_get_info(own, &info, NULL) == KM_OK)
            kmi_cli_note(
                cli, "%" PRIu64 " memories stay unused in \"%s\": \"kuzu-memory project merge %s\" brings them over",
                left, info.memory_dir, info.root);
    }
    km_project_free(own);
    return status == KM_OK ? KMI_EXIT_OK : kmi_cli_fail(&error);
}

/* The newest of the other folder, so that a person sees whether it is the right one. */
static void preview(kmi_cli *cli, const char *dir) {
    enum { shown = 5 };
    km_options options = {.project_dir = dir, .ignore_link = true};
    km_project *other = NULL;
    km_memory_list *list = NULL;
    km_recall_query query = {.limit = shown};
    km_error error = {0};
    if (km_project_open(&options, &other, &error) == KM_OK && km_recent(other, &query, &list, &error) == KM_OK &&
        kmi_memory_add_list(cli, list->items, list->count, false, &error) != KM_OK)
        kmi_cli_message("%s", error.message);
    km_memory_list_free(list);
    km_project_free(other);
}

int kmi_run_project_merge(kmi_cli *cli) {
    km_error error = {0};
    km_merge_result result = {0};
    bool is_dry = kmi_cli_has(cli, KMI_SLOT_DRY_RUN);
    if (kmi_cli_open(cli, &error) != KM_OK) return kmi_cli_fail(&error);
    if (km_project_merge(cli->project, cli->arguments[0], is_dry, &result, &error) != KM_OK)
        return kmi_cli_fail(&error);
    if (kmi_cli_is_format(cli, "json")) {
        kmi_json_out out = kmi_json_out_start(&cli->out);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_count(&out, "merged", result.merged);
        kmi_json_out_count(&out, "duplicates", result.duplicates);
        kmi_json_out_count(&out, "waiting", result.waiting);
        kmi_json_out_text(&out, "from", result.other_dir);
        kmi_json_out_bool(&out, "dry_run", is_dry);
        kmi_json_out_object_end(&out);
        kmi_buf_add_char(&cli->out, '\n');
        return KMI_EXIT_OK;
    }
    if (cli->is_quiet) return KMI_EXIT_OK;
    if (is_dry) preview(cli, cli->arguments[0]);
    kmi_buf_add_format(&cli->out, "%s %" PRIu64 " memories of %s (%" PRIu64 " known already)\n",
                       is_dry ? "Would merge" : "Merged", result.merged, result.other_dir, result.duplicates);
    if (result.waiting > 0)
        kmi_cli_note(cli, "%" PRIu64 " texts wait in its queue: they are learnt there first, and merged too",
                     result.waiting);
    if (!is_dry && result.merged > 0)
        kmi_cli_note(cli,
                     "it keeps its own memory; to share this one from now on, run \"kuzu-memory project use\" there");
    return KMI_EXIT_OK;
}
