/* unit_map.h - two bytes about each unit of the index: how long it is and which units stand before and after it.
 *
 * Kept in blocks of 2000 units, a row of the table unit_map each. An entry holds the length in words (6 bits, up to 63), the
 * distance down to the unit before (5 bits) and up to the unit after (5 bits); 0: there is none, or it is too far away.
 * For windows of one memory the neighbour is the nearest one that does not overlap.
 *
 * Blocks are read when they are first asked for and kept; changes stay in memory until kmi_unit_map_write(). */
#ifndef KMI_STORE_SQLITE_UNIT_MAP_H
#define KMI_STORE_SQLITE_UNIT_MAP_H

#include "base/sql.h"
#include "util/error.h"

#define KMI_UNIT_BLOCK ((int64_t)2000)
#define KMI_UNIT_LEN_MAX 63u
#define KMI_UNIT_DISTANCE_MAX 31

typedef struct kmi_unit_entry {
    uint8_t len, before, after;
} kmi_unit_entry;

typedef struct kmi_unit_block {
    bool is_changed;
    uint16_t entries[KMI_UNIT_BLOCK];
} kmi_unit_block;

typedef struct kmi_unit_map {
    size_t block_count; /* slots in `blocks` */
    kmi_unit_block **blocks;
} kmi_unit_map;

static inline kmi_unit_entry kmi_unit_unpack(uint16_t packed) {
    return (kmi_unit_entry){packed & 63u, (packed >> 6) & 31u, (packed >> 11) & 31u};
}
static inline uint16_t kmi_unit_pack(kmi_unit_entry entry) {
    unsigned len = entry.len < KMI_UNIT_LEN_MAX ? entry.len : KMI_UNIT_LEN_MAX;
    return (uint16_t)(len | (entry.before & 31u) << 6 | (entry.after & 31u) << 11);
}

/* Returns the block of a number, read from the database at first; one that is not there is all zero. Borrowed. */
km_status kmi_unit_map_block(kmi_unit_map *map, kmi_sql *sql, int64_t number, kmi_unit_block **ret_block,
                             km_error *error) KM_MUST_CHECK;
/* A unit below 1 has the entry zero. */
km_status kmi_unit_map_get(kmi_unit_map *map, kmi_sql *sql, int64_t unit, kmi_unit_entry *ret_entry,
                           km_error *error) KM_MUST_CHECK;
km_status kmi_unit_map_set(kmi_unit_map *map, kmi_sql *sql, int64_t unit, kmi_unit_entry entry,
                           km_error *error) KM_MUST_CHECK;
/* Writes changed blocks; they stay in memory. Inside a transaction. */
km_status kmi_unit_map_write(kmi_unit_map *map, kmi_sql *sql, km_error *error) KM_MUST_CHECK;
/* Reading the entries of blocks in ascending order, without keeping any: what a search does. A block soon after the last one is the
 * next row of a running statement. Start with kmi_unit_reader_start(); end with kmi_unit_reader_end(). */
typedef struct kmi_unit_reader {
    kmi_sql *sql;
    kmi_sql_use use;
    int64_t at; /* block of the current row; -1: none */
    bool is_at_end;
} kmi_unit_reader;
km_status kmi_unit_reader_start(kmi_unit_reader *reader, kmi_sql *sql, km_error *error) KM_MUST_CHECK;
/* Copies the entries of a block; those that are not there are zero. */
km_status kmi_unit_reader_get(kmi_unit_reader *reader, int64_t number, uint16_t ret_entries[KMI_UNIT_BLOCK],
                              km_error *error) KM_MUST_CHECK;
void kmi_unit_reader_end(kmi_unit_reader *reader);
/* Number of the last block in the database; -1: none. */
km_status kmi_unit_map_last(kmi_sql *sql, int64_t *ret_number, km_error *error) KM_MUST_CHECK;
/* Forgets everything that was read or changed. */
void kmi_unit_map_clear(kmi_unit_map *map);

#endif
