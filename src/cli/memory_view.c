/* Rendering memories. Ids are printed whole in lists, since that is what scripts pass on; a table on a terminal shows
 * the first 18 characters, which hold the whole time stamp and twelve random bits and are prefix enough. */
#include "cli/memory_view.h"

#include <stdio.h>
#include <string.h>

#include "cli/explain_view.h"
#include "cli/table.h"
#include "util/clock.h"
#include "util/error.h"

#define SHORT_ID_LEN 18
#define WHY_LIMIT_BYTES ((size_t)4096)

static void add_json_entities(kmi_json_out *out, const km_memory *memory) {
    kmi_json_out_array(out, "entities");
    for (size_t i = 0; i < memory->entity_count; i++) {
        kmi_json_out_object(out, NULL);
        kmi_json_out_text(out, "name", memory->entities[i].name);
        kmi_json_out_text(out, "type", memory->entities[i].type);
        kmi_json_out_object_end(out);
    }
    kmi_json_out_array_end(out);
}

static void add_json_rest(kmi_json_out *out, const km_memory *memory) {
    kmi_json_out_text(out, "agent", memory->agent);
    kmi_json_out_text(out, "user", memory->user);
    if (memory->metadata_json != NULL) {
        kmi_json_out_raw(out, "metadata", kmi_slice_from(memory->metadata_json));
    } else {
        kmi_json_out_null(out, "metadata");
    }
    kmi_json_out_real(out, "importance", memory->importance);
    kmi_json_out_integer(out, "seq", memory->seq);
    kmi_json_out_time(out, "last_seen_at", memory->last_seen_at_us);
    kmi_json_out_time(out, "expires_at", memory->expires_at_us);
    kmi_json_out_count(out, "seen_count", memory->seen_count);
    kmi_json_out_text(out, "task_id", memory->origin_task);
    kmi_json_out_text(out, "pattern", memory->pattern);
    kmi_json_out_text(out, "superseded_by", memory->superseded_by);
    kmi_json_out_text(out, "subject", memory->subject);
    kmi_json_out_text(out, "attribute", memory->attribute);
    kmi_json_out_text(out, "value", memory->value);
    kmi_json_out_text(out, "time_phrase", memory->time_phrase);
    kmi_json_out_time(out, "event_at", memory->event_at_us);
    add_json_entities(out, memory);
}

void kmi_memory_add_json(kmi_json_out *out, const char *key, const km_memory *memory, kmi_memory_detail detail) {
    kmi_json_out_object(out, key);
    kmi_json_out_text(out, "id", memory->id);
    kmi_json_out_text(out, "key", memory->key);
    kmi_json_out_text(out, "content", memory->content);
    kmi_json_out_text(out, "type", memory->type);
    kmi_json_out_text(out, "knowledge_type", memory->knowledge_type);
    kmi_json_out_text(out, "polarity", memory->polarity);
    kmi_json_out_text(out, "source", memory->source);
    kmi_json_out_text(out, "speaker", memory->speaker);
    kmi_json_out_text(out, "session", memory->session);
    kmi_json_out_time(out, "created_at", memory->created_at_us);
    kmi_json_out_time(out, "observed_at", memory->observed_at_us);
    kmi_json_out_real(out, "confidence", memory->confidence);
    if (memory->is_user_memory) kmi_json_out_text(out, "scope", "user");
    if (detail == KMI_MEMORY_SCORED || detail == KMI_MEMORY_EXPLAINED) {
        kmi_json_out_real(out, "score", memory->score);
        kmi_json_out_text(out, "reason", memory->reason);
        if (detail == KMI_MEMORY_EXPLAINED) kmi_explain_add_json_match(out, memory->match);
    } else if (detail == KMI_MEMORY_WHOLE) {
        add_json_rest(out, memory);
    }
    kmi_json_out_object_end(out);
}

void kmi_memory_add_json_list(kmi_json_out *out, const char *key, const km_memory *memories, size_t count,
                              kmi_memory_detail detail) {
    kmi_json_out_array(out, key);
    for (size_t i = 0; i < count; i++) {
        kmi_memory_add_json(out, NULL, &memories[i], detail);
    }
    kmi_json_out_array_end(out);
}

static int64_t shown_time(const km_memory *memory) {
    return memory->observed_at_us != 0 ? memory->observed_at_us : memory->created_at_us;
}

/* How the score came about, where there is one; else the reason. */
static void add_why(kmi_buf *buf, const km_memory *memory) {
    if (memory->match != NULL)
        kmi_explain_add_match(buf, memory->match);
    else if (memory->reason != NULL)
        kmi_buf_add_text(buf, memory->reason);
}

static km_status add_table(kmi_cli *cli, const kmi_terminal *terminal, const km_memory *memories, size_t count,
                           bool explain, km_error *error) {
    static const kmi_table_column columns[] = {{.title = "ID"},
                                               {.title = "TYPE"},
                                               {.title = "DATE"},
                                               {.title = "MEMORY", .is_flexible = true},
                                               {.title = "SCORE", .is_right = true},
                                               {.title = "REASON"}};
    kmi_table table;
    kmi_table_init(&table, columns, explain ? 6 : 4);
    for (size_t i = 0; i < count; i++) {
        char id[SHORT_ID_LEN + 1];
        char date[KMI_TIME_TEXT_SIZE];
        char score[32];
        snprintf(id, sizeof id, "%s", memories[i].id);
        snprintf(score, sizeof score, "%.3g", memories[i].score);
        KMI_CLEANUP_BUF kmi_buf why;
        kmi_buf_init(&why, WHY_LIMIT_BYTES);
        add_why(&why, &memories[i]);
        const char *full_or_short = terminal->is_terminal ? id : memories[i].id;
        const char *cells[] = {
            full_or_short, memories[i].type, kmi_time_format_date(shown_time(&memories[i]), date), memories[i].content,
            score,         why.ptr};
        kmi_table_add(&table, cells);
    }
    km_status status = kmi_table_print(&table, terminal, &cli->out);
    kmi_table_deinit(&table);
    return status == KM_OK ? KM_OK : kmi_fail(error, status, "out of memory while printing memories");
}

/* Tabs and new lines inside a memory become spaces: a line is a memory and a tab is a boundary. */
static void add_on_one_line(const kmi_terminal *terminal, kmi_buf *buf, const char *text) {
    size_t from = buf->len;
    kmi_terminal_add_text(terminal, buf, kmi_slice_from(text));
    for (size_t i = from; i < buf->len; i++) {
        char c = buf->ptr[i];
        buf->ptr[i] = c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    }
}

static void add_line(kmi_cli *cli, const kmi_terminal *terminal, const km_memory *memory, bool explain) {
    char date[KMI_TIME_TEXT_SIZE];
    kmi_buf_add_format(&cli->out, "%s\t%s\t%s\t", memory->id, memory->type,
                       kmi_time_format_date(shown_time(memory), date));
    add_on_one_line(terminal, &cli->out, memory->content);
    if (explain) {
        kmi_buf_add_format(&cli->out, "\t%.3g\t", memory->score);
        add_why(&cli->out, memory);
    }
    kmi_buf_add_char(&cli->out, '\n');
}

km_status kmi_memory_add_list(kmi_cli *cli, const km_memory *memories, size_t count, bool explain, km_error *error) {
    kmi_terminal terminal = kmi_cli_terminal(cli);
    const char *format = kmi_cli_text(cli, KMI_SLOT_FORMAT);
    bool is_table = format != NULL ? strcmp(format, "table") == 0 : terminal.is_terminal;
    if (count == 0) {
        if (terminal.is_terminal) kmi_cli_note(cli, "no memories found");
        return KM_OK;
    }
    if (is_table) return add_table(cli, &terminal, memories, count, explain, error);
    for (size_t i = 0; i < count; i++) {
        if (kmi_cli_is_format(cli, "raw")) {
            kmi_terminal_add_text(&terminal, &cli->out, kmi_slice_from(memories[i].content));
            kmi_buf_add_char(&cli->out, '\n');
        } else {
            add_line(cli, &terminal, &memories[i], explain);
        }
    }
    return KM_OK;
}

static void add_field(kmi_cli *cli, const kmi_terminal *terminal, const char *name, const char *value) {
    if (value == NULL || value[0] == '\0') return;
    kmi_terminal_add(terminal, &cli->out, KMI_STYLE_BOLD, name);
    kmi_buf_add_format(&cli->out, ":%*s", (int)(15 - strlen(name)), "");
    kmi_terminal_add_text(terminal, &cli->out, kmi_slice_from(value));
    kmi_buf_add_char(&cli->out, '\n');
}

static void add_time_field(kmi_cli *cli, const kmi_terminal *terminal, const char *name, int64_t time_us) {
    char text[KMI_TIME_TEXT_SIZE];
    if (time_us != 0) add_field(cli, terminal, name, kmi_time_format(time_us, text));
}

static void add_entities(kmi_cli *cli, const kmi_terminal *terminal, const km_memory *memory) {
    KMI_CLEANUP_BUF kmi_buf names;
    kmi_buf_init(&names, 1024 * 1024);
    for (size_t i = 0; i < memory->entity_count; i++) {
        kmi_buf_add_format(&names, "%s%s (%s)", i > 0 ? ", " : "", memory->entities[i].name, memory->entities[i].type);
    }
    add_field(cli, terminal, "Entities", names.ptr);
}

void kmi_memory_add_page(kmi_cli *cli, const km_memory *memory) {
    kmi_terminal terminal = kmi_cli_terminal(cli);
    char number[64];
    add_field(cli, &terminal, "ID", memory->id);
    add_field(cli, &terminal, "Type", memory->type);
    add_field(cli, &terminal, "Knowledge", memory->knowledge_type);
    add_field(cli, &terminal, "Polarity", memory->polarity);
    snprintf(number, sizeof number, "%.2f", memory->confidence);
    add_field(cli, &terminal, "Confidence", number);
    snprintf(number, sizeof number, "%.2f", memory->importance);
    add_field(cli, &terminal, "Importance", number);
    add_field(cli, &terminal, "Source", memory->source);
    add_field(cli, &terminal, "Speaker", memory->speaker);
    add_field(cli, &terminal, "Session", memory->session);
    add_field(cli, &terminal, "Agent", memory->agent);
    add_field(cli, &terminal, "User", memory->user);
    add_field(cli, &terminal, "Key", memory->key);
    add_time_field(cli, &terminal, "Observed", memory->observed_at_us);
    add_time_field(cli, &terminal, "Created", memory->created_at_us);
    add_time_field(cli, &terminal, "Last seen", memory->last_seen_at_us);
    add_time_field(cli, &terminal, "Expires", memory->expires_at_us);
    add_field(cli, &terminal, "When", memory->time_phrase);
    add_time_field(cli, &terminal, "Resolved", memory->event_at_us);
    snprintf(number, sizeof number, "%u", memory->seen_count);
    add_field(cli, &terminal, "Seen", number);
    add_field(cli, &terminal, "Task", memory->origin_task);
    add_field(cli, &terminal, "Pattern", memory->pattern);
    add_field(cli, &terminal, "Superseded by", memory->superseded_by);
    add_entities(cli, &terminal, memory);
    add_field(cli, &terminal, "Metadata", memory->metadata_json);
    kmi_buf_add_char(&cli->out, '\n');
    kmi_terminal_add_text(&terminal, &cli->out, kmi_slice_from(memory->content));
    kmi_buf_add_char(&cli->out, '\n');
}
