/* init and project: making a memory, and telling which one is used. */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json_out.h"

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

static void print_json(kmi_cli *cli, const km_project_info *info, const char *directory) {
    kmi_json_out out = kmi_json_out_start(&cli->out);
    kmi_json_out_object(&out, NULL);
    kmi_json_out_text(&out, "root", info->root);
    kmi_json_out_text(&out, "origin", describe_origin(info->origin)->name);
    kmi_json_out_text(&out, "memory_dir", info->memory_dir);
    kmi_json_out_bool(&out, "memory_exists", info->memory_exists);
    kmi_json_out_bool(&out, "store_exists", info->store_exists);
    kmi_json_out_text(&out, "directory", directory);
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
    if (kmi_cli_is_format(cli, "json")) {
        print_json(cli, &info, directory);
        return KMI_EXIT_OK;
    }
    kmi_buf_add_format(&cli->out, "Root:    %s\n", info.root);
    kmi_buf_add_format(&cli->out, "Chosen:  %s\n", describe_origin(info.origin)->text);
    if (directory != NULL) kmi_buf_add_format(&cli->out, "From:    %s\n", directory);
    kmi_buf_add_format(&cli->out, "Memory:  %s%s\n", info.memory_dir, info.memory_exists ? "" : " (not there yet)");
    kmi_buf_add_format(&cli->out, "Store:   %s\n", info.store_exists ? "yes" : "not yet");
    return KMI_EXIT_OK;
}
