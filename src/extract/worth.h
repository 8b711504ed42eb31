/* worth.h - is a statement worth being read again months later, or did it only live in the conversation? */
#ifndef KMI_EXTRACT_WORTH_H
#define KMI_EXTRACT_WORTH_H

#include "extract/speech_act.h"
#include "extract/types.h"

const char *kmi_worth_doubt(const kmi_tokens *tokens, const kmi_speech_act *act, const kmi_judgement *judgement,
                            bool is_aside);

#endif
