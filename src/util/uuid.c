/* uuid.c - UUID version 7 whose first 12 random bits carry the time within the millisecond.
 *
 * RFC 9562, 6.2 method 3: rand_a counts 1/4096 ms, so that ids made microseconds apart differ within their first 18
 * characters, which is what people see and type. Ids of the same tick take a random step up (method 2). When the clock
 * goes back the last tick is kept. A child of fork() starts a new tick: its parent counts in the old one. */
#include "util/uuid.h"

#include <string.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/random.h"

#define TICKS_PER_MS 4096
#define LOW_BITS 62

typedef struct id_source {
    unsigned fork_count;
    uint64_t tick; /* milliseconds * TICKS_PER_MS + rand_a */
    uint64_t low;  /* rand_b */
} id_source;

static _Thread_local id_source thread_source;

/* The highest bit stays zero at first: room for steps. */
static void start_tick(id_source *source, uint64_t tick, uint64_t random) {
    source->tick = tick;
    source->low = random & ((UINT64_C(1) << (LOW_BITS - 1)) - 1);
}

static void step_up(id_source *source, uint64_t random) {
    source->low += (random & UINT32_MAX) + 1;
    if (source->low >> LOW_BITS != 0) start_tick(source, source->tick + 1, random);
}

static kmi_uuid lay_out(const id_source *source) {
    kmi_uuid uuid;
    uint64_t ms = source->tick / TICKS_PER_MS;
    uint64_t within = source->tick % TICKS_PER_MS;
    for (size_t i = 0; i < 6; i++) uuid.bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    uuid.bytes[6] = (unsigned char)(0x70 | within >> 8);
    uuid.bytes[7] = (unsigned char)within;
    for (size_t i = 0; i < 8; i++) uuid.bytes[8 + i] = (unsigned char)(source->low >> (56 - 8 * i));
    uuid.bytes[8] = (unsigned char)(0x80 | (uuid.bytes[8] & 0x3F));
    return uuid;
}

km_status kmi_uuid_make(kmi_uuid *ret_uuid, km_error *error) {
    id_source *source = &thread_source;
    uint64_t random = 0;
    unsigned fork_count = 0;
    km_status status = kmi_random_bytes(&random, sizeof random, &fork_count, error);
    if (status != KM_OK) return status;
    bool is_forked = source->fork_count != fork_count;
    source->fork_count = fork_count;
    uint64_t now_us = (uint64_t)kmi_clock_now_us();
    uint64_t now_tick = now_us / 1000 * TICKS_PER_MS + now_us % 1000 * TICKS_PER_MS / 1000;
    if (now_tick > source->tick)
        start_tick(source, now_tick, random);
    else if (is_forked)
        start_tick(source, source->tick + 1, random);
    else
        step_up(source, random);
    *ret_uuid = lay_out(source);
    return KM_OK;
}

kmi_uuid kmi_uuid_from_hash(const unsigned char hash[16]) {
    kmi_uuid uuid;
    memcpy(uuid.bytes, hash, sizeof uuid.bytes);
    uuid.bytes[6] = (unsigned char)(0x70 | (uuid.bytes[6] & 0x0F));
    uuid.bytes[8] = (unsigned char)(0x80 | (uuid.bytes[8] & 0x3F));
    return uuid;
}

/* True when a hyphen of the text form stands before this half-byte. */
static bool has_hyphen_before(size_t nibble) {
    return nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20;
}

char *kmi_uuid_format(const kmi_uuid *uuid, char ret_text[KMI_UUID_TEXT_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    char *at = ret_text;
    for (size_t nibble = 0; nibble < 32; nibble++) {
        if (has_hyphen_before(nibble)) {
            *at++ = '-';
        }
        unsigned char byte = uuid->bytes[nibble / 2];
        *at++ = digits[nibble % 2 == 0 ? byte >> 4 : byte & 0x0F];
    }
    *at = '\0';
    return ret_text;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads half-bytes with hyphens at their places, if there. Returns false for anything else. */
static bool read_nibbles(const char *text, unsigned char ret_nibbles[32], size_t *ret_count, size_t *ret_hyphens) {
    size_t count = 0;
    size_t hyphens = 0;
    bool was_hyphen = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '-' && has_hyphen_before(count) && !was_hyphen) {
            was_hyphen = true;
            hyphens++;
            continue;
        }
        int value = hex_value(*at);
        if (value < 0 || count == 32) {
            return false;
        }
        ret_nibbles[count++] = (unsigned char)value;
        was_hyphen = false;
    }
    *ret_count = count;
    *ret_hyphens = hyphens;
    return true;
}

km_status kmi_uuid_parse(const char *text, kmi_uuid *ret_uuid, km_error *error) {
    unsigned char nibbles[32];
    size_t count = 0;
    size_t hyphens = 0;
    if (text == NULL || !read_nibbles(text, nibbles, &count, &hyphens) || count != 32 || hyphens != 4) {
        return kmi_fail(error, KM_E_INVALID,
                        "\"%.40s\" is not an id: expected 36 characters like "
                        "\"0192c3b0-7d1e-7c4a-9f00-2b6f1a3c5d7e\"",
                        text != NULL ? text : "");
    }
    for (size_t i = 0; i < 16; i++) {
        ret_uuid->bytes[i] = (unsigned char)(nibbles[2 * i] << 4 | nibbles[2 * i + 1]);
    }
    return KM_OK;
}

km_status kmi_uuid_prefix_range(const char *prefix, kmi_uuid *ret_low, kmi_uuid *ret_high, km_error *error) {
    unsigned char nibbles[32];
    size_t count = 0;
    size_t hyphens = 0;
    if (prefix == NULL || !read_nibbles(prefix, nibbles, &count, &hyphens) || count == 0) {
        return kmi_fail(error, KM_E_INVALID,
                        "\"%.40s\" is not an id or the beginning of one: expected hexadecimal "
                        "digits",
                        prefix != NULL ? prefix : "");
    }
    memset(ret_low->bytes, 0x00, sizeof ret_low->bytes);
    memset(ret_high->bytes, 0xFF, sizeof ret_high->bytes);
    for (size_t i = 0; i < count; i++) {
        unsigned shift = i % 2 == 0 ? 4 : 0;
        unsigned keep = i % 2 == 0 ? 0x0F : 0xF0;
        ret_low->bytes[i / 2] = (unsigned char)((ret_low->bytes[i / 2] & keep) | (unsigned)nibbles[i] << shift);
        ret_high->bytes[i / 2] = (unsigned char)((ret_high->bytes[i / 2] & keep) | (unsigned)nibbles[i] << shift);
    }
    return KM_OK;
}

int kmi_uuid_compare(const kmi_uuid *a, const kmi_uuid *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
