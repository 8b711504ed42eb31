/* Search: words and their forms, filters, order, bounds, and texts that are no query at all. */
#include "store_fixture.h"

#include "store/sqlite/index.h"

static void fill(store_fixture *f) {
    static const char *const TEXTS[] = {"Team decided to use Docker for deployment",
                                        "User prefers detailed error messages", "getUserName returns the login",
                                        "The mice went away", "東京の天気は晴れ"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) keep_memory(f, TEXTS[i], "fact");
}

static void forms_of_a_word_meet(void **state) {
    store_fixture *f = *state;
    static const struct {
        const char *query, *wanted;
    } CASES[] = {
        {"How do I deploy this?", "Team decided to use Docker for deployment"},
        {"DEPLOYMENTS", "Team decided to use Docker for deployment"},
        {"How should I handle errors?", "User prefers detailed error messages"},
        {"user name", "getUserName returns the login"},
        {"getUserName", "getUserName returns the login"},
        {"mouse", "The mice went away"},
        {"go", "The mice went away"},
        {"東京", "東京の天気は晴れ"},
        {"the", "getUserName returns the login"}, /* nothing but stop words: then they are searched for */
        {"kubernetes", ""},
        {"", ""},
        {"?!... \" ' ( ) * : ^ - + NEAR AND OR NOT", ""},
    };
    fill(f);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *best = search_best(f, CASES[i].query, NULL);
        bool is_stop_word_case = strcmp(CASES[i].query, "the") == 0;
        if (is_stop_word_case)
            assert_int_equal(search_count(f, "the"), 2);
        else
            assert_string_equal(best, CASES[i].wanted);
    }
}

static void operators_are_only_words(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "near and far", "fact");
    keep_memory(f, "quote \"inside\" it", "fact");
    assert_int_equal(search_count(f, "content:near"), 1);
    assert_int_equal(search_count(f, "NEAR(far, 3)"), 1);
    assert_int_equal(search_count(f, "\"inside"), 1);
    assert_int_equal(search_count(f, "ins*"), 0);
    assert_int_equal(search_count(f, "far\" OR \"quote"), 2);
}

static void filters_apply_before_the_limit(void **state) {
    store_fixture *f = *state;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 300; i++) {
        char text[64];
        snprintf(text, sizeof text, "apple %s number%d", i == 7 ? "one two three four five six seven" : "apple", i);
        kmi_candidate candidate = make_candidate(text, "fact");
        kmi_memory_new new = {.candidate = &candidate, .source = i == 7 ? "rare" : "common", .created_at_us = 100 + i};
        expect_ok(kmi_uuid_make(&new.id, &f->error));
        expect_ok(kmi_store_memory_insert(f->store, &new, &f->error));
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    km_recall_query rare = {.source = "rare"};
    assert_string_equal(search_best(f, "apple", &rare), "apple one two three four five six seven number7");
    km_recall_query late = {.since_us = 399};
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    expect_ok(kmi_store_search(f->store, kmi_slice_from("apple"), &late, 10, f->arena, &hits, &count, NULL, &f->error));
    assert_int_equal(count, 1);
}

static void hits_come_best_first_and_equal_ones_newest_first(void **state) {
    store_fixture *f = *state;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 100; i++) {
        char text[200] = "pear";
        for (int k = 0; k < i % 10; k++) strcat(text, " filler");
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    expect_ok(kmi_store_search(f->store, kmi_slice_from("pear"), NULL, 30, f->arena, &hits, &count, NULL, &f->error));
    assert_int_equal(count, 30);
    for (size_t i = 1; i < count; i++) {
        bool is_ordered =
            hits[i - 1].score > hits[i].score || (hits[i - 1].score == hits[i].score && hits[i - 1].seq > hits[i].seq);
        assert_true(is_ordered);
    }
    assert_int_equal(hits[0].seq, 91); /* the shortest, the newest of ten */
    assert_int_equal(hits[9].seq, 1);
    assert_true(hits[0].coverage > 0.99);
}

/* A short list, which skips the lengths of hopeless rows, agrees with the head of a long one. */
static void short_lists_are_exact(void **state) {
    store_fixture *f = *state;
    uint64_t seed = 42;
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < 2000; i++) {
        char text[400] = "";
        int words = 1 + (int)(seed % 30);
        for (int k = 0; k < words; k++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            char word[16];
            snprintf(word, sizeof word, "w%u ", (unsigned)((seed >> 33) % 40));
            strcat(text, word);
        }
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
    kmi_search_hit *all = NULL;
    kmi_search_hit *few = NULL;
    size_t all_count = 0;
    size_t few_count = 0;
    kmi_slice query = kmi_slice_from("w1 w2 w3 w30");
    expect_ok(kmi_store_search(f->store, query, NULL, 5000, f->arena, &all, &all_count, NULL, &f->error));
    expect_ok(kmi_store_search(f->store, query, NULL, 7, f->arena, &few, &few_count, NULL, &f->error));
    assert_true(all_count > 500);
    assert_int_equal(few_count, 7);
    for (size_t i = 0; i < few_count; i++) {
        assert_int_equal(few[i].seq, all[i].seq);
        assert_true(few[i].score == all[i].score);
    }
}

static void rare_words_weigh_more(void **state) {
    store_fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        char text[64];
        snprintf(text, sizeof text, "service number%d listens", i);
        keep_memory(f, text, "fact");
    }
    keep_memory(f, "zookeeper elects a leader", "fact");
    assert_string_equal(search_best(f, "which service is zookeeper", NULL), "zookeeper elects a leader");
}

static void long_prompts_are_bounded(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "zebra at the end", "fact");
    size_t len = (size_t)1 << 20;
    char *prompt = malloc(len + 1);
    assert_non_null(prompt);
    for (size_t i = 0; i < len; i++) prompt[i] = i % 9 == 8 ? ' ' : (char)('a' + (i * i + i / 9) % 26);
    memcpy(prompt + len - 6, " zebra", 6);
    prompt[len] = '\0';
    assert_int_equal(search_count(f, prompt), 1);
    for (size_t i = 0; i + 3 <= len; i += 3) memcpy(prompt + i, "€", 3); /* cuts fall inside characters */
    memcpy(prompt, "zebra ", 6);
    assert_int_equal(search_count(f, prompt), 1);
    memset(prompt, 'x', len); /* one word, far too long for a term */
    assert_int_equal(search_count(f, prompt), 0);
    free(prompt);
}

static void long_memories_are_found(void **state) {
    store_fixture *f = *state;
    size_t len = (size_t)1 << 20;
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) text[i] = i % 6 == 5 ? ' ' : 'q';
    memcpy(text + len - 8, " giraffe", 8);
    text[len] = '\0';
    kmi_uuid id = keep_memory(f, text, "note");
    assert_int_equal(search_count(f, "giraffe"), 1);
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_delete(f->store, &id, 1, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_int_equal(search_count(f, "giraffe"), 0);
    expect_sound(f);
    free(text);
}

static void parts_of_names_and_texts_without_spaces_are_found(void **state) {
    store_fixture *f = *state;
    static const char *const CASES[][2] = {
        {"get user", "Call getUserName first"},
        {"client", "See src/http/client.c"},
        {"http", "See src/http/client.c"},
        {"retries", "Raise MAX_RETRIES to five"},
        {"max_retries", "Raise MAX_RETRIES to five"},
        {"\xE5\xA4\xA9\xE6\xB0\x97", "東京の天気は晴れ"},
        {"数据库", "我们用数据库保存订单"},
        {"데이터베이스", "주문은 데이터베이스에 저장"},
        {"ฐานข้อมูล", "เก็บไว้ในฐานข้อมูล"},
        {"cafe", "Lunch is at the Café"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) keep_memory(f, CASES[i][1], "fact");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        assert_string_equal(search_best(f, CASES[i][0], NULL), CASES[i][1]);
}

/* ---- The budget of postings ---- */

static void fill_with_common_words(store_fixture *f, int count) {
    expect_ok(kmi_store_begin(f->store, &f->error));
    for (int i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "server%s note%d", i % 10 == 0 ? " backup" : "", i);
        kmi_candidate candidate = make_candidate(text, "fact");
        put_memory(f, &candidate);
    }
    expect_ok(kmi_store_commit(f->store, &f->error));
}

static void common_terms_are_weighed_on_the_best_units(void **state) {
    store_fixture *f = *state;
    fill_with_common_words(f, 3000);
    keep_memory(f, "backup walrus", "fact");
    keep_memory(f, "server walrus", "fact"); /* newer, and the better answer */
    keep_memory(f, "pencil walrus", "fact");
    kmi_search_hit *hits[2] = {NULL, NULL};
    size_t counts[2] = {0, 0};
    kmi_search_info info[2];
    for (int i = 0; i < 2; i++) {
        kmi_search_set_budget(i == 0 ? 0 : 700);
        expect_ok(kmi_store_search(f->store, kmi_slice_from("walrus server"), NULL, 10, f->arena, &hits[i], &counts[i],
                                   &info[i], &f->error));
    }
    kmi_search_set_budget(0);
    assert_false(info[0].is_estimated);
    assert_true(info[1].is_estimated);
    assert_int_equal(info[1].skipped_term_count, 1);
    assert_true(info[1].idf_sum > info[0].idf_sum * 0.9 && info[1].idf_sum < info[0].idf_sum * 1.1);
    for (int i = 0; i < 2; i++) {
        assert_true(counts[i] >= 3);
        assert_int_equal(hits[i][0].seq, 3002);
        assert_true(hits[i][0].coverage > 0.99);
    }
    assert_true(hits[1][0].score > hits[0][0].score * 0.98 && hits[1][0].score < hits[0][0].score * 1.02);
}

static void a_common_word_alone_finds_the_newest(void **state) {
    store_fixture *f = *state;
    fill_with_common_words(f, 3000);
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    kmi_search_info info;
    kmi_search_set_budget(300);
    expect_ok(kmi_store_search(f->store, kmi_slice_from("server"), NULL, 5, f->arena, &hits, &count, &info, &f->error));
    kmi_search_set_budget(0);
    assert_true(info.is_estimated);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) assert_true(hits[i].seq > 2900);
}

static void a_mistyped_word_finds_what_was_meant(void **state) {
    store_fixture *f = *state;
    static const char *const TYPOS[] = {"kubrnetes", "kubernettes", "kuebrnetes", "kubernwtes", "xubernetes", NULL};
    keep_memory(f, "The kubernetes cluster is in Frankfurt", "fact");
    keep_memory(f, "Lunch is at noon", "fact");
    for (size_t i = 0; TYPOS[i] != NULL; i++) {
        kmi_search_hit *hits = NULL;
        size_t count = 0;
        kmi_search_info info;
        expect_ok(
            kmi_store_search(f->store, kmi_slice_from(TYPOS[i]), NULL, 5, f->arena, &hits, &count, &info, &f->error));
        assert_int_equal(count, 1);
        assert_int_equal(hits[0].seq, 1);
        if (TYPOS[i][0] == 'k')
            assert_true(info.unseen_share < 0.1 && hits[0].coverage > 0.4);
        else /* a guess at the first letter counts less */
            assert_true(info.unseen_share == 1 && hits[0].coverage <= 0.5);
    }
    assert_int_equal(search_count(f, "kbernwtes"), 0); /* two letters away */
    assert_int_equal(search_count(f, "nooon"), 1);
    assert_int_equal(search_count(f, "nono"), 0); /* too short to guess */
}

/* One wrong letter in every way, in words of several scripts and cases. Only plain letters are guessed at. */
static void typos_by_kind_and_script(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "Postgres answers the reports", "fact");
    keep_memory(f, "Der Schlüsselbund hängt im Keller", "fact");
    keep_memory(f, "La bibliothèque ferme tôt", "fact");
    keep_memory(f, "Сервер стоит в подвале", "fact");
    keep_memory(f, "データベースは東京にあります", "fact");
    static const struct {
        const char *query;
        int64_t seq; /* 0: finds nothing */
    } CASES[] = {
        {"postgrse", 1},     {"postgers", 1},     {"postgrs", 1},      {"posttgres", 1},     {"postgras", 1},
        {"Postgrss", 1},     {"schlusselbnd", 2}, {"Schlüselbund", 2}, {"SCHLÜSSELBNUD", 2}, {"schluesselbund", 2},
        {"biblotheque", 3},  {"Bibliothéqeu", 3}, {"biblioteque", 3},  {"сервир", 0},        {"сервер", 4},
        {"データペース", 5}, /* its other pairs are right */
        {"pstgs", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        kmi_search_hit *hits = NULL;
        size_t count = 0;
        expect_ok(kmi_store_search(f->store, kmi_slice_from(CASES[i].query), NULL, 5, f->arena, &hits, &count, NULL,
                                   &f->error));
        int64_t first = count > 0 ? hits[0].seq : 0;
        if (first != CASES[i].seq)
            fail_msg("\"%s\" finds %d, expected %d", CASES[i].query, (int)first, (int)CASES[i].seq);
    }
}

static int64_t find_first(store_fixture *f, const char *query, kmi_search_info *ret_info) {
    kmi_search_hit *hits = NULL;
    size_t count = 0;
    expect_ok(kmi_store_search(f->store, kmi_slice_from(query), NULL, 5, f->arena, &hits, &count, ret_info, &f->error));
    return count > 0 ? hits[0].seq : 0;
}

static void a_mistyped_word_beside_a_weak_one_is_mended(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "The electrician is Pia", "fact");
    keep_memory(f, "The floor needs a week to dry", "fact");
    keep_memory(f, "The planner is Ben, the planter is Eve", "fact");
    kmi_search_info info;
    assert_int_equal(find_first(f, "I need to reach the electrican at this number", &info), 1);
    assert_true(info.unseen_share > 0 && info.unseen_share < 1); /* "number" and "reach" stay unknown */
    bool is_named = false;
    for (size_t i = 0; i < info.term_count; i++) is_named = is_named || strcmp(info.terms[i], "electrician") == 0;
    assert_true(is_named);
    /* The first letter is right as a rule, two candidates are none, and where the known words are enough nothing is guessed. */
    assert_int_equal(find_first(f, "I need to reach the alectrician at this number", &info), 2);
    assert_int_equal(find_first(f, "I need to reach the planer at this number", &info), 2);
    keep_memory(f, "Paint is stored here", "fact"); /* "string" is a letter from "storing", and far from "store" */
    assert_int_equal(find_first(f, "I need to reverse a string of letters", &info), 2);
    assert_int_equal(find_first(f, "does the floor need a week for the electrican", &info), 2);
}

static void function_words_of_other_languages_are_no_evidence(void **state) {
    store_fixture *f = *state;
    keep_memory(f, "Die Frist ist der letzte Freitag", "fact");
    keep_memory(f, "Ключи хранятся в сейфе", "fact");
    keep_memory(f, "本番データベースは大阪にあります", "fact");
    keep_memory(f, "The office of Los Angeles can die", "fact");
    assert_int_equal(search_count(f, "Was ist die Hauptstadt von Peru?"), 0);
    assert_int_equal(search_count(f, "Wann ist die Frist?"), 1);
    assert_int_equal(search_count(f, "Какая самая длинная река в мире?"), 0);
    assert_int_equal(search_count(f, "где хранятся ключи"), 1);
    assert_int_equal(search_count(f, "これはどこにありますか富士"), 0);
    assert_int_equal(search_count(f, "データベースはどこですか"), 1);
    /* none in English */
    kmi_search_info info;
    assert_int_equal(find_first(f, "did it die in Los Angeles", &info), 4);
    assert_int_equal(info.term_count, 3);
    assert_false(info.has_stop_words_only);
    find_first(f, "was ist das", &info);
    assert_true(info.has_stop_words_only);
}

/* Who asks with the words of an old statement wants what took its place: once, and by its own words too. */
static void a_superseded_statement_finds_its_successor(void **state) {
    store_fixture *f = *state;
    kmi_uuid first = keep_memory(f, "The gateway listens on port 8080", "fact");
    kmi_uuid second = keep_memory(f, "We put the entrance at 9090", "fact");
    kmi_uuid third = keep_memory(f, "Now it is 9191", "fact");
    keep_memory(f, "The lawn is green", "fact");
    expect_ok(kmi_store_begin(f->store, &f->error));
    expect_ok(kmi_store_memory_supersede(f->store, &first, &second, &f->error));
    expect_ok(kmi_store_memory_supersede(f->store, &second, &third, &f->error));
    expect_ok(kmi_store_commit(f->store, &f->error));
    assert_string_equal(search_best(f, "gateway port", NULL), "Now it is 9191");
    assert_int_equal(search_count(f, "gateway port"), 1);
    assert_int_equal(search_count(f, "gateway entrance 9191"), 1);
    km_recall_query other_source = {.source = "elsewhere"};
    assert_string_equal(search_best(f, "gateway port", &other_source), "");
    km_recall_query with_old = {.include_superseded = true};
    assert_string_equal(search_best(f, "gateway port", &with_old), "The gateway listens on port 8080");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(forms_of_a_word_meet),
        STORE_TEST(a_superseded_statement_finds_its_successor),
        STORE_TEST(operators_are_only_words),
        STORE_TEST(filters_apply_before_the_limit),
        STORE_TEST(hits_come_best_first_and_equal_ones_newest_first),
        STORE_TEST(short_lists_are_exact),
        STORE_TEST(rare_words_weigh_more),
        STORE_TEST(long_prompts_are_bounded),
        STORE_TEST(long_memories_are_found),
        STORE_TEST(parts_of_names_and_texts_without_spaces_are_found),
        STORE_TEST(common_terms_are_weighed_on_the_best_units),
        STORE_TEST(a_common_word_alone_finds_the_newest),
        STORE_TEST(a_mistyped_word_finds_what_was_meant),
        STORE_TEST(typos_by_kind_and_script),
        STORE_TEST(a_mistyped_word_beside_a_weak_one_is_mended),
        STORE_TEST(function_words_of_other_languages_are_no_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
