/* worth.c - weighs a statement by what it is made of instead of comparing it with sayings.
 *
 * Something to rely on speaks for it: a name, an identifier, a number that measures, a word of habit or scope. What passes
 * speaks against it: the speaker's own doing, feeling and seeing, the moment ("now", "just", "later"), weather and food,
 * exclamations, and the run of a machine that is over in minutes. Each trait is a row of the table below; nothing is decided
 * by one of them alone, and types that a pattern has recognised need more against them than a sentence no pattern knows.
 * Words the table does not know weigh nothing: in doubt, and in other languages, a statement stays. */
#include "extract/worth.h"

#include <string.h>

#define KEPT_FROM_SENTENCE (-3) /* at this weight a sentence without a pattern is not kept, … */
#define KEPT_FROM_PATTERN (-5)  /* … and one that a pattern took for a fact, a note or a status */
#define KEPT_FROM_ASIDE (-1)    /* what hangs on a clause that was not kept */
#define FRAGMENT_WORDS_MAX 5

typedef struct trait {
    const char *words;
    int weight;
    int times; /* counted at most so often */
} trait;

/* What lasts: words that speak for a statement wherever they stand. */
static const trait lasting[] = {
    {"always|never|every|each|whenever|usually|per|default|weekly|monthly|nightly|hourly|yearly|annually|mondays|"
     "tuesdays|wednesdays|thursdays|fridays|saturdays|sundays",
     2, 1},
    {"only|unless|because|requires|require|needs|need|daily|deprecated|supported|instead|than|all", 1, 2},
    {"name|name's|called|named|allergic|allergy|born|lives|lived|works|worked|career|speaks|owns|belongs|promoted|"
     "married|"
     "studied|degree|leave|vacation|deadline|version|rule|policy|strongly",
     2, 1},
    {"we|our|we're|we've|ours|team|customer|customers|client|clients|company|vendor|user|users", 1, 1},
};

/* What ties a statement to its speaker and the moment. Without one of these it is not of the moment, whatever it is about. */
static const trait ties[] = {
    {"i|i'm|i've|i'll|i'd|me|my|myself|mine|im|ive|ich|mir|mich|mein|meine|je|j'ai|yo|estoy", -1, 1},
    {"you|your|you're|you've|yours", -1, 1},
    {"now|just|still|already|yet|later|soon|again|today|tonight|tomorrow|moment|meanwhile|finally|nearly|almost|"
     "currently|"
     "minute|ago|rn|atm|earlier|awhile|here|since|outside|gerade|jetzt|schon|heute|gleich|noch|maintenant|"
     "déjà|ahora|hoy",
     -1, 2},
    {"maybe|perhaps|honestly|anyway|somehow|apparently|frankly|course|luckily|funny|kinda|sorta|pretty|quite|guess|"
     "hopefully|probably|exactly",
     -1, 2},
};

/* What passes: matters of talk. */
static const trait passing[] = {
    /* what only the speaker can feel, think or see */
    {"feel|feels|feeling|felt|guess|wonder|wondering|wish|hope|hoping|laugh|laughing|laughed|cry|smile|smiling|skimmed|"
     "skimming|reading|looked|glance|glanced|stare|staring|thought|thinking|remembered|forgot|enjoying|"
     "enjoyed|struggling|procrastinating|talking|chatting|rambling|typing|scrolling|squinting|yawning|dreaming|dreamt|"
     "listening|watching|sense|mention|curious|sorry|swear|bet|admit|confess|promise|smell|smells|hear|heard|tell|told|"
     "müde|hungrig|freue|lache",
     -2, 2},
    {"think|sounds|looks|seems|know|idea|expect|expected|so|too|such|really|even|whole", -1, 2},
    /* moods and bodies */
    {"tired|exhausted|sleepy|hungry|thirsty|happy|sad|angry|annoyed|grumpy|bored|excited|nervous|stressed|crazy|mad|"
     "glad|"
     "proud|lonely|sick|ill|dizzy|cold|hot|warm|chilly|freezing|sweating|cosy|cozy|awake|asleep|hungover|lazy|confused|"
     "lost|relieved|grateful|jealous|embarrassed|overwhelmed|cheerful|miserable|weird|strange|lovely|awful|terrible|"
     "horrible|fun|hilarious|wonderful|amazing|awesome|beautiful|cute|gorgeous|delicious|yummy|headache|mood|patience|"
     "nerves|yawn|nap|hair|shoes|glasses|socks|pyjamas|hiccups|sneezing|coughing|hand|hurts|hurt|aches|ache|sore|stiff|"
     "kalt|warm",
     -2, 2},
    {"head|eyes|hands|fingers|feet|legs|stomach|belly|throat|nose|brain|neck", -3, 1},
    /* weather, food, family and the way to work */
    {"weather|rain|raining|rained|rainy|snow|snowing|snowed|sun|sunny|sunshine|sunset|wind|windy|storm|stormy|thunder|"
     "fog|"
     "foggy|cloud|cloudy|clouds|heatwave|sky|coffee|tea|lunch|breakfast|dinner|supper|sandwich|pizza|cake|"
     "biscuit|biscuits|snack|chocolate|beer|wine|kettle|soup|salad|toast|cheese|banana|cat|cats|dog|dogs|puppy|kitten|"
     "duck|parrot|hamster|kids|kid|baby|toddler|daughter|son|wife|husband|mum|mom|dad|grandma|grandpa|neighbour|"
     "neighbours|neighbor|neighbors|birthday|weekend|holiday|bed|sofa|couch|garden|balcony|train|tram|subway|bike|"
     "commute|"
     "playlist|movie|gym|shower|bath|sleep|slept|woke|joke|pun|bus|airport|cafe|café|meeting|zug|kaffee|tee|regen|"
     "regnet|wetter|mittag|"
     "mittagessen|hund|katze|kinder|feierabend|hunger|pluie|pleut|café|déjeuner|tren|lluvia",
     -2, 2},
    /* a verdict on the moment */
    {"bad|good|nice|great|fine|perfect|cool|slow|loud|noisy|quiet|gone|long|silly|boring|annoying|sensible|neat|super|"
     "brilliant|stupid|ridiculous|interesting|impressive|clever|messy|better|worse|usual",
     -1, 2},
};

static const char vague_subjects[] =
    "it|it's|that|that's|this|these|those|there|he|she|they|everybody|somebody|someone|today|"
    "something|nothing|everything|thing|things|stuff|whatever";

/* A process of minutes, and what says that it is under way. "The migration is running" takes longer. */
static const char short_runs[] =
    "battery|test|tests|suite|build|builds|upload|download|install|installation|installer|compile|"
    "compilation|compiler|query|script|scan|sync|copy|restart|reboot|linter|spinner|progress|"
    "render|rendering|laptop|computer|export|import|rebuild|checkout|clone|fetch|file|files|"
    "pipeline|container|page|backup|job|update|deploy|simulation";
static const char under_way[] = "remaining|spinning|loading|compiling|downloading|uploading|installing|rebooting|"
                                "restarting|rebuilding|waiting";

static bool is_punctuation(const kmi_token *token) {
    return (token->flags & KMI_T_PUNCT) != 0;
}
static bool is_any_at(const kmi_tokens *tokens, size_t i, const char *words) {
    return i < tokens->count && kmi_token_is_any(&tokens->items[i], words);
}
static bool ends_with(const kmi_token *token, const char *suffix) {
    return kmi_slice_ends_with(token->lower, kmi_slice_from(suffix));
}

static size_t end_of(const kmi_tokens *tokens, size_t first) {
    size_t end = tokens->count;
    while (end > first && is_punctuation(&tokens->items[end - 1])) end--;
    return end;
}

/* ---- what speaks for a statement ---- */

static bool is_time_count(const kmi_tokens *tokens, size_t i) {
    return is_any_at(tokens, i + 1,
                     "minute|minutes|min|mins|second|seconds|sec|hour|hours|moment|more|times|things|thing|go|left") ||
           is_any_at(tokens, i, "one|first|second|half|once");
}

/* "on Wednesdays", "until Friday", "from April": when it holds. "On a Monday" is talk. */
static bool is_date(const kmi_tokens *tokens, size_t first, size_t i) {
    return kmi_token_has(&tokens->items[i], KMI_W_WEEKDAY | KMI_W_MONTH) && i > first &&
           !is_any_at(tokens, i, "may|march|sun|sat|mar|dec|second") &&
           !is_any_at(tokens, i - 1, "a|this|happy|what|such|be|it's|nearly|almost");
}

/* Identifiers, names and measures: what a reader will look for. */
static int weigh_anchors(const kmi_tokens *tokens, size_t first, bool is_run) {
    int names = 0, identifiers = 0, numbers = 0, dates = 0;
    for (size_t i = first; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (is_punctuation(token)) continue;
        bool is_loud = kmi_token_is_any(token, "ok|lol|omg|wow|tv|i|a|haha|btw|am|pm|no|yes|argh|ugh|hm");
        bool is_labelled =
            i > first && kmi_token_has(token, KMI_W_NUMBER) &&
            !kmi_token_has(&tokens->items[i - 1], KMI_W_DETERMINER | KMI_W_PREPOSITION | KMI_W_BE | KMI_W_CONJUNCTION |
                                                      KMI_W_ADVERB | KMI_W_AUXILIARY) &&
            !is_punctuation(&tokens->items[i - 1]); /* "page three" */
        if ((token->flags & (KMI_T_NUMBER | KMI_T_DIGIT)) == 0 &&
            ((token->flags & (KMI_T_INNER_CAP | KMI_T_CODE | KMI_T_SHAPED)) != 0 ||
             ((token->flags & KMI_T_ALL_CAPS) != 0 && !is_loud)))
            identifiers++;
        else if (is_date(tokens, first, i))
            dates++;
        else if (((token->flags & KMI_T_DIGIT) != 0 || is_labelled) && !is_run && !is_time_count(tokens, i))
            numbers++;
        else if (i > first && (token->flags & KMI_T_CAPITAL) != 0 && !is_punctuation(&tokens->items[i - 1]) &&
                 !kmi_token_has(token, KMI_W_WEEKDAY | KMI_W_I | KMI_W_MONTH) && !is_loud)
            names++;
    }
    return (identifiers > 0 ? 3 : 0) + (names > 0 ? 1 : 0) + (names > 1 ? 1 : 0) + (numbers > 0 ? 2 : 0) +
           (dates > 0 ? 2 : 0);
}

/* ---- what speaks against it ---- */

static int weigh_traits(const kmi_tokens *tokens, size_t first, const trait *traits, size_t count) {
    int weight = 0;
    for (size_t k = 0; k < count; k++) {
        int times = 0;
        for (size_t i = first; i < tokens->count && times < traits[k].times; i++)
            times +=
                (tokens->items[i].flags & KMI_T_QUOTED) == 0 && kmi_token_is_any(&tokens->items[i], traits[k].words);
        weight += times * traits[k].weight;
    }
    return weight;
}
#define WEIGH(tokens, first, traits) weigh_traits(tokens, first, traits, sizeof(traits) / sizeof(traits)[0])

/* "is running", "has been raining": under way, unlike what is so. */
static bool is_progressive(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first; i + 1 < tokens->count; i++) {
        if (!kmi_token_has(&tokens->items[i], KMI_W_BE)) continue;
        size_t next = i + 1;
        while (next + 1 < tokens->count &&
               kmi_token_has(&tokens->items[next], KMI_W_ADVERB | KMI_W_NEGATION | KMI_W_BE))
            next++;
        const kmi_token *verb = &tokens->items[next];
        if (verb->lower.len > 4 && ends_with(verb, "ing") && !kmi_token_is_any(verb, "using|nothing|something|missing"))
            return true;
    }
    return false;
}

static bool is_past(const kmi_tokens *tokens, size_t verb) {
    if (verb >= tokens->count) return false;
    return (tokens->items[verb].lower.len > 3 && ends_with(&tokens->items[verb], "ed") &&
            !is_any_at(tokens, verb, "need|feed|used")) ||
           is_any_at(tokens, verb,
                     "read|ran|saw|went|got|made|took|had|came|found|left|sat|woke|ate|drank|wrote|fell|lost");
}

/* "I have just opened", "I've skimmed", "you made my day": done in this conversation. */
static bool is_own_deed(const kmi_tokens *tokens, size_t first) {
    if (is_any_at(tokens, first, "i've|ive|i'll|i'd|you've")) return true;
    if (!is_any_at(tokens, first, "i|you")) return false;
    size_t verb = first + 1;
    while (verb + 1 < tokens->count && kmi_token_has(&tokens->items[verb], KMI_W_ADVERB)) verb++;
    if (is_any_at(tokens, verb, "have|had")) /* "I have opened", but "I have two sons" */
        return verb + 1 < tokens->count && !kmi_token_has(&tokens->items[verb + 1], KMI_W_DETERMINER | KMI_W_NUMBER) &&
               !is_any_at(tokens, verb + 1, "to");
    return is_any_at(tokens, verb, "will|was|did|could|may|might|need") || is_past(tokens, verb);
}

/* "I have two sons": what is counted and owned lasts. */
static bool is_possession(const kmi_tokens *tokens, size_t first) {
    if (!is_any_at(tokens, first, "i|we") || !is_any_at(tokens, first + 1, "have|own|keep") ||
        first + 3 >= tokens->count)
        return false;
    if (is_any_at(tokens, first + 3,
                  "headache|cold|feeling|question|idea|hunch|moment|look|problem|minute|hangover|call"))
        return false;
    return is_any_at(tokens, first + 2, "a|an") ||
           (kmi_token_has(&tokens->items[first + 2], KMI_W_NUMBER) && !is_time_count(tokens, first + 2));
}

/* "My wife is a nurse": who or what somebody is. */
static bool is_being_something(const kmi_tokens *tokens, size_t first) {
    if (!is_any_at(tokens, first, "my|our|his|her|their")) return false;
    for (size_t i = first + 2; i + 1 < tokens->count && i < first + 5; i++)
        if (is_any_at(tokens, i, "is|are")) return is_any_at(tokens, i + 1, "a|an|called|named|the|from|allergic");
    return false;
}

/* "My neighbour has a tractor": so it is, without a word of the moment. */
static bool is_owned(const kmi_tokens *tokens, size_t first) {
    return is_any_at(tokens, first, "my|our") &&
           (is_any_at(tokens, first + 2, "is|are|has|have") || is_any_at(tokens, first + 3, "is|are|has|have")) &&
           !is_progressive(tokens, first);
}

/* "It escalated quickly": three or four words about something that only the conversation knows. */
static bool is_remark(const kmi_tokens *tokens, size_t first) {
    size_t words = 0, end = end_of(tokens, first);
    for (size_t i = first; i < end; i++) words += !is_punctuation(&tokens->items[i]);
    return is_any_at(tokens, first, "that|something|nothing|everything|whatever|today|things") && words <= 4;
}

/* "back in a second", "one of those days". */
static bool has_turn_of_talk(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first; i + 2 < tokens->count; i++) {
        if (is_any_at(tokens, i, "in|for|just") && is_any_at(tokens, i + 1, "a|one|an") &&
            is_any_at(tokens, i + 2, "second|sec|minute|min|moment|bit|while|hour|few"))
            return true;
        if (is_any_at(tokens, i, "one|kind|sort") && is_any_at(tokens, i + 1, "of") &&
            is_any_at(tokens, i + 2, "those|these|day|days|weeks"))
            return true;
    }
    return false;
}

static bool opens_with_exclamation(const kmi_tokens *tokens) {
    return is_any_at(
        tokens, 0,
        "phew|argh|aargh|ha|haha|hahaha|hehe|lol|wow|whoa|ugh|yay|hooray|hurray|ouch|oof|gosh|jeez|yikes|meh|"
        "brr|brrr|eek|huh|damn|darn|aww|woohoo|yuck|boo|blah|sigh|rofl|lmao|yum");
}

static bool has_exclamation(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first; i < tokens->count; i++)
        if (kmi_token_is_any(
                &tokens->items[i],
                "haha|hahaha|hehe|lol|hooray|wow|yay|ugh|argh|rofl|lmao|phew|woohoo|sigh|eh|huh|gah|brb|oof|meh|gosh"))
            return true;
    return false;
}

/* "The upload is at 64 percent", "the tests are running", "one more file to go". */
static bool is_short_run(const kmi_tokens *tokens, size_t first) {
    size_t end = end_of(tokens, first);
    bool has_run = false, has_way = false, has_be = false;
    for (size_t i = first; i < end; i++) {
        const kmi_token *token = &tokens->items[i];
        if (kmi_token_is_any(token, "if|when|whenever|once|unless"))
            return false; /* a rule of the run, not its state */
        has_run |= kmi_token_is_any(token, short_runs);
        has_way |= kmi_token_is_any(token, under_way);
        /* "at 64 percent", but "tests count 60 %" */
        has_way |= kmi_token_is_any(token, "%|percent") && i > first + 1 && is_any_at(tokens, i - 2, "at|about|only");
        has_way |=
            has_be &&
            kmi_token_is_any(
                token, "running|finishing|building|going|through|starting|copying|halfway|nearly|almost|busy|finished");
        has_be = (has_be && kmi_token_has(token, KMI_W_ADVERB)) ||
                 (kmi_token_has(token, KMI_W_BE) && !kmi_token_is(token, "be"));
    }
    bool has_rest = end > first + 1 && is_any_at(tokens, end - 1, "left|go|remaining");
    return has_run && (has_way || has_rest);
}

/* "I'm on the train", "I am off", "back at my desk": where the speaker is. */
static bool is_whereabouts(const kmi_tokens *tokens, size_t first) {
    size_t at = first;
    if (is_any_at(tokens, at, "i'm|im"))
        at++;
    else if (is_any_at(tokens, at, "i") && is_any_at(tokens, at + 1, "am|was"))
        at += 2;
    else
        return is_any_at(tokens, at, "off|back|out") && is_any_at(tokens, at + 1, "to|at|in|for|from|home|now");
    while (is_any_at(tokens, at, "now|still|just|already|currently|back|out|again")) at++;
    if (is_any_at(tokens, at, "in|on") && is_any_at(tokens, at + 1, "the") &&
        is_any_at(tokens, at + 2, "middle|process|midst|team|board"))
        return false;
    return is_any_at(tokens, at, "on|in|at|off|home|here|back|out|outside|upstairs|downstairs");
}

/* "Nearly there, one more to go", "Coffee in hand": words thrown in, no statement. */
static bool has_no_verb(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first; i < tokens->count; i++)
        if (kmi_token_has(&tokens->items[i], KMI_W_BE | KMI_W_AUXILIARY | KMI_W_VERB) ||
            ((tokens->items[i].flags & KMI_T_PUNCT) != 0 && kmi_token_is_any(&tokens->items[i], ":|=|→|–|—")))
            return false;
    return true;
}

static int weigh(const kmi_tokens *tokens, size_t first) {
    bool is_run = is_short_run(tokens, first), is_loud = false;
    int tied = WEIGH(tokens, first, ties);
    tied -= is_any_at(tokens, first, vague_subjects) ? 1 : 0;
    tied -= is_run ? 3 : 0;
    tied -= is_progressive(tokens, first) ? 1 : 0;
    tied -= is_own_deed(tokens, first) ? 1 : 0;
    tied -= is_whereabouts(tokens, first) ? 2 : 0;
    tied -= is_remark(tokens, first) ? 2 : 0;
    tied -= has_turn_of_talk(tokens, first) ? 2 : 0;
    tied -= opens_with_exclamation(tokens) ? 4 : has_exclamation(tokens, first) ? 4 : 0;
    is_loud = tokens->count > 0 && kmi_token_is(&tokens->items[tokens->count - 1], "!");
    tied -= is_loud ? 1 : 0;
    int talk = WEIGH(tokens, first, passing);
    if (has_no_verb(tokens, first) && talk < -2) tied--;
    if (tied == 0) return 0;
    tied += is_possession(tokens, first) ? 3 : 0;
    tied += is_being_something(tokens, first) ? 2 : is_owned(tokens, first) ? 1 : 0;
    return tied + talk + WEIGH(tokens, first, lasting) + weigh_anchors(tokens, first, is_run);
}

/* ---- moods that state nothing ---- */

/* "It would be nice if …", "I wish …". */
static bool is_wish(const kmi_tokens *tokens, size_t first) {
    if (is_any_at(tokens, first, "i|we") && is_any_at(tokens, first + 1, "wish|wished")) return true;
    for (size_t i = first; i + 3 < tokens->count; i++)
        if (is_any_at(tokens, i, "would|it'd|that'd|wouldn't") && is_any_at(tokens, i + 1, "be|it"))
            for (size_t k = i + 2; k < tokens->count && k < i + 6; k++)
                if (is_any_at(tokens, k, "if")) return true;
    return false;
}

/* "Suppose …", "if I were …, I would …", "if only …": not so, and known not to be so. */
static bool is_hypothetical(const kmi_tokens *tokens, size_t first) {
    if (is_any_at(tokens, first, "suppose|supposing|imagine|imagining|pretend|picture|say") &&
        (is_any_at(tokens, first + 1,
                   "that|the|a|an|we|you|i|there|every|all|our|my|if|for|someone|somebody|it|this|each|,") ||
         is_any_at(tokens, first, "suppose|supposing|imagine")))
        return !is_any_at(tokens, first, "say") || !is_any_at(tokens, first + 1, "the|all|it|this|that");
    if (is_any_at(tokens, first, "what|as|even") && is_any_at(tokens, first + 1, "if|though"))
        return is_any_at(tokens, first, "what");
    if (is_any_at(tokens, first, "if") && is_any_at(tokens, first + 1, "only")) return true;
    if (is_any_at(tokens, first, "were") && is_any_at(tokens, first + 1, "i|we|the|it")) return true;
    bool has_if = false, has_unreal = false, has_would = false;
    for (size_t i = first; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        has_if |= kmi_token_is(token, "if");
        has_unreal |=
            has_if && !has_would && kmi_token_is_any(token, "were|had|could|won|knew|lived|owned|was|got|gave");
        has_would |=
            kmi_token_is_any(token, "would|could|i'd|we'd|wouldn't|he'd|they'd|could've|would've|you'd|it'd|might");
        if (kmi_token_is_any(token, "prefer|rather|choose|pick")) return false;
    }
    return (has_if && has_unreal && has_would) || is_wish(tokens, first);
}

/* "I'll look at it later", "let me first …", "maybe I'll …": the speaker's next minutes. */
static bool is_next_step(const kmi_tokens *tokens, size_t first) {
    size_t at = first;
    while (is_any_at(tokens, at, "maybe|perhaps|then|so|now|first|ok|okay|please|just|and|but|probably|anyway|,")) at++;
    if (is_any_at(tokens, at, "let") && is_any_at(tokens, at + 1, "me")) return true;
    if (is_any_at(tokens, at, "going|gonna|about|off|trying") && is_any_at(tokens, at + 1, "to")) return true;
    bool is_will =
        is_any_at(tokens, at, "i'll|ill") ||
        (is_any_at(tokens, at, "i") && is_any_at(tokens, at + 1, "will|may|might|shall|need|should|gotta|must")) ||
        (is_any_at(tokens, at, "i'm|im") && is_any_at(tokens, at + 1, "going|about|gonna|off"));
    if (!is_will) return false;
    for (size_t i = at + 1; i < tokens->count; i++)
        if (kmi_token_is_any(
                &tokens->items[i],
                "later|soon|now|first|minute|minutes|moment|second|lunch|tea|coffee|dinner|break|breakfast|"
                "again|tonight|tomorrow|then|hour|afterwards|back|bed|home|look|see|check|try|think"))
            return true;
    return false;
}

/* ---- what breaks off, and what is typed to a machine ---- */

static const char empty_words[] =
    "a|an|the|this|that|these|those|and|or|but|if|so|then|because|of|to|in|on|at|for|with|by|from|as|is|are|was|were|"
    "be|been|"
    "it|its|it's|i|i'm|me|you|your|we|he|she|they|them|him|her|my|our|one|ones|other|others|another|same|next|last|"
    "first|"
    "second|third|more|mean|please|no|not|yes|well|hm|hmm|um|uh|er|eh|there|here|what|which|when|while|just|like|again|"
    "some|any|all|both|each|too|think|guess|suppose|also|still|do|does|did|have|has|had|would|could|can|will|maybe|"
    "perhaps|rather|actually|"
    "really|or|let|lets|let's|now|later|up|down|off|out|over|thing|things|stuff|part|bit|something|anything";
static const char open_ends[] =
    "a|an|the|and|or|but|if|so|because|of|to|for|with|by|from|as|is|are|was|were|my|our|your|their|"
    "its|that|which|than|into|i|we|not|very|when|while|every|each|am|has|have|will|would";

/* "because of the", "No, the other one.": nothing that names a thing, or an end that waits for more. */
static bool is_fragment(const kmi_tokens *tokens, size_t first) {
    size_t words = 0, empty = 0, end = end_of(tokens, first);
    for (size_t i = first; i < end; i++) {
        const kmi_token *token = &tokens->items[i];
        if (is_punctuation(token)) continue;
        words++;
        empty += kmi_token_is_any(token, empty_words) && (token->flags & (KMI_T_ALL_CAPS | KMI_T_CODE)) == 0;
    }
    if (words > 0 && words == empty) return true;
    bool is_cut = end == tokens->count && end > first && kmi_token_is_any(&tokens->items[end - 1], open_ends) &&
                  (tokens->items[end - 1].flags & (KMI_T_CAPITAL | KMI_T_CODE | KMI_T_QUOTED)) == 0;
    return is_cut && words <= FRAGMENT_WORDS_MAX;
}

/* Options, pipes, redirections and variables, two of them and no article: a command line whatever the program is. */
static bool has_shell_signs(const kmi_tokens *tokens) {
    size_t signs = 0;
    for (size_t i = 1; i < tokens->count; i++)
        if (kmi_token_has(&tokens->items[i], KMI_W_BE | KMI_W_DETERMINER | KMI_W_PRONOUN | KMI_W_I | KMI_W_WE))
            return false;
    kmi_slice text = tokens->text;
    for (size_t i = 1; i + 1 < text.len; i++) {
        char before = text.ptr[i - 1], c = text.ptr[i], next = text.ptr[i + 1];
        bool is_letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
        signs += (before == ' ' && c == '-' && (is_letter || next == '-')) || (c == '&' && next == '&') ||
                 (before == ' ' && (c == '|' || c == '>') && next == ' ') || (c == '$' && (is_letter || next == '{'));
    }
    return signs >= 2;
}

/* "What a match last night!" */
static bool is_outcry(const kmi_tokens *tokens, size_t first) {
    return is_any_at(tokens, first, "what|such") && is_any_at(tokens, first + 1, "a|an") &&
           !kmi_token_has(&tokens->items[tokens->count > first + 3 ? first + 3 : first], KMI_W_BE);
}

/* "git status", "ls -la src/": the name of a program, and nothing of a sentence behind it. */
static bool is_command(const kmi_tokens *tokens, size_t first) {
    static const char programs[] =
        "git|npm|npx|yarn|pnpm|bun|deno|node|python|python3|pip|pip3|pipx|uv|poetry|pytest|cargo|rustc|rustup|go|make|"
        "cmake|"
        "ninja|meson|gcc|clang|docker|docker-compose|podman|kubectl|helm|terraform|ansible|aws|gcloud|az|ls|cd|cat|cp|"
        "mv|rm|"
        "mkdir|touch|grep|rg|find|sed|awk|curl|wget|ssh|scp|rsync|tar|unzip|zip|chmod|chown|sudo|apt|apt-get|brew|dnf|"
        "yum|"
        "pacman|snap|systemctl|journalctl|ps|top|htop|kill|df|du|tail|head|less|vim|nano|echo|export|source|ping|dig|"
        "psql|"
        "mysql|sqlite3|redis-cli|java|javac|mvn|gradle|gradlew|dotnet|ruby|bundle|rails|rake|composer|php|perl|lua|tsc|"
        "eslint|prettier|vite|webpack|jest|vitest|ruff|black|mypy|tox|nox|bash|sh|zsh|pwd|env|which|whoami|tmux|gh|"
        "conda";
    if (first != 0 || tokens->count < 2 || (tokens->items[0].flags & KMI_T_CAPITAL) != 0) return false;
    if (has_shell_signs(tokens)) return true;
    if (!is_any_at(tokens, 0, programs)) return false;
    bool has_sign = false, has_grammar = false, has_stop = false;
    for (size_t i = 1; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        char c = token->lower.ptr[0];
        size_t start = token->start;
        has_sign |=
            (c == '-' && start + 1 < tokens->text.len && tokens->text.ptr[start + 1] != ' ') || c == '&' || c == '|';
        bool is_stop = c == '.' && i + 1 == tokens->count;
        has_stop |= is_stop;
        has_grammar |= !is_punctuation(token) &&
                       (kmi_token_has(token, KMI_W_BE | KMI_W_AUXILIARY | KMI_W_DETERMINER | KMI_W_PREPOSITION |
                                                 KMI_W_PRONOUN | KMI_W_NEGATION | KMI_W_I | KMI_W_WE) ||
                        (kmi_token_has(token, KMI_W_VERB) && (ends_with(token, "s") || ends_with(token, "ed"))));
    }
    return has_sign ? !has_grammar || !has_stop : !has_grammar && !has_stop && tokens->count <= 8;
}

/* ---- orders ---- */

/* Words that make an order hold beyond this once. */
static const char general_words[] = "always|never|every|each|whenever|all|any|only|unless|without|before|after|until|"
                                    "instead|when|if|for|in|with|not|don't|"
                                    "must|no|nothing|everything|everywhere|by|at|as|over|per|than|between|via|rather|"
                                    "using|of|from|into|under|beside|next|on";

/* "Run the tests.", "Read the second chapter again and tell me …": about the thing at hand, once. */
static bool is_single_order(const kmi_tokens *tokens, size_t first) {
    static const char once[] =
        "run|read|open|close|show|print|start|stop|restart|look|tell|explain|fetch|try|wait|continue|"
        "go|give|take|undo|redo|push|pull|commit|rerun|repeat|scroll|click|check|find|list|reload|"
        "refresh|play|compare|describe|summarise|summarize|translate|finish|save|build|rebuild|"
        "compile|install|deploy|fix|execute|view|display|send|post|paste|create|delete|remove|rename|"
        "move|draw|sketch|count|calculate|compute|generate|refactor|rewrite|review|debug|revert|"
        "format|search|guess|pick|choose|change|update|merge|clone|add|test|turn|zoom|skip|drop";
    size_t at = first;
    while (is_any_at(tokens, at, "please|now|then|and|just|next|first|ok|okay|go|quickly|,")) at++;
    if (at > first && is_any_at(tokens, at + 1, "these|this|those") &&
        kmi_token_has(&tokens->items[at], KMI_W_IMPERATIVE) &&
        !is_any_at(tokens, at, "keep|use|follow|remember|avoid|prefer"))
        return true; /* "please turn these points into …" */
    if (!(is_any_at(tokens, at, once) ||
          (at > first && is_any_at(tokens, at, "do|make|put|set|use|write|apply|sort"))) ||
        at + 1 >= tokens->count)
        return false;
    bool has_me = false, has_again = false, has_general = false;
    size_t words = 0;
    for (size_t i = at + 1; i < tokens->count; i++) {
        const kmi_token *token = &tokens->items[i];
        if (is_punctuation(token)) continue;
        words++;
        has_me |= kmi_token_is_any(token, "me|us|you");
        has_again |=
            kmi_token_is_any(token, "again|now|this|it|them|once|quickly|last|another|these|above|below|following");
        has_general |= kmi_token_is_any(token, general_words);
        if ((token->flags & (KMI_T_DIGIT | KMI_T_ALL_CAPS | KMI_T_INNER_CAP)) != 0 && !has_again) has_general = true;
    }
    size_t object = at + 1 + is_any_at(tokens, at + 1, "me|us");
    bool is_definite =
        is_any_at(tokens, object, "the|this|that|it|them|my|your|these|those|again|both|another|a|an|up");
    if (kmi_token_is_any(&tokens->items[at],
                         "check|test|send|fix|remove|delete|drop|add|change|update|merge|pick|choose|"
                         "skip|turn|format|take|review|rename|move|compare") &&
        !has_me && words > 5)
        return false;
    bool is_now = at > first && is_any_at(tokens, first, "now|then|next");
    bool is_pointing = is_any_at(tokens, at + 1, "it|this|that|again|them");
    bool is_always = false;
    for (size_t i = first; i < tokens->count; i++)
        is_always |= kmi_token_is_any(&tokens->items[i],
                                      "always|never|every|each|whenever|unless|only|must|before|after|instead");
    if (is_always) return false;
    if ((has_me && has_again) || is_now || is_pointing) return true;
    return is_definite && (!has_general ? words <= 5 : has_again && words <= 8 && has_me);
}

static bool is_type(const kmi_judgement *judgement, const char *type) {
    return strcmp(judgement->type, type) == 0;
}

static const char *find_doubt_of_mood(const kmi_tokens *tokens, const kmi_judgement *judgement, size_t first) {
    bool is_plain = is_type(judgement, "fact") || is_type(judgement, "note") || is_type(judgement, "status");
    if (is_fragment(tokens, first)) return "chatter";
    if (is_command(tokens, first)) return "request";
    if (is_plain && is_outcry(tokens, first)) return "chatter";
    bool is_soft_rule = is_type(judgement, "rule") && judgement->confidence < 0.9;
    if ((is_plain || is_soft_rule || is_type(judgement, "solution")) && is_hypothetical(tokens, first))
        return "chatter";
    if ((is_plain || is_soft_rule) && is_next_step(tokens, first)) return "chatter";
    if ((is_plain || is_soft_rule || is_type(judgement, "preference")) && is_single_order(tokens, first))
        return "request";
    return NULL;
}

/* "I looked into it: the pipeline drops rows": what was found stands behind the colon. */
static size_t behind_colon(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first + 1; i + 4 < tokens->count; i++)
        if (kmi_token_is(&tokens->items[i], ":")) return i + 1;
    return first;
}

/* "I like where this is going", "I love it": what is liked stands in the conversation. */
static bool is_liking_what_is_here(const kmi_tokens *tokens, size_t first) {
    for (size_t i = first + 1; i + 1 < tokens->count; i++)
        if (is_any_at(tokens, i, "like|love|enjoy|liked|loved|hate"))
            return is_any_at(tokens, i + 1, "it|this|that|where|your|them|those|these|what") &&
                   !is_any_at(tokens, i + 2, "when|if|that|short|how") && end_of(tokens, first) <= i + 6;
    return false;
}

const char *kmi_worth_doubt(const kmi_tokens *tokens, const kmi_speech_act *act, const kmi_judgement *judgement,
                            bool is_aside) {
    size_t first = act->first;
    if (act->is_important || strncmp(judgement->pattern, "label", 5) == 0) return NULL;
    const char *doubt = find_doubt_of_mood(tokens, judgement, first);
    if (doubt != NULL) return doubt;
    bool is_unknown = strcmp(judgement->pattern, "sentence") == 0;
    bool is_plain =
        is_unknown || is_type(judgement, "fact") || is_type(judgement, "note") || is_type(judgement, "status");
    bool is_own = is_any_at(tokens, first, "i|i've");
    bool is_soft_rule = is_type(judgement, "rule") && judgement->confidence < (is_own ? 0.9 : 0.8);
    if (is_type(judgement, "preference") && is_liking_what_is_here(tokens, first)) return "chatter";
    bool is_weighed = is_plain || is_soft_rule || is_type(judgement, "identity") || is_type(judgement, "rule");
    if (!is_weighed) return NULL;
    bool is_passing = is_type(judgement, "status") && (is_short_run(tokens, first) || is_whereabouts(tokens, first));
    int limit = is_unknown || is_soft_rule || is_passing ? KEPT_FROM_SENTENCE : KEPT_FROM_PATTERN;
    int weight = weigh(tokens, behind_colon(tokens, first));
    if (is_aside && is_unknown) return weight + WEIGH(tokens, first, passing) <= KEPT_FROM_ASIDE ? "chatter" : NULL;
    return weight <= limit ? "chatter" : NULL;
}
