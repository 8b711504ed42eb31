/* text_foreign.c - words of other languages that say nothing about what a text is about.
 *
 * Articles, pronouns, prepositions, question words and auxiliaries of German, French, Spanish, Italian, Portuguese, Dutch and
 * Russian, as kmi_text_fold() leaves them. Some are English words too ("die", "car", "was"), or common names and commands ("su"): they
 * are doubtful, and only those beside them tell. How often a word stands in the store does not tell: in a store of English
 * notes with one German one, "der" is as rare as "Kolloquium". Both tables are sorted by bytes.
 *
 * Chinese and Japanese are searched by pairs of characters. Grammar is written in hiragana and in a few dozen Chinese
 * characters, so a pair of two such characters is one of function words. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LONGEST_WORD ((size_t)14)

static const char FOREIGN_WORDS[][LONGEST_WORD + 1] = {
    // clang-format off
    "aan", "abbiamo", "aber", "agli", "alla", "alle", "allem", "allen", "aller", "alles", "allo", "alors", "anche",
    "ao", "aos", "au", "auch", "auf", "aus", "aussi", "aux", "avec", "avez", "avons", "bei", "beim", "bij", "bist",
    "bitte", "cada", "ce", "ces", "cet", "cette", "che", "chez", "chi", "combien", "comme", "como", "cosa", "cual",
    "cuales", "cuando", "cuanta", "cuantas", "cuanto", "cuantos", "cui", "dagli", "dai", "dal", "dalla", "dalle",
    "damit", "dann", "dans", "darf", "das", "dass", "de", "debe", "degli", "dei", "dein", "deine", "del", "della",
    "delle", "dello", "dem", "denn", "depuis", "der", "des", "desde", "dessen", "deze", "di", "diese", "diesem",
    "diesen", "dieser", "dieses", "dit", "doch", "dois", "doit", "donc", "donde", "dort", "durch", "een", "ein",
    "eine", "einem", "einen", "einer", "eines", "el", "elas", "ele", "eles", "ella", "ellas", "elle", "elles",
    "ellos", "em", "encore", "entre", "eran", "erano", "esa", "esas", "ese", "eso", "esos", "essa", "esse", "esta",
    "estaba", "estan", "estao", "estas", "este", "esto", "estos", "et", "etaient", "etait", "etes", "etwas", "eu",
    "euch", "euer", "faire", "fait", "faut", "foi", "fra", "fue", "fueron", "ganz", "geen", "gibt", "gli", "haar",
    "habe", "haben", "hacia", "hai", "hanno", "hasta", "hatte", "hatten", "heb", "hebben", "hebt", "heeft", "het",
    "hier", "hij", "hoeveel", "ich", "ihm", "ihn", "ihr", "ihre", "ihrem", "ihren", "ihrer", "ik", "il", "ils",
    "isso", "ist", "isto", "ja", "jede", "jeden", "jeder", "jedes", "jetzt", "jij", "jouw", "jullie", "kann",
    "kannst", "kein", "keine", "keinen", "konnen", "kunnen", "la", "las", "lei", "les", "leur", "leurs", "loro",
    "los", "lui", "maar", "mais", "mas", "mein", "meine", "meinem", "meinen", "meiner", "meu", "mi", "mich", "mijn",
    "minha", "mio", "mir", "mis", "moet", "moeten", "moins", "muito", "muss", "mussen", "muy", "naar", "nach", "nao",
    "negli", "nei", "nel", "nella", "nelle", "nello", "ni", "nicht", "niet", "noch", "noi", "nosotros", "nossa",
    "nosso", "nostra", "nostro", "notre", "nous", "nuestra", "nuestro", "nur", "ob", "oder", "ohne", "onde", "onder",
    "ons", "ont", "onze", "ook", "ou", "para", "pas", "pela", "pelas", "pelo", "pelos", "perche", "pero", "peut",
    "peux", "piu", "porque", "posso", "pourquoi", "puede", "pueden", "puedo", "puo", "qu", "quais", "qual", "quale",
    "quali", "quand", "quando", "quanta", "quantas", "quante", "quanti", "quanto", "quantos", "que", "quel", "quella",
    "quelle", "quelles", "quelli", "quello", "quels", "quem", "questa", "queste", "questi", "questo", "qui", "quien",
    "quienes", "quoi", "sao", "schon", "se", "sehr", "sein", "seine", "seiner", "ses", "seu", "seus", "siamo", "sich",
    "sido", "sie", "siete", "sind", "sobre", "soll", "sollen", "sollte", "sommes", "sono", "sont", "sua", "suas",
    "sugli", "sui", "suis", "sul", "sulla", "sulle", "sullo", "suo", "sus", "ta", "tambien", "temos", "tengo",
    "tenho", "tes", "tiene", "tienen", "todas", "todos", "tous", "tout", "toute", "toutes", "tra", "tres", "tu",
    "tua", "tuo", "tus", "uber", "uit", "uma", "umas", "una", "unas", "und", "une", "uno", "unos", "uns", "unser",
    "unsere", "unserem", "unseren", "unserer", "unter", "viel", "viele", "voce", "voces", "voi", "vom", "von", "voor",
    "vor", "vos", "vostro", "votre", "vous", "waar", "waarom", "wann", "wanneer", "waren", "warum", "wat", "weil",
    "welche", "welchem", "welchen", "welcher", "welches", "welke", "wem", "wenn", "wer", "werd", "werde", "werden",
    "wie", "wieder", "wieviel", "wij", "wir", "wird", "wo", "wofur", "woher", "wohin", "womit", "worden", "wordt",
    "wurde", "wurden", "yo", "zal", "ze", "zij", "zijn", "zu", "zum", "zur", "zwischen", "а", "без", "будет", "бы",
    "был", "была", "были", "было", "быть", "в", "вам", "вас", "ваш", "ваша", "ваше", "ваши", "во", "все", "вы", "где",
    "да", "для", "до", "его", "ее", "если", "есть", "еще", "же", "за", "зачем", "здесь", "и", "из", "или", "им", "их",
    "к", "как", "какая", "какие", "каким", "каких", "какого", "какое", "какой", "каком", "какую", "ко", "когда",
    "которая", "которое", "которой", "которые", "который", "кто", "куда", "ли", "меня", "мне", "мое", "можно", "мои",
    "мой", "моя", "мы", "на", "над", "нам", "нас", "наш", "наша", "наше", "нашей", "наши", "не", "него", "нее", "нет",
    "ни", "них", "но", "нужно", "о", "об", "он", "она", "они", "оно", "от", "откуда", "очень", "по", "под", "почему",
    "при", "с", "самая", "самое", "самые", "самый", "свои", "свой", "сколько", "со", "так", "там", "тебе", "тебя",
    "то", "только", "тот", "тут", "ты", "у", "уже", "чего", "чей", "чем", "что", "чтобы", "чья", "эта", "эти", "это",
    "этот", "я",
    // clang-format on
};

static const char DOUBTFUL_WORDS[][LONGEST_WORD + 1] = {
    // clang-format off
    "a", "ai", "al", "als", "am", "an", "as", "ate", "ben", "bent", "bin", "bis", "c", "car", "ci", "com", "come",
    "comment", "con", "d", "da", "dan", "dat", "den", "die", "dies", "do", "dont", "door", "dos", "dove", "du", "e",
    "ed", "en", "er", "era", "es", "est", "fa", "fur", "ha", "had", "han", "hast", "hat", "hay", "he", "her", "ho",
    "hoe", "hun", "i", "im", "in", "io", "is", "j", "je", "kan", "l", "le", "lo", "ma", "mag", "man", "me", "mes",
    "met", "mia", "mit", "mon", "n", "na", "nas", "ne", "no", "nog", "non", "nos", "o", "of", "om", "on", "op", "os",
    "over", "par", "per", "plus", "por", "pour", "sa", "sans", "sei", "sem", "ser", "sera", "si", "sim", "sin", "so",
    "son", "su", "sur", "t", "te", "tem", "ti", "toda", "todo", "ton", "tot", "u", "um", "un", "van", "vi", "war",
    "was", "we", "wen", "will", "y", "ya",
    // clang-format on
};

/* Pronouns, particles, question words, auxiliaries. */
static const char FUNCTION_CHARACTERS[] =
    "的了是在有和与吗呢吧么什怎哪几谁多少我你他她它们这那个些里没不要会能可以如何样为请问也都就很把被从到对或"
    "何誰";

kmi_foreignness kmi_text_foreignness(kmi_slice folded_word) {
    static const size_t SIZE = sizeof FOREIGN_WORDS[0];
    if (folded_word.len == 0 || folded_word.len > LONGEST_WORD) return KMI_FOREIGN_NOT;
    if (bsearch(&folded_word, FOREIGN_WORDS, sizeof FOREIGN_WORDS / SIZE, SIZE, kmi_text_compare_words) != NULL)
        return KMI_FOREIGN_SURELY;
    if (bsearch(&folded_word, DOUBTFUL_WORDS, sizeof DOUBTFUL_WORDS / SIZE, SIZE, kmi_text_compare_words) != NULL)
        return KMI_FOREIGN_PERHAPS;
    return KMI_FOREIGN_NOT;
}

static bool is_function_character(int32_t character, kmi_slice bytes) {
    static const kmi_slice LIST = {FUNCTION_CHARACTERS, sizeof FUNCTION_CHARACTERS - 1};
    bool is_hiragana = character >= 0x3041 && character <= 0x309F;
    return is_hiragana || (character >= 0x4E00 && character <= 0x9FFF && kmi_slice_find(LIST, bytes, 0) != SIZE_MAX);
}

bool kmi_text_is_function_pair(kmi_slice folded_word) {
    if (folded_word.len < 3 || (unsigned char)folded_word.ptr[0] < 0xE3) return false;
    for (size_t at = 0; at < folded_word.len;) {
        size_t start = at;
        int32_t character = kmi_text_next(folded_word, &at);
        if (!is_function_character(character, kmi_slice_sub(folded_word, start, at - start))) return false;
    }
    return true;
}
