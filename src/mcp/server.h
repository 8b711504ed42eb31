/* server.h - the Model Context Protocol without its pipes: messages in, lines out.
 *
 * Speaks revision 2026-07-28, where each request carries what it needs in _meta, and those from 2024-11-05 to
 * 2025-11-25, which begin with `initialize`. Which one holds is decided for each request, so both may be mixed.
 *
 * Life: kmi_mcp_init(), any number of kmi_mcp_take() and kmi_mcp_answer(), kmi_mcp_deinit(). Messages that were taken
 * wait in a short queue, so that a cancellation finds the request that it is meant for. */
#ifndef KMI_MCP_SERVER_H
#define KMI_MCP_SERVER_H

#include "cli/cli.h"
#include "mcp/rpc.h"

#define KMI_MCP_LIMIT_BYTES ((size_t)8 * 1024 * 1024) /* one message: a text of 1 MiB with every character escaped */
#define KMI_MCP_WAITING_MAX 64
#define KMI_MCP_WAITING_BYTES ((size_t)1024 * 1024) /* with more than this, no further message is read ahead */

typedef struct kmi_mcp {
    const kmi_cli *cli;   /* options that say which project */
    const char *revision; /* agreed on by initialize; NULL before */
    char client[128];     /* name of the client, or empty */
    kmi_rpc_message waiting[KMI_MCP_WAITING_MAX];
    size_t first, count;
    size_t waiting_bytes;
} kmi_mcp;

void kmi_mcp_init(kmi_mcp *server, const kmi_cli *cli);
void kmi_mcp_deinit(kmi_mcp *server);
/* True while another message may be taken. */
bool kmi_mcp_has_room(const kmi_mcp *server);
/* Takes a message. A cancellation acts at once on what waits; everything else waits for kmi_mcp_answer(). */
void kmi_mcp_take(kmi_mcp *server, const kmi_frame *frame);
/* Handles the oldest waiting message and appends its answer, if it gets one, as a line. Returns false when none waits. */
bool kmi_mcp_answer(kmi_mcp *server, kmi_buf *buf);

#endif
