/* The tokenizer "kuzu" of the full-text index. Documents are split by kmi_text_words(), the same function that makes the terms of
 * a query. A query is therefore handed over as finished terms, and the tokenizer passes them on as they are: a stem stemmed
 * again is not always the same stem ("deploy" must meet "deployment", which FTS5's own porter stemmer does not manage). */
#include "base/text.h"
#include "store/sqlite/handle.h"

typedef int (*token_sink)(void *context, int flags, const char *token, int len, int start, int end);

typedef struct token_stream {
    token_sink sink;
    void *context;
    size_t word_count;
    int code;
} token_stream;

static int create_tokenizer(void *user_data, const char **arguments, int argument_count,
                            Fts5Tokenizer **ret_tokenizer) {
    (void)arguments;
    (void)argument_count;
    *ret_tokenizer = user_data; /* the store: words are counted there */
    return SQLITE_OK;
}

static void delete_tokenizer(Fts5Tokenizer *tokenizer) {
    (void)tokenizer;
}

static bool pass_word(const kmi_text_word *word, void *context) {
    token_stream *stream = context;
    if (word->term.len == 0) return true;
    if (!word->is_part) stream->word_count++;
    stream->code = stream->sink(stream->context, word->is_part ? FTS5_TOKEN_COLOCATED : 0, word->term.ptr,
                                (int)word->term.len, (int)word->start, (int)word->end);
    return stream->code == SQLITE_OK;
}

static int tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int len, token_sink sink) {
    kmi_store *store = (kmi_store *)(void *)tokenizer;
    if (text == NULL || len <= 0) return SQLITE_OK;
    if ((flags & FTS5_TOKENIZE_QUERY) != 0) return sink(context, 0, text, len, 0, len);
    token_stream stream = {.sink = sink, .context = context, .code = SQLITE_OK};
    km_status status = kmi_text_words((kmi_slice){text, (size_t)len}, pass_word, &stream, NULL);
    store->word_count += stream.word_count;
    if (stream.code != SQLITE_OK) return stream.code;
    if (status == KM_E_NOMEM) return SQLITE_NOMEM;
    return status == KM_OK ? SQLITE_OK : SQLITE_ERROR;
}

km_status kmi_tokenizer_register(kmi_store *store, fts5_api *api, km_error *error) {
    static fts5_tokenizer METHODS = {create_tokenizer, delete_tokenizer, tokenize};
    int code = api->xCreateTokenizer(api, "kuzu", (void *)store, &METHODS, NULL);
    return code == SQLITE_OK ? KM_OK : kmi_sql_fail(store->sql, code, error);
}
