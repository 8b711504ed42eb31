#include "extract/statement_parse.h"

#include <string.h>

#include "base/text.h"
#include "extract/event_verb.h"

static const char time_fillers[] = "now|currently|already|still|just|today|again|also|only|really|actually|recently|"
                                   "always|usually|mostly|then|anymore";

static size_t lower_into(char *to, kmi_slice text) {
    for (size_t i = 0; i < text.len; i++)
        to[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + 0x20 : text.ptr[i]);
    return text.len;
}

const char *kmi_parse_join(kmi_parse *self, size_t from, size_t to) {
    if (to > self->end) to = self->end;
    size_t size = 1;
    for (size_t i = from; i < to; i++) size += at(self, i)->lower.len + 2;
    for (size_t i = 0; i < self->entities->count; i++)
        size += self->entities->items[i].from >= from && self->entities->items[i].from < to
                    ? self->entities->items[i].name.len
                    : 0;
    char *text = kmi_arena_alloc(self->arena, size);
    if (text == NULL) {
        self->is_out_of_memory = true;
        return NULL;
    }
    size_t n = 0;
    bool is_ascii = true;
    for (size_t i = from; i < to; i++) {
        const kmi_token *token = at(self, i);
        const kmi_entity_found *entity = kmi_entities_at(self->entities, i);
        if ((token->flags & KMI_T_PUNCT) != 0 || is_article(self, i) || kmi_token_is_any(token, time_fillers)) continue;
        if (n > 0) text[n++] = ' ';
        if (entity != NULL && entity->from == i && entity->to <= to) {
            n += lower_into(text + n, entity->name); /* k8s and Kubernetes are one value */
            i = entity->to - 1;
            continue;
        }
        memcpy(text + n, token->lower.ptr, token->lower.len);
        n += token->lower.len;
        is_ascii &= (token->flags & KMI_T_ACCENTED) == 0;
    }
    text[n] = '\0';
    for (size_t i = 0; i < n; i++) is_ascii &= (unsigned char)text[i] < 0x80;
    if (is_ascii || n == 0) return n > 0 ? text : NULL;
    KMI_CLEANUP_BUF kmi_buf folded;
    kmi_buf_init(&folded, size * 4 + 64);
    if (kmi_text_fold((kmi_slice){text, n}, &folded, NULL) != KM_OK) return text;
    char *copy = kmi_arena_copy(self->arena, kmi_buf_slice(&folded));
    self->is_out_of_memory |= copy == NULL;
    return copy;
}

const char *kmi_parse_format(kmi_parse *self, const char *head, const char *tail) {
    if (tail == NULL) return kmi_arena_copy_text(self->arena, head);
    char *text = kmi_arena_format(self->arena, "%s %s", head, tail);
    self->is_out_of_memory |= text == NULL;
    return text;
}

const char *kmi_parse_base_form(kmi_parse *self) {
    const char *verb = kmi_verb_base_form(at(self, self->verb), self->arena);
    self->is_out_of_memory |= verb == NULL;
    return verb;
}
