/* codex_trust.h - has the user trusted our hooks in Codex? It runs no others, and `codex exec` says nothing about it.
 *
 * Codex keeps for each hook it trusts, named by file, event and position, a hash of what it runs; a hook that was changed or
 * moved is not trusted any more. We compute the same hash and compare. Nothing is ever written: to trust is the user's. */
#ifndef KMI_INSTALL_CODEX_TRUST_H
#define KMI_INSTALL_CODEX_TRUST_H

#include "install/plan.h"

typedef struct kmi_codex_trust {
    size_t hooks; /* of ours in hooks.json */
    size_t trusted;
} kmi_codex_trust;

/* Looks into hooks.json and config.toml. Files that are not there, or cannot be read, count as none. KM_E_NOMEM alone. */
km_status kmi_codex_trust_read(const kmi_install_where *where, kmi_arena *arena, kmi_codex_trust *ret_trust,
                               km_error *error) KM_MUST_CHECK;
/* Returns: the hash Codex keeps for a hook of ours ("sha256:…"), in the arena; NULL: out of memory. */
const char *kmi_codex_hook_hash(const char *event_name, const char *command, long long timeout, kmi_arena *arena);

#endif
