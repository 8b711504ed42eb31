/* methods.h - the protocol's methods: each adds the members of its result to an open object. */
#ifndef KMI_MCP_METHODS_H
#define KMI_MCP_METHODS_H

#include "mcp/server.h"

#define KMI_MCP_META_REVISION "io.modelcontextprotocol/protocolVersion"
#define KMI_MCP_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define KMI_MCP_META_CLIENT "io.modelcontextprotocol/clientInfo"
#define KMI_MCP_META_SERVER "io.modelcontextprotocol/serverInfo"
#define KMI_MCP_STATELESS_REVISION "2026-07-28"

typedef struct kmi_mcp_request {
    kmi_mcp *server;
    const json_t *params;
    bool is_stateless; /* of the revision that carries everything in _meta */
} kmi_mcp_request;

/* Adds members to the result. Returns false after kmi_rpc_refuse(); what was added is then dropped. */
typedef bool (*kmi_mcp_handle)(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);

bool kmi_mcp_handle_initialize(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_discover(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_ping(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_tools_list(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_tools_call(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_resources_list(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_resource_templates(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);
bool kmi_mcp_handle_resources_read(const kmi_mcp_request *request, kmi_json_out *result, kmi_rpc_error *error);

/* Adds name and version of this server under `key`. */
void kmi_mcp_add_server_info(kmi_json_out *out, const char *key);
/* Adds how long an answer may be kept: revision 2026-07-28 wants to know. */
void kmi_mcp_add_lifetime(const kmi_mcp_request *request, int64_t ttl_ms, bool is_public, kmi_json_out *result);
/* Keeps the name that a client gives itself, as a harmless line: it becomes the agent of what is learnt. NULL is none. */
void kmi_mcp_keep_client(kmi_mcp *server, const char *name);
/* Opens the project that the options name. Yours: km_project_free(). */
km_status kmi_mcp_open_project(const kmi_mcp *server, km_project **ret_project, km_error *error) KM_MUST_CHECK;

#endif
