/* What is a request, what a notification, what neither. Ids are strings or numbers; null is refused, as the protocol
 * wants it, although JSON-RPC would take it. */
#include "mcp/rpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool kmi_rpc_refuse(kmi_rpc_error *error, int code, const char *format, ...) {
    va_list arguments;
    error->code = code;
    error->data[0] = '\0';
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

static void make_invalid(kmi_rpc_message *message, int code, const char *text) {
    message->kind = KMI_RPC_INVALID;
    kmi_rpc_refuse(&message->error, code, "%s", text);
}

static void read_object(kmi_rpc_message *message) {
    json_t *root = message->root;
    json_t *version = json_object_get(root, "jsonrpc");
    json_t *method = json_object_get(root, "method");
    json_t *id = json_object_get(root, "id");
    message->params = json_object_get(root, "params");
    bool is_id_good = json_is_string(id) || json_is_number(id);
    if (is_id_good) message->id = id;
    if (method == NULL && (json_object_get(root, "result") != NULL || json_object_get(root, "error") != NULL)) {
        message->kind = KMI_RPC_RESPONSE;
        return;
    }
    if (id != NULL && !is_id_good) {
        make_invalid(message, KMI_RPC_INVALID_REQUEST, "invalid request: id must be a string or a number");
    } else if (!json_is_string(method)) {
        make_invalid(message, KMI_RPC_INVALID_REQUEST, "invalid request: there is no method");
    } else if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0) {
        make_invalid(message, KMI_RPC_INVALID_REQUEST, "invalid request: jsonrpc must be \"2.0\"");
    } else if (message->params != NULL && !json_is_object(message->params)) {
        make_invalid(message, KMI_RPC_INVALID_PARAMS, "invalid params: they must be an object");
    } else {
        message->method = json_string_value(method);
        message->kind = id != NULL ? KMI_RPC_REQUEST : KMI_RPC_NOTIFICATION;
    }
    /* A broken notification has nobody who waits for an answer, unless it is not even clear that it is one. */
    if (message->kind == KMI_RPC_INVALID && id == NULL && json_is_string(method)) message->kind = KMI_RPC_NOTIFICATION;
}

static void read_root(kmi_rpc_message *message) {
    if (json_is_object(message->root)) {
        read_object(message);
    } else if (json_is_array(message->root)) {
        message->kind = KMI_RPC_BATCH;
    } else {
        make_invalid(message, KMI_RPC_INVALID_REQUEST, "invalid request: a message is a JSON object");
    }
}

void kmi_rpc_message_read(const kmi_frame *frame, size_t limit_bytes, kmi_rpc_message *ret_message) {
    *ret_message = (kmi_rpc_message){.kind = KMI_RPC_INVALID};
    if (frame->kind == KMI_FRAME_TOO_LONG) {
        snprintf(ret_message->id_text, sizeof ret_message->id_text, "%s", frame->id);
        kmi_rpc_refuse(&ret_message->error, KMI_RPC_INVALID_REQUEST,
                       "invalid request: the message is longer than the limit of %zu bytes", limit_bytes);
        return;
    }
    km_error error = {0};
    ret_message->size = frame->line.len;
    km_status status = kmi_json_parse(frame->line, "message", &ret_message->root, &error);
    if (status != KM_OK) {
        ret_message->root = NULL;
        int code = status == KM_E_NOMEM ? KMI_RPC_INTERNAL_ERROR : KMI_RPC_PARSE_ERROR;
        make_invalid(ret_message, code, error.message);
        return;
    }
    read_root(ret_message);
}

void kmi_rpc_message_read_part(json_t *item, kmi_rpc_message *ret_message) {
    *ret_message = (kmi_rpc_message){.kind = KMI_RPC_INVALID, .root = item, .is_part = true};
    if (json_is_array(item)) {
        make_invalid(ret_message, KMI_RPC_INVALID_REQUEST, "invalid request: a batch in a batch");
        return;
    }
    read_root(ret_message);
}

void kmi_rpc_message_deinit(kmi_rpc_message *message) {
    if (!message->is_part) json_decref(message->root);
    *message = (kmi_rpc_message){.kind = KMI_RPC_RESPONSE};
}

void kmi_rpc_add_envelope(const kmi_rpc_message *message, kmi_json_out *out) {
    kmi_json_out_text(out, "jsonrpc", "2.0");
    const char *text = message->id_text[0] != '\0' ? message->id_text : "null";
    if (message->id == NULL) {
        kmi_json_out_raw(out, "id", kmi_slice_from(text));
        return;
    }
    KMI_CLEANUP_BUF kmi_buf id;
    kmi_buf_init(&id, (size_t)16 * 1024 * 1024);
    if (kmi_json_dump(message->id, &id, NULL) != KM_OK) {
        kmi_json_out_null(out, "id");
        return;
    }
    kmi_json_out_raw(out, "id", kmi_buf_slice(&id));
}

void kmi_rpc_add_error(const kmi_rpc_message *message, const kmi_rpc_error *error, kmi_buf *buf) {
    kmi_json_out out = kmi_json_out_start(buf);
    kmi_json_out_object(&out, NULL);
    kmi_rpc_add_envelope(message, &out);
    kmi_json_out_object(&out, "error");
    kmi_json_out_integer(&out, "code", error->code);
    kmi_json_out_text(&out, "message", error->message);
    if (error->data[0] != '\0') kmi_json_out_raw(&out, "data", kmi_slice_from(error->data));
    kmi_json_out_object_end(&out);
    kmi_json_out_object_end(&out);
}
