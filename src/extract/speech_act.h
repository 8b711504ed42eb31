/* speech_act.h - what a sentence does: state something, or ask, greet, thank, request, chat. */
#ifndef KMI_EXTRACT_SPEECH_ACT_H
#define KMI_EXTRACT_SPEECH_ACT_H

#include "extract/patterns.h"

typedef enum kmi_speaker_kind { KMI_SPEAKER_ANY, KMI_SPEAKER_ASSISTANT } kmi_speaker_kind;

typedef struct kmi_speech_act {
    const char *skip_reason; /* NULL: a statement; "question", "greeting", … */
    size_t first;            /* token where the statement proper starts, behind openers such as "by the way," */
    bool is_correction;      /* an opener says so: "actually,", "correction:" */
    bool is_important;       /* "remember that", "important:" */
} kmi_speech_act;

typedef struct kmi_speech_acts kmi_speech_acts;
/* Returns: the compiled phrases in the arena, or NULL. Adds words to the lexicon. */
kmi_speech_acts *kmi_speech_acts_new(kmi_lexicon *lexicon, kmi_arena *arena);
kmi_speech_act kmi_speech_act_of(const kmi_speech_acts *acts, const kmi_tokens *tokens, bool is_assistant);

/* For the unit test of the tables: every phrase compiles. */
size_t kmi_speech_acts_count(const kmi_speech_acts *acts);

#endif
