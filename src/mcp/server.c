/* One message after the other: a call takes milliseconds, and order is worth more than threads. What a thread would buy,
 * a cancellation that overtakes, is had by reading ahead: requests that still wait are dropped when they are cancelled.
 * The one in hand is finished; its answer comes too late, as the protocol foresees.
 *
 * Batches existed in one revision only (2025-03-26), and only who agreed on that one gets them answered. */
#include "mcp/server.h"

#include <string.h>

#include "mcp/methods.h"

#define ANSWER_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

typedef enum era { ERA_SESSION = 1, ERA_STATELESS = 2, ERA_BOTH = 3 } era;

typedef struct method_row {
    const char *name;
    era era;
    bool needs_no_session;
    kmi_mcp_handle handle;
} method_row;

static const method_row methods[] = {
    {"server/discover", ERA_STATELESS, false, kmi_mcp_handle_discover},
    {"initialize", ERA_SESSION, true, kmi_mcp_handle_initialize},
    {"ping", ERA_SESSION, true, kmi_mcp_handle_ping},
    {"tools/list", ERA_BOTH, false, kmi_mcp_handle_tools_list},
    {"tools/call", ERA_BOTH, false, kmi_mcp_handle_tools_call},
    {"resources/list", ERA_BOTH, false, kmi_mcp_handle_resources_list},
    {"resources/templates/list", ERA_BOTH, false, kmi_mcp_handle_resource_templates},
    {"resources/read", ERA_BOTH, false, kmi_mcp_handle_resources_read},
};

void kmi_mcp_init(kmi_mcp *server, const kmi_cli *cli) {
    memset(server, 0, sizeof *server);
    server->cli = cli;
}

static kmi_rpc_message *waiting_at(kmi_mcp *server, size_t index) {
    return &server->waiting[(server->first + index) % KMI_MCP_WAITING_MAX];
}

void kmi_mcp_deinit(kmi_mcp *server) {
    for (size_t i = 0; i < server->count; i++) kmi_rpc_message_deinit(waiting_at(server, i));
    server->count = 0;
}

bool kmi_mcp_has_room(const kmi_mcp *server) {
    return server->count < KMI_MCP_WAITING_MAX && server->waiting_bytes < KMI_MCP_WAITING_BYTES;
}

static void cancel(kmi_mcp *server, const json_t *id) {
    if (!json_is_string(id) && !json_is_number(id)) return;
    for (size_t i = 0; i < server->count; i++) {
        kmi_rpc_message *message = waiting_at(server, i);
        if (message->kind != KMI_RPC_REQUEST || !json_equal(message->id, id)) continue;
        server->waiting_bytes -= message->size;
        kmi_rpc_message_deinit(message);
    }
}

void kmi_mcp_take(kmi_mcp *server, const kmi_frame *frame) {
    kmi_rpc_message message;
    kmi_rpc_message_read(frame, KMI_MCP_LIMIT_BYTES, &message);
    if (message.kind == KMI_RPC_NOTIFICATION || message.kind == KMI_RPC_RESPONSE) {
        if (message.method != NULL && strcmp(message.method, "notifications/cancelled") == 0)
            cancel(server, json_object_get(message.params, "requestId"));
        kmi_rpc_message_deinit(&message);
        return;
    }
    if (!kmi_mcp_has_room(server)) { /* callers ask first */
        kmi_rpc_message_deinit(&message);
        return;
    }
    *waiting_at(server, server->count) = message;
    server->count++;
    server->waiting_bytes += message.size;
}

/* ---- Which era, which method ---- */

static bool check_stateless(const json_t *meta, kmi_rpc_error *error) {
    const json_t *revision = json_object_get(meta, KMI_MCP_META_REVISION);
    if (!json_is_string(revision))
        return kmi_rpc_refuse(error, KMI_RPC_INVALID_PARAMS,
                              "invalid params: " KMI_MCP_META_REVISION " must be a string");
    if (strcmp(json_string_value(revision), KMI_MCP_STATELESS_REVISION) != 0) {
        kmi_rpc_refuse(error, KMI_RPC_UNSUPPORTED_REVISION, "unsupported protocol version");
        kmi_buf data;
        kmi_buf_init_fixed(&data, error->data, sizeof error->data);
        kmi_buf_add_text(&data, "{\"supported\":[\"" KMI_MCP_STATELESS_REVISION "\"],\"requested\":");
        size_t len = json_string_length(revision);
        kmi_buf_add_json_string(&data, (kmi_slice){json_string_value(revision), len < 64 ? len : 0});
        kmi_buf_add_char(&data, '}');
        if (kmi_buf_status(&data) != KM_OK) error->data[0] = '\0';
        return false;
    }
    if (!json_is_object(json_object_get(meta, KMI_MCP_META_CAPABILITIES)))
        return kmi_rpc_refuse(error, KMI_RPC_INVALID_PARAMS, "invalid params: _meta lacks " KMI_MCP_META_CAPABILITIES);
    return true;
}

static const method_row *find_method(const char *name, era wanted) {
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if ((methods[i].era & wanted) != 0 && strcmp(methods[i].name, name) == 0) return &methods[i];
    return NULL;
}

static bool handle(kmi_mcp *server, const kmi_rpc_message *message, kmi_json_out *result, kmi_rpc_error *error) {
    const json_t *meta = json_object_get(message->params, "_meta");
    kmi_mcp_request request = {.server = server, .params = message->params};
    request.is_stateless = json_object_get(meta, KMI_MCP_META_REVISION) != NULL;
    if (request.is_stateless && !check_stateless(meta, error)) return false;
    const method_row *method = find_method(message->method, request.is_stateless ? ERA_STATELESS : ERA_SESSION);
    bool is_known = method != NULL || find_method(message->method, ERA_BOTH) != NULL;
    if (!request.is_stateless && server->revision == NULL && is_known && (method == NULL || !method->needs_no_session))
        return kmi_rpc_refuse(error, KMI_RPC_INVALID_PARAMS,
                              "invalid params: send initialize first, or name the revision in _meta");
    if (method == NULL)
        return kmi_rpc_refuse(error, KMI_RPC_METHOD_NOT_FOUND, "method not found: %.80s", message->method);
    if (request.is_stateless) {
        kmi_json_out_text(result, "resultType", "complete");
        const json_t *client = json_object_get(meta, KMI_MCP_META_CLIENT);
        kmi_mcp_keep_client(server, json_string_value(json_object_get(client, "name")));
    }
    if (!method->handle(&request, result, error)) return false;
    if (request.is_stateless) {
        kmi_json_out_object(result, "_meta");
        kmi_mcp_add_server_info(result, KMI_MCP_META_SERVER);
        kmi_json_out_object_end(result);
    }
    return true;
}

/* ---- Answers ---- */

static void add_answer(kmi_mcp *server, const kmi_rpc_message *message, kmi_buf *buf) {
    KMI_CLEANUP_BUF kmi_buf answer;
    kmi_rpc_error error = message->error;
    kmi_buf_init(&answer, ANSWER_LIMIT_BYTES);
    if (message->kind == KMI_RPC_REQUEST) {
        kmi_json_out out = kmi_json_out_start(&answer);
        kmi_json_out_object(&out, NULL);
        kmi_rpc_add_envelope(message, &out);
        kmi_json_out_object(&out, "result");
        bool is_good = handle(server, message, &out, &error);
        kmi_json_out_object_end(&out);
        kmi_json_out_object_end(&out);
        if (is_good && kmi_buf_status(&answer) == KM_OK) {
            kmi_buf_add_slice(buf, kmi_buf_slice(&answer));
            return;
        }
        if (is_good)
            kmi_rpc_refuse(&error, KMI_RPC_INTERNAL_ERROR, "the answer does not fit into memory: ask for less");
    }
    kmi_rpc_add_error(message, &error, buf);
}

static void add_batch_answer(kmi_mcp *server, const kmi_rpc_message *batch, kmi_buf *buf) {
    size_t start = buf->len;
    for (size_t i = 0; i < json_array_size(batch->root); i++) {
        kmi_rpc_message message;
        kmi_rpc_message_read_part(json_array_get(batch->root, i), &message);
        if (message.kind != KMI_RPC_REQUEST && message.kind != KMI_RPC_INVALID) continue;
        kmi_buf_add_char(buf, buf->len == start ? '[' : ',');
        add_answer(server, &message, buf);
    }
    if (buf->len > start) kmi_buf_add_text(buf, "]\n");
}

static bool is_batch_allowed(const kmi_mcp *server, const kmi_rpc_message *message) {
    size_t count = json_array_size(message->root);
    return count > 0 && count <= KMI_MCP_WAITING_MAX && server->revision != NULL &&
           strcmp(server->revision, "2025-03-26") == 0;
}

bool kmi_mcp_answer(kmi_mcp *server, kmi_buf *buf) {
    if (server->count == 0) return false;
    kmi_rpc_message message = *waiting_at(server, 0);
    server->first = (server->first + 1) % KMI_MCP_WAITING_MAX;
    server->count--;
    server->waiting_bytes -= message.size;
    if (message.kind == KMI_RPC_BATCH && is_batch_allowed(server, &message)) {
        add_batch_answer(server, &message, buf);
    } else if (message.kind != KMI_RPC_RESPONSE) { /* what was cancelled looks like one */
        if (message.kind == KMI_RPC_BATCH)
            kmi_rpc_refuse(&message.error, KMI_RPC_INVALID_REQUEST,
                           "invalid request: batches are not part of this revision of the protocol");
        add_answer(server, &message, buf);
        kmi_buf_add_char(buf, '\n');
    }
    kmi_rpc_message_deinit(&message);
    return true;
}
