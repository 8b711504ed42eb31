#include "extract/event_verb.h"

#include <string.h>

#include "extract/word_list.h"

bool kmi_is_event_verb(kmi_slice lower_word) {
    static const char IRREGULAR[] =
        "ran|went|met|fell|broke|got|came|spoke|sat|slept|drove|flew|wrote|saw|stood|felt|lost|left|ate|threw|hung|"
        "wept|"
        "dealt|fought|thought|woke|swam|sang|blew|shook|struck|stuck|told|heard|forgot|rode|rose|wore|won|swore|tore";
    static const char SETTING[] =
        "settled|opted|agreed|decided|standardised|standardized|committed|upgraded|downgraded|bumped|moved|switched|"
        "migrated|relocated|changed|rescheduled|postponed|delayed|assigned|promoted|transferred|capped|limited|"
        "hosted|deployed|based|located|named|called|configured|pinned|converted|ported|need|used|preferred|scheduled|"
        "planned|increased|decreased|raised|lowered|reduced|extended|shortened|defaulted|pointed|renamed|speed|feed|"
        "embed";
    uint32_t hash = kmi_word_hash(lower_word);
    if (kmi_word_list_has(IRREGULAR, lower_word, hash)) return true;
    return lower_word.len > 4 && kmi_slice_ends_with(lower_word, KMI_SLICE_LITERAL("ed")) &&
           !kmi_word_list_has(SETTING, lower_word, hash);
}

const char *kmi_verb_base_form(const kmi_token *verb, kmi_arena *arena) {
    kmi_slice word = verb->lower;
    if (kmi_token_has(verb, KMI_W_BE)) return "be";
    if (kmi_token_is_any(verb, "has|have|had")) return "have";
    char *text = kmi_arena_copy(arena, word);
    if (text == NULL) return NULL;
    size_t n = word.len;
    if (n > 4 && memcmp(text + n - 3, "ies", 3) == 0)
        memcpy(text + n - 3, "y", 2);
    else if (n > 4 && memcmp(text + n - 2, "es", 2) == 0 && strchr("shxz", text[n - 3]) != NULL &&
             !(text[n - 3] == 's' && text[n - 4] != 's'))
        text[n - 2] = '\0';
    else if (n > 3 && text[n - 1] == 's' && text[n - 2] != 's')
        text[n - 1] = '\0';
    return text;
}
