/* The map in memory is a list of pointers, one a block: dense, because units are. Two bytes for a unit, so that a store of a
 * million has a map of two megabytes, of which a query reads the blocks that its words lead to.
 *
 * On disk an entry is little-endian, like everything else of ours. */
#include "store/sqlite/unit_map.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX \
    ((int64_t)1 << 24) /* far beyond what a store can hold; keeps a damaged number from asking for all memory */
#define ENTRY_BYTES 2

static km_status fail_nomem(kmi_sql *sql, km_error *error) {
    return kmi_fail(error, KM_E_NOMEM, "out of memory while working on \"%s\"", kmi_sql_path(sql));
}

static km_status make_room(kmi_unit_map *map, kmi_sql *sql, size_t number, km_error *error) {
    if (number < map->block_count) return KM_OK;
    size_t count = map->block_count == 0 ? 16 : map->block_count;
    while (count <= number) count *= 2;
    kmi_unit_block **blocks = reallocarray(map->blocks, count, sizeof(kmi_unit_block *));
    if (blocks == NULL) return fail_nomem(sql, error);
    for (size_t i = map->block_count; i < count; i++) blocks[i] = NULL;
    map->blocks = blocks;
    map->block_count = count;
    return KM_OK;
}

static void unpack(kmi_slice bytes, uint16_t ret_entries[KMI_UNIT_BLOCK]) {
    size_t count = bytes.len / ENTRY_BYTES < (size_t)KMI_UNIT_BLOCK ? bytes.len / ENTRY_BYTES : (size_t)KMI_UNIT_BLOCK;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (count > 0) memcpy(ret_entries, bytes.ptr, count * ENTRY_BYTES);
#else
    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = (const unsigned char *)bytes.ptr + i * ENTRY_BYTES;
        ret_entries[i] = (uint16_t)(at[0] | at[1] << 8);
    }
#endif
    memset(ret_entries + count, 0, ((size_t)KMI_UNIT_BLOCK - count) * ENTRY_BYTES);
}

static km_status read_block(kmi_sql *sql, int64_t number, kmi_unit_block *block, km_error *error) {
    static const char READ_BLOCK[] = "SELECT entries FROM unit_map WHERE block=?1";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(sql, READ_BLOCK, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, number);
    status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK && has_row) unpack(kmi_sql_slice(&use, 0), block->entries);
    return status;
}

km_status kmi_unit_map_block(kmi_unit_map *map, kmi_sql *sql, int64_t number, kmi_unit_block **ret_block,
                             km_error *error) {
    if (number < 0 || number >= BLOCKS_MAX) {
        return kmi_fail(error, KM_E_STORE, "\"%s\" is damaged: unit %lld of its index cannot be; restore a backup",
                        kmi_sql_path(sql), (long long)number);
    }
    km_status status = make_room(map, sql, (size_t)number, error);
    if (status != KM_OK) return status;
    if (map->blocks[number] == NULL) {
        kmi_unit_block *block = calloc(1, sizeof(*block));
        if (block == NULL) return fail_nomem(sql, error);
        status = read_block(sql, number, block, error);
        if (status != KM_OK) {
            free(block);
            return status;
        }
        map->blocks[number] = block;
    }
    *ret_block = map->blocks[number];
    return KM_OK;
}

km_status kmi_unit_map_get(kmi_unit_map *map, kmi_sql *sql, int64_t unit, kmi_unit_entry *ret_entry, km_error *error) {
    kmi_unit_block *block = NULL;
    *ret_entry = (kmi_unit_entry){0};
    if (unit < 1) return KM_OK;
    km_status status = kmi_unit_map_block(map, sql, unit / KMI_UNIT_BLOCK, &block, error);
    if (status == KM_OK && block != NULL) *ret_entry = kmi_unit_unpack(block->entries[unit % KMI_UNIT_BLOCK]);
    return status;
}

km_status kmi_unit_map_set(kmi_unit_map *map, kmi_sql *sql, int64_t unit, kmi_unit_entry entry, km_error *error) {
    kmi_unit_block *block = NULL;
    km_status status = kmi_unit_map_block(map, sql, unit / KMI_UNIT_BLOCK, &block, error);
    if (status != KM_OK || block == NULL) return status;
    uint16_t packed = kmi_unit_pack(entry);
    uint16_t *place = &block->entries[unit % KMI_UNIT_BLOCK];
    if (*place == packed) return KM_OK;
    *place = packed;
    block->is_changed = true;
    return KM_OK;
}

static km_status write_block(kmi_sql *sql, int64_t number, const kmi_unit_block *block, km_error *error) {
    static const char WRITE_BLOCK[] = "INSERT OR REPLACE INTO unit_map(block,entries) VALUES(?1,?2)";
    unsigned char bytes[KMI_UNIT_BLOCK * ENTRY_BYTES];
    for (size_t i = 0; i < (size_t)KMI_UNIT_BLOCK; i++) {
        bytes[i * ENTRY_BYTES] = (unsigned char)(block->entries[i] & 0xff);
        bytes[i * ENTRY_BYTES + 1] = (unsigned char)(block->entries[i] >> 8);
    }
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    km_status status = kmi_sql_start(sql, WRITE_BLOCK, &use, error);
    if (status != KM_OK) return status;
    kmi_sql_bind_integer(&use, 1, number);
    kmi_sql_bind_blob(&use, 2, bytes, sizeof(bytes));
    return kmi_sql_run(&use, error);
}

km_status kmi_unit_map_write(kmi_unit_map *map, kmi_sql *sql, km_error *error) {
    for (size_t i = 0; i < map->block_count; i++) {
        kmi_unit_block *block = map->blocks[i];
        if (block == NULL || !block->is_changed) continue;
        km_status status = write_block(sql, (int64_t)i, block, error);
        if (status != KM_OK) return status;
        block->is_changed = false;
    }
    return KM_OK;
}

/* ---- Reading on ---- */

#define STEPS_MAX 4 /* rows passed over rather than sought */

km_status kmi_unit_reader_start(kmi_unit_reader *reader, kmi_sql *sql, km_error *error) {
    static const char READ_ON[] = "SELECT block,entries FROM unit_map WHERE block>=?1 ORDER BY block";
    *reader = (kmi_unit_reader){.sql = sql, .at = -1};
    return kmi_sql_start(sql, READ_ON, &reader->use, error);
}

static km_status step(kmi_unit_reader *reader, km_error *error) {
    bool has_row = false;
    km_status status = kmi_sql_step(&reader->use, &has_row, error);
    if (status != KM_OK) return status;
    reader->is_at_end = !has_row;
    reader->at = has_row ? kmi_sql_integer(&reader->use, 0) : INT64_MAX;
    return KM_OK;
}

static km_status seek(kmi_unit_reader *reader, int64_t number, km_error *error) {
    sqlite3_reset(reader->use.statement);
    kmi_sql_bind_integer(&reader->use, 1, number);
    return step(reader, error);
}

km_status kmi_unit_reader_get(kmi_unit_reader *reader, int64_t number, uint16_t ret_entries[KMI_UNIT_BLOCK],
                              km_error *error) {
    km_status status = KM_OK;
    if (reader->at < 0 || number < reader->at || number - reader->at > STEPS_MAX) status = seek(reader, number, error);
    while (status == KM_OK && reader->at < number && !reader->is_at_end) status = step(reader, error);
    if (status != KM_OK) return status;
    unpack(reader->at == number ? kmi_sql_slice(&reader->use, 1) : (kmi_slice){"", 0}, ret_entries);
    return KM_OK;
}

void kmi_unit_reader_end(kmi_unit_reader *reader) {
    kmi_sql_end(&reader->use);
}

km_status kmi_unit_map_last(kmi_sql *sql, int64_t *ret_number, km_error *error) {
    static const char LAST_BLOCK[] = "SELECT max(block) FROM unit_map";
    KMI_CLEANUP_SQL kmi_sql_use use = {0};
    bool has_row = false;
    km_status status = kmi_sql_start(sql, LAST_BLOCK, &use, error);
    if (status == KM_OK) status = kmi_sql_step(&use, &has_row, error);
    if (status == KM_OK) *ret_number = has_row && !kmi_sql_is_null(&use, 0) ? kmi_sql_integer(&use, 0) : -1;
    return status;
}

void kmi_unit_map_clear(kmi_unit_map *map) {
    for (size_t i = 0; i < map->block_count; i++) free(map->blocks[i]);
    free(map->blocks);
    *map = (kmi_unit_map){0};
}
