#include "extract/event_verb.h"

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
