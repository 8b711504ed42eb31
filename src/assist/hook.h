/* hook.h - one call of a hook: what arrived, and what is done with it. */
#ifndef KMI_ASSIST_HOOK_H
#define KMI_ASSIST_HOOK_H

#include "assist/clients.h"
#include "base/json.h"
#include "cli/cli.h"

typedef struct kmi_hook {
    const kmi_client *client;
    const kmi_client_event *event;
    json_t *input; /* an object */
    km_project *project;
    km_project_info info;
    const char *session;       /* NULL: not told */
    unsigned char slot_id[16]; /* of this conversation in state/hooks */
    kmi_buf user_text;         /* what the user said, without what machines added; may be empty */
    kmi_buf assistant_text;
} kmi_hook;

/* Reads the texts out of the input. */
void kmi_hook_read_texts(kmi_hook *hook);
/* True when the same event came a moment ago: some clients run a hook twice. */
bool kmi_hook_is_repeated(const kmi_hook *hook);
/* True where something may be learnt: there is a memory already, or the place is a project. A folder that is merely the
 * current one gets no memory by itself. */
bool kmi_hook_may_learn(const kmi_hook *hook);

/* Hands the texts of the input over for learning. What cannot be learnt is not. */
void kmi_hook_learn_texts(kmi_hook *hook);
/* Hands over what the transcript says since the last time. With `skip` it only notes its end. */
void kmi_hook_learn_transcript(kmi_hook *hook, bool skip);

/* Adds what fits to the prompt, or what holds in the project, in the client's format. */
void kmi_hook_answer_prompt(kmi_hook *hook, kmi_buf *out);
void kmi_hook_answer_start(kmi_hook *hook, kmi_buf *out);

#endif
