/* Checksums: parts count as one text, and values never change, since files hold them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

#define S(text) KMI_SLICE_LITERAL(text)

static void checksums_of_parts_equal_that_of_the_whole(void **state) {
    (void)state;
    char text[1000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 7);
    for (size_t len = 0; len <= sizeof text; len += 37) {
        kmi_slice whole = {text, len};
        uint64_t expected = kmi_hash_checksum(42, &whole, 1);
        for (size_t cut = 0; cut <= len; cut += 13) {
            kmi_slice parts[] = {{text, cut}, {NULL, 0}, {text + cut, len - cut}};
            assert_true(kmi_hash_checksum(42, parts, 3) == expected);
        }
        assert_true(kmi_hash_checksum(43, &whole, 1) != expected);
    }
}

static void checksums_are_those_of_xxh3(void **state) {
    (void)state;
    kmi_slice empty = {"", 0};
    assert_true(kmi_hash_checksum(0, &empty, 1) == 0x2D06800538D394C2);
    assert_true(kmi_hash_checksum(0, NULL, 0) == 0x2D06800538D394C2);
}

static void digests_are_those_of_sha256(void **state) {
    (void)state;
    static const unsigned char ABC[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                          0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                          0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    unsigned char digest[32];
    kmi_slice parts[] = {S("a"), {NULL, 0}, S("bc")};
    kmi_hash_sha256(parts, 3, digest);
    assert_memory_equal(digest, ABC, sizeof ABC);
}

static void a_stream_gives_the_digest_of_the_whole(void **state) {
    (void)state;
    char text[1000];
    unsigned char expected[32], digest[32];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 11);
    kmi_slice whole = {text, sizeof text};
    kmi_hash_sha256(&whole, 1, expected);
    kmi_hash_stream *stream = kmi_hash_stream_new();
    assert_non_null(stream);
    for (size_t at = 0, len = 0; at < sizeof text; at += len, len = len * 3 % 101 + 1) {
        if (len > sizeof text - at) len = sizeof text - at;
        kmi_hash_stream_add(stream, text + at, len);
    }
    kmi_hash_stream_end(stream, digest);
    assert_memory_equal(digest, expected, sizeof digest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_of_parts_equal_that_of_the_whole),
        cmocka_unit_test(checksums_are_those_of_xxh3),
        cmocka_unit_test(digests_are_those_of_sha256),
        cmocka_unit_test(a_stream_gives_the_digest_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
