/* install and uninstall: our entries in assistants' configuration. What is changed is planned in src/install; here it is shown and
 * carried out. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/diff.h"
#include "cli/json_out.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "install/apply.h"
#include "util/error.h"

#define CLIENTS_MAX 32
#define ARENA_LIMIT ((size_t)512 * 1024 * 1024)

typedef struct installing {
    kmi_cli *cli;
    kmi_arena *arena;
    const char *home;
    kmi_install_where where;
    bool is_removal;
    const kmi_install_client *clients[CLIENTS_MAX];
    size_t client_count;
} installing;

/* ---- Where ---- */

static bool is_same_file(const char *a, const char *b) {
    struct stat left;
    struct stat right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* The plain name where every program finds it; else the path, since some clients start their servers with a bare PATH. */
static const char *own_name(kmi_arena *arena, km_error *error) {
    static const char *const usual[] = {"/usr/bin/kuzu-memory", "/usr/local/bin/kuzu-memory", NULL};
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0) {
        kmi_fail_errno(error, errno, "cannot tell where this program is");
        return NULL;
    }
    path[len] = '\0';
    for (const char *const *name = usual; *name != NULL; name++) {
        if (is_same_file(path, *name)) return "kuzu-memory";
    }
    const char *copy = kmi_arena_copy_text(arena, path);
    if (copy == NULL) kmi_fail(error, KM_E_NOMEM, "out of memory");
    return copy;
}

static km_status find_where(installing *run, km_error *error) {
    run->home = getenv("HOME");
    if (run->home == NULL || run->home[0] != '/')
        return kmi_fail(error, KM_E_INVALID, "HOME must be set to an absolute path");
    run->where.base = run->home;
    run->where.is_home = true;
    run->where.program = own_name(run->arena, error);
    if (run->where.program == NULL) return error->status;
    if (!kmi_cli_has(run->cli, KMI_SLOT_IN_PROJECT)) return KM_OK;
    km_project_info info;
    km_status status = kmi_cli_open_reading(run->cli, error);
    if (status == KM_OK) status = km_project_get_info(run->cli->project, &info, error);
    if (status != KM_OK) return status;
    run->where.base = kmi_arena_copy_text(run->arena, info.root);
    run->where.is_project = true;
    run->where.is_home = false;
    return run->where.base != NULL ? KM_OK : kmi_fail(error, KM_E_NOMEM, "out of memory");
}

/* ---- Which clients ---- */

static km_status fail_unknown_client(const char *name, km_error *error) {
    kmi_suggest suggest = kmi_suggest_start(name);
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS; client->name != NULL; client++)
        kmi_suggest_offer(&suggest, client->name);
    if (suggest.best != NULL)
        return kmi_fail(error, KM_E_INVALID, "unknown assistant \"%.100s\"; did you mean \"%s\"?", name, suggest.best);
    return kmi_fail(error, KM_E_INVALID, "unknown assistant \"%.100s\"; `kuzu-memory install --list` names them", name);
}

static km_status has_entries(const installing *run, const kmi_install_client *client, bool *ret_has, km_error *error) {
    static const kmi_install_kind kinds[] = {KMI_INSTALL_MCP, KMI_INSTALL_HOOK};
    *ret_has = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kmi_install_state state = KMI_INSTALL_ABSENT;
        km_status status = kmi_install_inspect(&run->where, client, kinds[i], run->arena, &state, error);
        if (status != KM_OK) return status;
        *ret_has = *ret_has || state == KMI_INSTALL_CONFIGURED || state == KMI_INSTALL_STALE;
    }
    return KM_OK;
}

static km_status choose_clients(installing *run, km_error *error) {
    for (int i = 0; i < run->cli->argument_count; i++) {
        const kmi_install_client *client = kmi_install_client_find(run->cli->arguments[i]);
        if (client == NULL) return fail_unknown_client(run->cli->arguments[i], error);
        run->clients[run->client_count++] = client;
    }
    if (run->cli->argument_count > 0) return KM_OK;
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS;
         client->name != NULL && run->client_count < CLIENTS_MAX; client++) {
        bool is_meant = kmi_install_is_present(client, run->home);
        km_status status = run->is_removal ? has_entries(run, client, &is_meant, error) : KM_OK;
        if (status != KM_OK) return status;
        if (is_meant) run->clients[run->client_count++] = client;
    }
    return KM_OK;
}

/* ---- Showing ---- */

/* The path as people write it. */
static const char *short_path(const installing *run, const char *path) {
    size_t len = strlen(run->home);
    if (len < 2 || strncmp(path, run->home, len) != 0 || path[len] != '/') return path;
    const char *text = kmi_arena_format(run->arena, "~%s", path + len);
    return text != NULL ? text : path;
}

static const char *action_of(const kmi_install_file *file) {
    if (file->problem != NULL) return "problem";
    if (file->is_removed) return "remove";
    if (kmi_slice_equal(file->before, file->after)) return "none";
    return file->exists ? "change" : "create";
}

static void show_file(const installing *run, const kmi_install_file *file) {
    kmi_cli *cli = run->cli;
    kmi_terminal terminal = kmi_cli_terminal(cli);
    const char *action = action_of(file);
    const char *path = short_path(run, file->path);
    if (strcmp(action, "none") == 0) {
        if (file->exists || !run->is_removal) kmi_buf_add_format(&cli->out, "%s: nothing to do\n", path);
    } else if (file->problem == NULL) {
        kmi_terminal_add(&terminal, &cli->out, KMI_STYLE_BOLD, path);
        kmi_buf_add_text(&cli->out, file->is_removed ? ": removed\n" : file->exists ? ":\n" : ": new file\n");
        if (!file->is_removed) kmi_diff_add(&terminal, &cli->out, file->before, file->after);
    }
}

static void show_advice(const installing *run) {
    for (size_t i = 0; i < run->client_count && !run->is_removal; i++) {
        if (run->clients[i]->advice != NULL)
            kmi_buf_add_format(&run->cli->out, "%s: %s\n", run->clients[i]->title, run->clients[i]->advice);
    }
}

static void show_json(const installing *run, const kmi_install_plan *plan, bool is_dry_run) {
    kmi_json_out out = kmi_json_out_start(&run->cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "scope", run->where.is_project ? "project" : "user");
    kmi_json_out_bool(&out, "dry_run", is_dry_run);
    kmi_json_out_array(&out, "clients");
    for (size_t i = 0; i < run->client_count; i++) {
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "name", run->clients[i]->name);
        kmi_json_out_text(&out, "advice", run->is_removal ? NULL : run->clients[i]->advice);
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_array(&out, "files");
    for (size_t i = 0; i < plan->count; i++) {
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "path", plan->files[i].path);
        kmi_json_out_text(&out, "action", action_of(&plan->files[i]));
        kmi_json_out_text(&out, "problem", plan->files[i].problem);
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&run->cli->out, '\n');
}

/* ---- Doing ---- */

/* Writes what has to be written, or removes it in the opposite order, so that folders we made are empty in the end. One file
 * that cannot be written does not stop the others. Returns: the exit code. */
static int carry_out(const installing *run, kmi_install_plan *plan, bool is_dry_run) {
    int exit_code = KMI_EXIT_OK;
    for (size_t i = 0; i < plan->count; i++) {
        kmi_install_file *file = &plan->files[run->is_removal ? plan->count - 1 - i : i];
        km_error error = {0};
        if (!is_dry_run) kmi_install_sweep(file->path);
        bool is_wanted = strcmp(action_of(file), "none") != 0 && file->problem == NULL && !is_dry_run;
        km_status status = is_wanted ? kmi_install_apply(plan, file, run->is_removal, &error) : KM_OK;
        if (status != KM_OK) {
            file->problem = kmi_arena_copy_text(run->arena, error.message);
            file->problem_status = status;
        }
        if (file->problem != NULL) {
            kmi_cli_message("%s: %s", file->path, file->problem);
            exit_code = km_status_exit_code(file->problem_status);
        }
    }
    return exit_code;
}

static km_status make_plan(const installing *run, kmi_install_plan *plan, km_error *error) {
    kmi_install_plan_init(plan, &run->where, run->arena);
    km_status status = KM_OK;
    for (size_t i = 0; i < run->client_count && status == KM_OK; i++)
        status = kmi_install_plan_add(plan, run->clients[i], run->is_removal, error);
    return status == KM_OK && run->is_removal ? kmi_install_restore(plan, error) : status;
}

static int change(installing *run) {
    km_error error = {0};
    kmi_install_plan plan;
    bool is_dry_run = kmi_cli_has(run->cli, KMI_SLOT_DRY_RUN);
    if (make_plan(run, &plan, &error) != KM_OK) return kmi_cli_fail(&error);
    if (kmi_cli_is_format(run->cli, "json")) {
        int exit_code = carry_out(run, &plan, is_dry_run);
        show_json(run, &plan, is_dry_run);
        return exit_code;
    }
    if (!run->cli->is_quiet) {
        for (size_t i = 0; i < plan.count; i++) show_file(run, &plan.files[i]);
        if (run->client_count == 0)
            kmi_buf_add_text(&run->cli->out, run->is_removal
                                                 ? "Nothing is installed here\n"
                                                 : "No assistant was found here; name one, or see --list\n");
    }
    int exit_code = carry_out(run, &plan, is_dry_run);
    if (!run->cli->is_quiet) {
        if (exit_code == KMI_EXIT_OK && !is_dry_run) show_advice(run);
        if (is_dry_run) kmi_buf_add_text(&run->cli->out, "Dry run: nothing was written\n");
    }
    return exit_code;
}

/* ---- --list and --print ---- */

static const char *state_word(kmi_install_state state) {
    static const char *const words[] = {
        [KMI_INSTALL_NOT_AVAILABLE] = "-",       [KMI_INSTALL_ABSENT] = "no",
        [KMI_INSTALL_CONFIGURED] = "yes",        [KMI_INSTALL_STALE] = "stale",
        [KMI_INSTALL_UNREADABLE] = "unreadable",
    };
    return words[state];
}

typedef struct listing {
    const char *states[2]; /* server, hooks */
} listing;

static km_status list_client(const installing *run, const kmi_install_client *client, listing *ret_listing,
                             km_error *error) {
    static const kmi_install_kind kinds[] = {KMI_INSTALL_MCP, KMI_INSTALL_HOOK};
    for (size_t i = 0; i < 2; i++) {
        kmi_install_state state = KMI_INSTALL_ABSENT;
        km_status status = kmi_install_inspect(&run->where, client, kinds[i], run->arena, &state, error);
        if (status != KM_OK) return status;
        ret_listing->states[i] = state_word(state);
    }
    return KM_OK;
}

static int list_json(installing *run) {
    km_error error = {0};
    kmi_json_out out = kmi_json_out_start(&run->cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "scope", run->where.is_project ? "project" : "user");
    kmi_json_out_array(&out, "clients");
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS; client->name != NULL; client++) {
        listing row;
        if (list_client(run, client, &row, &error) != KM_OK) return kmi_cli_fail(&error);
        kmi_json_out_object(&out, NULL);
        kmi_json_out_text(&out, "name", client->name);
        kmi_json_out_text(&out, "title", client->title);
        kmi_json_out_bool(&out, "present", kmi_install_is_present(client, run->home));
        kmi_json_out_text(&out, "server", row.states[0]);
        kmi_json_out_text(&out, "hooks", row.states[1]);
        kmi_json_out_text(&out, "checked_version", client->checked);
        kmi_json_out_object_end(&out);
    }
    kmi_json_out_array_end(&out);
    kmi_json_out_object_end(&out);
    kmi_buf_add_char(&run->cli->out, '\n');
    return KMI_EXIT_OK;
}

static int list(installing *run) {
    static const kmi_table_column columns[] = {{.title = "NAME"},
                                               {.title = "ASSISTANT", .is_flexible = true},
                                               {.title = "FOUND"},
                                               {.title = "SERVER"},
                                               {.title = "HOOKS"}};
    if (kmi_cli_is_format(run->cli, "json")) return list_json(run);
    km_error error = {0};
    km_status status = KM_OK;
    kmi_table table;
    kmi_table_init(&table, columns, sizeof columns / sizeof *columns);
    for (const kmi_install_client *client = KMI_INSTALL_CLIENTS; client->name != NULL && status == KM_OK; client++) {
        listing row = {0};
        status = list_client(run, client, &row, &error);
        const char *cells[] = {client->name, client->title, kmi_install_is_present(client, run->home) ? "yes" : "no",
                               row.states[0], row.states[1]};
        kmi_table_add(&table, cells);
    }
    kmi_terminal terminal = kmi_cli_terminal(run->cli);
    if (status == KM_OK) status = kmi_table_print(&table, &terminal, &run->cli->out);
    if (status != KM_OK && error.status == KM_OK) kmi_fail(&error, status, "cannot print the list");
    kmi_table_deinit(&table);
    return status == KM_OK ? KMI_EXIT_OK : kmi_cli_fail(&error);
}

/* What a file would hold if it held nothing else. */
static int print_snippets(installing *run) {
    km_error error = {0};
    kmi_install_plan plan;
    run->where.ignores_files = true;
    if (make_plan(run, &plan, &error) != KM_OK) return kmi_cli_fail(&error);
    for (size_t i = 0; i < plan.count; i++) {
        kmi_buf_add_format(&run->cli->out, "%s%s:\n\n%.*s", i > 0 ? "\n" : "", short_path(run, plan.files[i].path),
                           (int)plan.files[i].after.len, plan.files[i].after.ptr);
    }
    return KMI_EXIT_OK;
}

static int start(kmi_cli *cli, bool is_removal) {
    km_error error = {0};
    installing run = {.cli = cli, .is_removal = is_removal};
    if (kmi_cli_has(cli, KMI_SLOT_USER) && kmi_cli_has(cli, KMI_SLOT_IN_PROJECT)) {
        kmi_fail(&error, KM_E_INVALID, "--user and --project exclude each other");
        return kmi_cli_fail_usage(cli, &error);
    }
    run.arena = kmi_arena_new(ARENA_LIMIT);
    if (run.arena == NULL) kmi_fail(&error, KM_E_NOMEM, "out of memory");
    km_status status = run.arena != NULL ? find_where(&run, &error) : error.status;
    bool is_list = kmi_cli_has(cli, KMI_SLOT_LIST);
    if (status == KM_OK && !is_list) status = choose_clients(&run, &error);
    int exit_code = status != KM_OK                    ? kmi_cli_fail(&error)
                    : is_list                          ? list(&run)
                    : kmi_cli_has(cli, KMI_SLOT_PRINT) ? print_snippets(&run)
                                                       : change(&run);
    kmi_arena_free(run.arena);
    return exit_code;
}

int kmi_run_install(kmi_cli *cli) {
    return start(cli, false);
}

int kmi_run_uninstall(kmi_cli *cli) {
    return start(cli, true);
}
