/* Every word of the prompt must be in the list of one language family: English, or the others together, where mixing is usual ("ok,
 * danke"). Kept apart because "tag", "door" and "pure" greet in one and not in the other. Words of the second list are folded; a
 * run of a script without spaces is a word. Both are sorted by bytes. */
#include "recall/small_talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "recall/word_reader.h"

#define WORDS_TO_READ 60
#define FOREIGN_BYTES_MAX ((size_t)160) /* a longer text says something */

static const char *const ENGLISH[] = {
    // clang-format off
    "a", "afternoon", "again", "ahead", "all", "alright", "am", "amazing", "and", "are", "awesome", "back",
    "brilliant", "bro", "buddy", "bye", "carry", "cheers", "continue", "cool", "day", "do", "doing", "done",
    "evening", "everyone", "exactly", "excellent", "fine", "folks", "for", "go", "going", "good", "goodbye", "got",
    "great", "guys", "haha", "hahaha", "hello", "hey", "hi", "how", "i", "is", "it", "its", "job", "keep", "later",
    "lets", "lol", "lot", "lovely", "m", "makes", "mate", "more", "morning", "much", "nice", "night", "no", "nope",
    "now", "of", "ok", "okay", "on", "once", "one", "perfect", "please", "proceed", "re", "redo", "resume", "retry",
    "revert", "right", "s", "see", "sense", "so", "soon", "sorry", "stop", "sure", "team", "thank", "thanks", "that",
    "the", "there", "this", "time", "today", "tomorrow", "try", "undo", "up", "very", "wait", "welcome", "well",
    "what", "whats", "wonderful", "work", "works", "wow", "yay", "yeah", "yep", "yes", "you", "your", "yup",
    // clang-format on
};

static const char *const OTHERS[] = {
    // clang-format off
    "a", "abend", "accord", "adelante", "adios", "alles", "allez", "alsjeblieft", "also", "ancora", "annule",
    "annuler", "annulla", "au", "avanti", "bald", "beaucoup", "bedankt", "bem", "bene", "bien", "bientot", "bis",
    "bitte", "boa", "bom", "bon", "bonjour", "bonsoir", "buenas", "buenos", "buonasera", "buongiorno", "bye", "c",
    "ca", "cela", "certo", "ciao", "claro", "continua", "continuar", "continuare", "continue", "continuer",
    "continuez", "d", "daccord", "dank", "danke", "dankeschon", "dann", "das", "dat", "de", "desfaca", "desfaz",
    "deshaz", "deshazlo", "di", "dia", "dias", "dies", "dit", "door", "doorgaan", "e", "eens", "einmal", "encore",
    "es", "esa", "eso", "est", "esta", "fais", "favor", "favore", "fertig", "fort", "fortfahren", "ga", "genau",
    "genial", "goed", "goedemorgen", "graag", "gracias", "grazie", "gut", "guten", "hallo", "hasta", "hello", "hey",
    "hi", "hoi", "hola", "il", "isso", "ist", "ja", "je", "jetzt", "jo", "klar", "klasse", "la", "le", "les", "listo",
    "los", "luego", "maak", "maar", "mach", "mache", "machen", "mal", "marche", "merci", "mille", "moin", "morgen",
    "muchas", "muito", "muy", "nao", "nee", "nein", "nickel", "no", "noch", "noches", "nochmal", "nog", "noite",
    "non", "novo", "nuevo", "nuovo", "obrigada", "obrigado", "ok", "okay", "ola", "ongedaan", "opnieuw", "otimo",
    "otra", "ottimo", "oui", "outra", "parfait", "passt", "per", "perfect", "perfecto", "perfeito", "perfekt",
    "perfetto", "plait", "please", "por", "prego", "prima", "prossiga", "pure", "recommence", "reprends", "revoir",
    "richtig", "ruckgangig", "s", "salut", "schon", "segue", "sehr", "servus", "si", "siga", "sigue", "sim", "so",
    "sorry", "spater", "stimmt", "stp", "suite", "super", "svp", "tag", "tarde", "tardes", "te", "thanks", "thx",
    "toe", "toll", "top", "tot", "tres", "tschuss", "tudo", "und", "va", "vai", "vale", "valeu", "vas", "verder",
    "vez", "vielen", "vous", "weiter", "weitermachen", "wel", "wieder", "wunderbar", "y", "ziens", "zuruck",
    "большое", "верно", "вечер", "все", "готово", "да", "давай", "давайте",
    "дальше", "день", "доброе", "добрый", "еще", "здравствуйте", "ладно",
    "нет", "окей", "отлично", "отмени", "отмените", "пожалуйста", "пока",
    "понял", "поняла", "понятно", "привет", "продолжай", "продолжайте",
    "продолжить", "работа", "раз", "снова", "спасибо", "супер", "так",
    "утро", "хорошая", "хорошо", "это", "ясно", "ありがとう",
    "ありがとうございました", "ありがとうございます", "いいえ", "いいですね",
    "おはよう", "おはようございます", "おやすみなさい", "お願いします", "こんにちは",
    "こんばんは", "さようなら", "どうも", "どうもありがとう",
    "どうもありがとうございます", "はい", "もう一度", "もう一度お願いします",
    "やり直して", "よろしく", "よろしくお願いします", "わかりました", "不", "不是",
    "不用", "了解", "了解しました", "了解です", "你好", "元に戻して",
    "元に戻してください", "再来一次", "再见", "再试一次", "可以", "多谢", "太好了", "好",
    "好吧", "好極了", "好的", "完璧です", "对", "对的", "很好", "您好", "撤消", "撤销",
    "早上好", "明白", "明白了", "是", "是的", "没问题", "続き", "続けて", "続けてください",
    "続けて下さい", "繼續", "继续", "继续吧", "行", "謝謝", "请继续", "谢谢", "谢谢你",
    "감사합니다", "계속", "계속해", "계속해주세요", "계속해줘", "고마워", "고마워요",
    "고맙습니다", "네", "다시", "아니요", "안녕", "안녕하세요", "알겠습니다", "예", "좋아",
    "좋아요",
    // clang-format on
};

static int compare_words(const void *word, const void *entry) {
    const kmi_slice *left = word;
    const char *right = *(const char *const *)entry;
    size_t right_len = strlen(right);
    int order = memcmp(left->ptr, right, left->len < right_len ? left->len : right_len);
    return order != 0 ? order : (left->len > right_len) - (left->len < right_len);
}

static bool is_english(kmi_slice prompt) {
    kmi_word_reader reader = {.text = prompt};
    int count = 0;
    while (count < WORDS_TO_READ && kmi_word_next(&reader)) {
        kmi_slice word = kmi_slice_from(reader.lower);
        if (bsearch(&word, ENGLISH, sizeof ENGLISH / sizeof ENGLISH[0], sizeof ENGLISH[0], compare_words) == NULL)
            return false;
        count++;
    }
    return count < WORDS_TO_READ;
}

static bool has_listed_words_only(kmi_slice folded) {
    for (size_t at = 0, start = 0; at < folded.len;) {
        size_t end = at;
        bool is_word = kmi_text_is_word_char(kmi_text_next(folded, &at));
        bool is_last = at >= folded.len;
        if (is_word && !is_last) continue;
        kmi_slice word = kmi_slice_sub(folded, start, (is_word ? at : end) - start);
        start = at;
        if (word.len > 0 &&
            bsearch(&word, OTHERS, sizeof OTHERS / sizeof OTHERS[0], sizeof OTHERS[0], compare_words) == NULL)
            return false;
    }
    return true;
}

bool kmi_is_small_talk(kmi_slice prompt) {
    if (is_english(prompt)) return true;
    if (prompt.len > FOREIGN_BYTES_MAX) return false;
    KMI_CLEANUP_BUF kmi_buf folded;
    kmi_buf_init(&folded, FOREIGN_BYTES_MAX * 4);
    bool is_folded = kmi_text_fold(prompt, &folded, NULL) == KM_OK;
    return is_folded && has_listed_words_only(kmi_buf_slice(&folded));
}
