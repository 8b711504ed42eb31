/* irregular.c - a table of irregular verbs, nouns and adjectives.
 *
 * Only the common ones, and only those whose form means nothing else as often: "ground", "rose" and "leaves" stay as
 * they are, because joining two words costs more than it finds. Sorted by the form, for a binary search. */
#include "base/irregular.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_FORM ((size_t)13)
#define LONGEST_BASE ((size_t)13)

typedef struct irregular_form {
    char form[LONGEST_FORM + 1];
    char base[LONGEST_BASE + 1];
} irregular_form;

static const irregular_form FORMS[] = {
    // clang-format off
    {"alumni", "alumnus"}, {"analyses", "analysis"}, {"antennae", "antenna"}, {"antitheses", "antithesis"},
    {"apices", "apex"}, {"appendices", "appendix"}, {"arisen", "arise"}, {"arose", "arise"}, {"ate", "eat"},
    {"automata", "automaton"}, {"awoke", "awake"}, {"awoken", "awake"}, {"bacteria", "bacterium"}, {"bade", "bid"},
    {"beaten", "beat"}, {"became", "become"}, {"began", "begin"}, {"begun", "begin"}, {"beheld", "behold"},
    {"bent", "bend"}, {"best", "good"}, {"better", "good"}, {"bidden", "bid"}, {"bitten", "bite"}, {"bled", "bleed"},
    {"blew", "blow"}, {"blown", "blow"}, {"borne", "bear"}, {"bought", "buy"}, {"bred", "breed"}, {"broke", "break"},
    {"broken", "break"}, {"brought", "bring"}, {"built", "build"}, {"bureaux", "bureau"}, {"burnt", "burn"},
    {"businessmen", "businessman"}, {"businesswomen", "businesswoman"}, {"cacti", "cactus"}, {"calves", "calf"},
    {"came", "come"}, {"caught", "catch"}, {"chairmen", "chairman"}, {"children", "child"}, {"chose", "choose"},
    {"chosen", "choose"}, {"clung", "cling"}, {"codices", "codex"}, {"corpora", "corpus"}, {"craftsmen", "craftsman"},
    {"crept", "creep"}, {"crises", "crisis"}, {"criteria", "criterion"}, {"curricula", "curriculum"},
    {"dealt", "deal"}, {"diagnoses", "diagnosis"}, {"drank", "drink"}, {"drawn", "draw"}, {"dreamt", "dream"},
    {"drew", "draw"}, {"driven", "drive"}, {"drove", "drive"}, {"drunk", "drink"}, {"dug", "dig"}, {"dwelt", "dwell"},
    {"dying", "die"}, {"eaten", "eat"}, {"elder", "old"}, {"eldest", "old"}, {"ellipses", "ellipsis"},
    {"elves", "elf"}, {"emphases", "emphasis"}, {"errata", "erratum"}, {"fallen", "fall"}, {"farther", "far"},
    {"farthest", "far"}, {"fed", "feed"}, {"feet", "foot"}, {"fell", "fall"}, {"felt", "feel"},
    {"firemen", "fireman"}, {"fishermen", "fisherman"}, {"fled", "flee"}, {"flew", "fly"}, {"flown", "fly"},
    {"flung", "fling"}, {"foci", "focus"}, {"forbade", "forbid"}, {"forbidden", "forbid"}, {"foresaw", "foresee"},
    {"foreseen", "foresee"}, {"forgave", "forgive"}, {"forgiven", "forgive"}, {"forgot", "forget"},
    {"forgotten", "forget"}, {"formulae", "formula"}, {"fought", "fight"}, {"found", "find"},
    {"freshmen", "freshman"}, {"froze", "freeze"}, {"frozen", "freeze"}, {"fungi", "fungus"}, {"furthest", "far"},
    {"gave", "give"}, {"geese", "goose"}, {"genera", "genus"}, {"gentlemen", "gentleman"}, {"given", "give"},
    {"godchildren", "godchild"}, {"goes", "go"}, {"gone", "go"}, {"got", "get"}, {"gotten", "get"},
    {"grandchildren", "grandchild"}, {"grew", "grow"}, {"grown", "grow"}, {"halves", "half"}, {"heard", "hear"},
    {"held", "hold"}, {"helices", "helix"}, {"hid", "hide"}, {"hidden", "hide"}, {"hooves", "hoof"}, {"hung", "hang"},
    {"hypotheses", "hypothesis"}, {"indices", "index"}, {"kept", "keep"}, {"kibbutzim", "kibbutz"},
    {"knelt", "kneel"}, {"knew", "know"}, {"knives", "knife"}, {"known", "know"}, {"laid", "lay"}, {"lain", "lie"},
    {"larvae", "larva"}, {"laymen", "layman"}, {"leant", "lean"}, {"leapt", "leap"}, {"learnt", "learn"},
    {"least", "little"}, {"led", "lead"}, {"left", "leave"}, {"lent", "lend"}, {"lesser", "little"},
    {"lice", "louse"}, {"lit", "light"}, {"loaves", "loaf"}, {"lost", "lose"}, {"lying", "lie"}, {"made", "make"},
    {"matrices", "matrix"}, {"maxima", "maximum"}, {"meant", "mean"}, {"memoranda", "memorandum"}, {"men", "man"},
    {"met", "meet"}, {"metamorphoses", "metamorphosis"}, {"mice", "mouse"}, {"midwives", "midwife"},
    {"millennia", "millennium"}, {"mimicked", "mimic"}, {"mimicking", "mimic"}, {"minima", "minimum"},
    {"misled", "mislead"}, {"mistaken", "mistake"}, {"mistook", "mistake"}, {"misunderstood", "misunderstand"},
    {"mown", "mow"}, {"nebulae", "nebula"}, {"neuroses", "neurosis"}, {"nuclei", "nucleus"}, {"oases", "oasis"},
    {"optima", "optimum"}, {"outdid", "outdo"}, {"outdone", "outdo"}, {"outgrew", "outgrow"}, {"outgrown", "outgrow"},
    {"ova", "ovum"}, {"overcame", "overcome"}, {"overdid", "overdo"}, {"overdone", "overdo"}, {"overran", "overrun"},
    {"overridden", "override"}, {"overrode", "override"}, {"oversaw", "oversee"}, {"overseen", "oversee"},
    {"overslept", "oversleep"}, {"overtaken", "overtake"}, {"overthrew", "overthrow"}, {"overthrown", "overthrow"},
    {"overtook", "overtake"}, {"overwritten", "overwrite"}, {"overwrote", "overwrite"}, {"oxen", "ox"},
    {"paid", "pay"}, {"panicked", "panic"}, {"panicking", "panic"}, {"parentheses", "parenthesis"},
    {"partaken", "partake"}, {"partook", "partake"}, {"pence", "penny"}, {"people", "person"},
    {"phenomena", "phenomenon"}, {"picnicked", "picnic"}, {"picnicking", "picnic"}, {"plateaux", "plateau"},
    {"pled", "plead"}, {"policemen", "policeman"}, {"postmen", "postman"}, {"prepaid", "prepay"},
    {"prognoses", "prognosis"}, {"proven", "prove"}, {"psychoses", "psychosis"}, {"quanta", "quantum"},
    {"quizzes", "quiz"}, {"radii", "radius"}, {"ran", "run"}, {"rang", "ring"}, {"rebuilt", "rebuild"},
    {"redid", "redo"}, {"redone", "redo"}, {"redrawn", "redraw"}, {"redrew", "redraw"}, {"referenda", "referendum"},
    {"remade", "remake"}, {"repaid", "repay"}, {"reran", "rerun"}, {"resold", "resell"}, {"rethought", "rethink"},
    {"rewound", "rewind"}, {"rewritten", "rewrite"}, {"rewrote", "rewrite"}, {"ridden", "ride"}, {"risen", "rise"},
    {"rode", "ride"}, {"rung", "ring"}, {"said", "say"}, {"salesmen", "salesman"}, {"sang", "sing"}, {"sank", "sink"},
    {"sat", "sit"}, {"saw", "see"}, {"sawn", "saw"}, {"scarves", "scarf"}, {"schemata", "schema"}, {"seen", "see"},
    {"selves", "self"}, {"sent", "send"}, {"sewn", "sew"}, {"shaken", "shake"}, {"sheaves", "sheaf"},
    {"shelves", "shelf"}, {"shone", "shine"}, {"shook", "shake"}, {"shot", "shoot"}, {"shown", "show"},
    {"shrank", "shrink"}, {"shrunk", "shrink"}, {"slain", "slay"}, {"slept", "sleep"}, {"slid", "slide"},
    {"slung", "sling"}, {"sold", "sell"}, {"sought", "seek"}, {"sown", "sow"}, {"spat", "spit"},
    {"spectra", "spectrum"}, {"sped", "speed"}, {"spelt", "spell"}, {"spent", "spend"}, {"spilt", "spill"},
    {"spoilt", "spoil"}, {"spoke", "speak"}, {"spoken", "speak"}, {"spokesmen", "spokesman"}, {"sprang", "spring"},
    {"sprung", "spring"}, {"spun", "spin"}, {"stank", "stink"}, {"stepchildren", "stepchild"},
    {"stimuli", "stimulus"}, {"stole", "steal"}, {"stolen", "steal"}, {"stood", "stand"}, {"strata", "stratum"},
    {"stricken", "strike"}, {"stridden", "stride"}, {"striven", "strive"}, {"strode", "stride"}, {"strove", "strive"},
    {"struck", "strike"}, {"strung", "string"}, {"stuck", "stick"}, {"stung", "sting"}, {"stunk", "stink"},
    {"sung", "sing"}, {"sunk", "sink"}, {"swam", "swim"}, {"swept", "sweep"}, {"swollen", "swell"},
    {"swore", "swear"}, {"sworn", "swear"}, {"swum", "swim"}, {"swung", "swing"}, {"syllabi", "syllabus"},
    {"symposia", "symposium"}, {"synopses", "synopsis"}, {"syntheses", "synthesis"}, {"tableaux", "tableau"},
    {"taken", "take"}, {"taught", "teach"}, {"teeth", "tooth"}, {"theses", "thesis"}, {"thieves", "thief"},
    {"thought", "think"}, {"threw", "throw"}, {"thrown", "throw"}, {"told", "tell"}, {"took", "take"},
    {"tore", "tear"}, {"torn", "tear"}, {"trafficked", "traffic"}, {"trafficking", "traffic"}, {"trod", "tread"},
    {"trodden", "tread"}, {"tying", "tie"}, {"undergone", "undergo"}, {"understood", "understand"},
    {"undertaken", "undertake"}, {"undertook", "undertake"}, {"underwent", "undergo"}, {"undid", "undo"},
    {"undone", "undo"}, {"untying", "untie"}, {"unwound", "unwind"}, {"upheld", "uphold"}, {"vertebrae", "vertebra"},
    {"vertices", "vertex"}, {"vortices", "vortex"}, {"vying", "vie"}, {"went", "go"}, {"wept", "weep"},
    {"wharves", "wharf"}, {"withdrawn", "withdraw"}, {"withdrew", "withdraw"}, {"withheld", "withhold"},
    {"withstood", "withstand"}, {"wives", "wife"}, {"woke", "wake"}, {"woken", "wake"}, {"wolves", "wolf"},
    {"women", "woman"}, {"won", "win"}, {"wore", "wear"}, {"workmen", "workman"}, {"worn", "wear"}, {"worse", "bad"},
    {"worst", "bad"}, {"wove", "weave"}, {"woven", "weave"}, {"written", "write"}, {"wrote", "write"},
    {"wrung", "wring"},
    // clang-format on
};

static int compare_form(const void *word, const void *entry) {
    const kmi_slice *left = word;
    const irregular_form *right = entry;
    size_t right_len = strlen(right->form);
    int order = memcmp(left->ptr, right->form, left->len < right_len ? left->len : right_len);
    return order != 0 ? order : (left->len > right_len) - (left->len < right_len);
}

const char *kmi_irregular_find(kmi_slice folded_word) {
    if (folded_word.len < 3 || folded_word.len > LONGEST_FORM) return NULL;
    const irregular_form *found =
        bsearch(&folded_word, FORMS, sizeof FORMS / sizeof FORMS[0], sizeof FORMS[0], compare_form);
    return found != NULL ? found->base : NULL;
}
