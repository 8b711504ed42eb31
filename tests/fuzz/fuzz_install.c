/* Editing a foreign configuration file: whatever it holds, an edit that succeeds can be repeated without change and undone
 * without a trace of us. The first byte chooses the format. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "install/jsonc_edit.h"
#include "install/toml_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SERVER[] = "{\"command\":\"kuzu-memory\",\"args\":[\"mcp\"]}";
static const kmi_jsonc_place PLACE = {.keys = {"mcpServers", "kuzu-memory"}};
static const kmi_toml_table TABLE = {"mcp_servers.kuzu-memory", "command = \"kuzu-memory\"\nargs = [\"mcp\"]\n"};

static km_status put(bool is_toml, kmi_slice text, kmi_arena *arena, kmi_buf *buf) {
    kmi_buf_init(buf, (size_t)1 << 22);
    return is_toml ? kmi_toml_put(text, &TABLE, buf, NULL)
                   : kmi_jsonc_put(text, &PLACE, kmi_slice_from(SERVER), arena, buf, NULL);
}

static km_status take_out(bool is_toml, kmi_slice text, kmi_arena *arena, kmi_buf *buf) {
    kmi_buf_init(buf, (size_t)1 << 22);
    return is_toml ? kmi_toml_take_out(text, &TABLE, buf, NULL)
                   : kmi_jsonc_take_out(text, &PLACE, true, arena, buf, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > 65536) return 0;
    bool is_toml = data[0] == 't';
    kmi_slice text = {(const char *)data + 1, size - 1};
    kmi_arena *arena = kmi_arena_new((size_t)1 << 28);
    KMI_CLEANUP_BUF kmi_buf with;
    KMI_CLEANUP_BUF kmi_buf again;
    KMI_CLEANUP_BUF kmi_buf without;
    kmi_buf_init(&again, 1);
    kmi_buf_init(&without, 1);
    if (arena == NULL) return 0;
    if (put(is_toml, text, arena, &with) == KM_OK) {
        if (put(is_toml, kmi_buf_slice(&with), arena, &again) != KM_OK) abort();
        if (!kmi_slice_equal(kmi_buf_slice(&with), kmi_buf_slice(&again))) abort();
        if (take_out(is_toml, kmi_buf_slice(&with), arena, &without) != KM_OK) abort();
        kmi_buf_deinit(&again);
        if (take_out(is_toml, kmi_buf_slice(&without), arena, &again) != KM_OK) abort();
        if (!kmi_slice_equal(kmi_buf_slice(&without), kmi_buf_slice(&again))) abort();
    }
    kmi_arena_free(arena);
    return 0;
}
