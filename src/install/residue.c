#include "install/residue.h"

#include <stdint.h>

enum { surroundings_min = 6 };

/* Where `part` stands in `text`, if it stands there once; SIZE_MAX otherwise. */
static size_t find_once(kmi_slice text, kmi_slice part) {
    size_t first = part.len > 0 ? kmi_slice_find(text, part, 0) : SIZE_MAX;
    bool is_twice = first != SIZE_MAX && kmi_slice_find(text, part, first + 1) != SIZE_MAX;
    return is_twice ? SIZE_MAX : first;
}

static kmi_slice replace(kmi_slice text, size_t at, size_t len, kmi_slice by, kmi_arena *arena) {
    char *mended = kmi_arena_alloc(arena, text.len - len + by.len + 1);
    if (mended == NULL) return text;
    if (at > 0) memcpy(mended, text.ptr, at);
    if (by.len > 0) memcpy(mended + at, by.ptr, by.len);
    memcpy(mended + at + by.len, text.ptr + at + len, text.len - at - len);
    return (kmi_slice){mended, text.len - len + by.len};
}

kmi_slice kmi_install_mend(kmi_slice text, kmi_slice rehearsed, kmi_slice before, kmi_arena *arena) {
    /* The most of both sides first; then one side counts for less, in case the change is next to the place. */
    static const struct {
        size_t left, right;
    } sizes[] = {{64, 64}, {16, 64}, {64, 16}, {16, 16}, {4, 64}, {64, 4}, {4, 16}, {16, 4},
                 {1, 64},  {64, 1},  {1, 16},  {16, 1},  {4, 4},  {1, 4},  {4, 1}};
    size_t shorter = rehearsed.len < before.len ? rehearsed.len : before.len;
    size_t head = 0, tail = 0;
    while (head < shorter && rehearsed.ptr[head] == before.ptr[head]) head++;
    while (tail < shorter - head && rehearsed.ptr[rehearsed.len - 1 - tail] == before.ptr[before.len - 1 - tail])
        tail++;
    size_t len = rehearsed.len - head - tail; /* of what is there and was not, or stands for what was */
    kmi_slice lost = kmi_slice_sub(before, head, before.len - head - tail);
    if (len == 0 && lost.len == 0) return text;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t left = head < sizes[i].left ? head : sizes[i].left;
        size_t right = tail < sizes[i].right ? tail : sizes[i].right;
        bool is_at_end = right == tail, is_at_start = left == head;
        size_t at = find_once(text, kmi_slice_sub(rehearsed, head - left, left + len + right));
        if (at == SIZE_MAX || (is_at_start && at != 0) || (is_at_end && at + left + len + right != text.len)) continue;
        if (left + right < surroundings_min && !is_at_end && !is_at_start) continue;
        return replace(text, at + left, len, lost, arena);
    }
    return text;
}
