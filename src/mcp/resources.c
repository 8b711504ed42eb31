/* Memories as resources, for clients in which a person attaches them to a conversation: a digest, the newest, and any
 * one by its id. The list is fixed, so it opens nothing. */
#include <stdlib.h>
#include <string.h>

#include "assist/block.h"
#include "mcp/methods.h"
#include "mcp/tools.h"
#include "util/clock.h"

enum { hour_ms = 3600 * 1000, text_limit_bytes = 1024 * 1024, digest_notes = 20, recent_notes = 20 };

#define SCHEME "kuzu-memory://"
static const char memory_prefix[] = SCHEME "memory/";

typedef km_status (*read_resource)(km_project *project, const char *name, kmi_buf *text, km_error *error);

typedef struct resource_row {
    const char *uri, *name, *title, *description;
    read_resource read;
} resource_row;

static km_status read_digest(km_project *project, const char *name, kmi_buf *text, km_error *error) {
    (void)name;
    kmi_block block = kmi_block_start(text, KMI_BLOCK_CHARS_MAX);
    km_status status = kmi_block_add_digest(&block, project, digest_notes, error);
    kmi_block_end(&block);
    return status;
}

static km_status read_recent(km_project *project, const char *name, kmi_buf *text, km_error *error) {
    (void)name;
    km_recall_query query = {.limit = recent_notes};
    km_memory_list *list = NULL;
    km_status status = km_recent(project, &query, &list, error);
    if (status != KM_OK) return status;
    kmi_block block = kmi_block_start(text, KMI_BLOCK_CHARS_MAX);
    for (size_t i = 0; i < list->count; i++)
        if (!kmi_block_add(&block, list->items[i].content, list->items[i].type)) break;
    kmi_block_end(&block);
    km_memory_list_free(list);
    return KM_OK;
}

static km_status read_memory(km_project *project, const char *name, kmi_buf *text, km_error *error) {
    km_memory_list *list = NULL;
    km_status status = km_show(project, name, &list, error);
    if (status != KM_OK) return status;
    kmi_block block = kmi_block_start(text, KMI_BLOCK_CHARS_MAX);
    kmi_block_add(&block, list->items[0].content, list->items[0].type);
    kmi_block_end(&block);
    km_memory_list_free(list);
    return KM_OK;
}

static const resource_row resources[] = {
    {SCHEME "digest", "digest", "What holds in this project", "Rules, preferences, decisions and open statuses",
     read_digest},
    {SCHEME "recent", "recent", "Newest notes", "What was learnt last", read_recent},
};

bool kmi_mcp_handle_resources_list(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error) {
    (void)error;
    kmi_json_out_array(result, "resources");
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        kmi_json_out_object(result, NULL);
        kmi_json_out_text(result, "uri", resources[i].uri);
        kmi_json_out_text(result, "name", resources[i].name);
        kmi_json_out_text(result, "title", resources[i].title);
        kmi_json_out_text(result, "description", resources[i].description);
        kmi_json_out_text(result, "mimeType", "text/plain");
        kmi_json_out_object_end(result);
    }
    kmi_json_out_array_end(result);
    kmi_mcp_add_lifetime(request, hour_ms, true, result);
    return true;
}

bool kmi_mcp_handle_resource_templates(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error) {
    (void)error;
    kmi_json_out_array(result, "resourceTemplates");
    kmi_json_out_object(result, NULL);
    kmi_json_out_text(result, "uriTemplate", SCHEME "memory/{id}");
    kmi_json_out_text(result, "name", "memory");
    kmi_json_out_text(result, "title", "One note");
    kmi_json_out_text(result, "mimeType", "text/plain");
    kmi_json_out_object_end(result);
    kmi_json_out_array_end(result);
    kmi_mcp_add_lifetime(request, hour_ms, true, result);
    return true;
}

static bool refuse_unknown(const kmi_mcp_request *request, const char *uri, kmi_rpc_error *error) {
    kmi_rpc_refuse(error, request->is_stateless ? KMI_RPC_INVALID_PARAMS : KMI_RPC_RESOURCE_NOT_FOUND,
                   "resource not found");
    kmi_buf data;
    kmi_buf_init_fixed(&data, error->data, sizeof error->data);
    kmi_buf_add_text(&data, "{\"uri\":");
    kmi_buf_add_json_string(&data, kmi_slice_from(uri));
    kmi_buf_add_char(&data, '}');
    if (kmi_buf_status(&data) != KM_OK) error->data[0] = '\0'; /* it is too long to be given back */
    return false;
}

bool kmi_mcp_handle_resources_read(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error) {
    const char *uri = json_string_value(json_object_get(request->params, "uri"));
    if (uri == NULL) return kmi_rpc_refuse(error, KMI_RPC_INVALID_PARAMS, "invalid params: uri must be a string");
    read_resource read = NULL;
    const char *name = uri;
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++)
        if (strcmp(resources[i].uri, uri) == 0) read = resources[i].read;
    if (strncmp(uri, memory_prefix, sizeof memory_prefix - 1) == 0) {
        read = read_memory;
        name = uri + sizeof memory_prefix - 1;
    }
    if (read == NULL) return refuse_unknown(request, uri, error);
    KMI_CLEANUP_BUF kmi_buf text;
    kmi_buf_init(&text, text_limit_bytes);
    kmi_buf_add_text(&text, "");
    km_project *project = NULL;
    km_error fault = {0};
    km_status status = kmi_mcp_open_project(request->server, &project, &fault);
    if (status == KM_OK) status = read(project, name, &text, &fault);
    km_project_free(project);
    if (status == KM_E_NOT_FOUND || status == KM_E_CONFLICT || status == KM_E_INVALID)
        return refuse_unknown(request, uri, error);
    if (status != KM_OK) return kmi_rpc_refuse(error, KMI_RPC_INTERNAL_ERROR, "%s", fault.message);
    kmi_json_out_array(result, "contents");
    kmi_json_out_object(result, NULL);
    kmi_json_out_text(result, "uri", uri);
    kmi_json_out_text(result, "mimeType", "text/plain");
    kmi_json_out_slice(result, "text", text.ptr != NULL ? kmi_buf_slice(&text) : KMI_SLICE_LITERAL(""));
    kmi_json_out_object_end(result);
    kmi_json_out_array_end(result);
    kmi_mcp_add_lifetime(request, 0, false, result);
    return true;
}
