/* rpc.h - one JSON-RPC message as it came, and the errors that may answer it. */
#ifndef KMI_MCP_RPC_H
#define KMI_MCP_RPC_H

#include "base/json.h"
#include "cli/json_out.h"
#include "mcp/frames.h"

#define KMI_RPC_PARSE_ERROR (-32700)
#define KMI_RPC_INVALID_REQUEST (-32600)
#define KMI_RPC_METHOD_NOT_FOUND (-32601)
#define KMI_RPC_INVALID_PARAMS (-32602)
#define KMI_RPC_INTERNAL_ERROR (-32603)
#define KMI_RPC_RESOURCE_NOT_FOUND (-32002)   /* revisions up to 2025-11-25 */
#define KMI_RPC_UNSUPPORTED_REVISION (-32022) /* 2026-07-28 */

typedef struct kmi_rpc_error {
    int code; /* 0: none */
    char message[480];
    char data[512]; /* JSON, or empty */
} kmi_rpc_error;

/* Fills *error and returns false, so that a refusal is one statement. */
bool kmi_rpc_refuse(kmi_rpc_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef enum kmi_rpc_kind {
    KMI_RPC_REQUEST,
    KMI_RPC_NOTIFICATION,
    KMI_RPC_RESPONSE, /* nobody asked for one: passed over */
    KMI_RPC_BATCH,    /* `root` is an array */
    KMI_RPC_INVALID   /* `error` is the answer */
} kmi_rpc_kind;

typedef struct kmi_rpc_message {
    kmi_rpc_kind kind;
    json_t *root; /* owned unless `is_part` */
    bool is_part; /* of a batch that owns it */
    size_t size;  /* bytes of its line */
    const char *method;
    json_t *id;                      /* borrowed from root; NULL: none */
    json_t *params;                  /* borrowed; an object or NULL */
    char id_text[KMI_SKIM_ID_BYTES]; /* where there is no root */
    kmi_rpc_error error;
} kmi_rpc_message;

/* Reads a frame. Never fails: what is wrong is the message's `error`. End with kmi_rpc_message_deinit(). */
void kmi_rpc_message_read(const kmi_frame *frame, size_t limit_bytes, kmi_rpc_message *ret_message);
/* The same for one item of a batch, which stays the owner. */
void kmi_rpc_message_read_part(json_t *item, kmi_rpc_message *ret_message);
void kmi_rpc_message_deinit(kmi_rpc_message *message);

/* Adds a whole error response as one object. */
void kmi_rpc_add_error(const kmi_rpc_message *message, const kmi_rpc_error *error, kmi_buf *buf);
/* Adds `"jsonrpc":"2.0","id":...` to an open object. */
void kmi_rpc_add_envelope(const kmi_rpc_message *message, kmi_json_out *out);

#endif
