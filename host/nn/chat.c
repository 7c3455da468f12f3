/* chat.c: see chat.h. */
#include "nn/chat.h"

#include <stdlib.h>
#include <string.h>

#include "nn/architecture.h"

typedef struct {
  const pl_tokenizer *t;
  int32_t *ids;
  size_t count;
} builder;

static pl_status add(builder *b, const char *text, size_t size, int flags, pl_error *err) {
  int32_t *more;
  size_t count;
  pl_status status = pl_tokenize(b->t, text, size, flags, &more, &count, err);
  if (status) return status;
  int32_t *all = realloc(b->ids, sizeof *all * (b->count + count + 1));
  if (all) {
    memcpy(all + b->count, more, sizeof *more * count);
    b->ids = all;
    b->count += count;
  }
  free(more);
  return all ? PL_OK : pl_fail(err, PL_E_MEMORY, "out of memory for a turn of a conversation");
}

static pl_status add_template(builder *b, const char *text, pl_error *err) {
  return add(b, text, strlen(text), PL_TOKENIZE_CONTROL, err);
}

static const char *find(const char *text, const char *end, const char *what) { /* NULL if it is not there */
  const size_t n = strlen(what);
  for (; text && (size_t)(end - text) >= n; text++)
    if (!memcmp(text, what, n)) return text;
  return NULL;
}

/* What the template lets the system say where a conversation has no words of its own for it; empty: nothing. */
static pl_str system_words(pl_str template) {
  static const char start[] = "<|im_start|>system\n";
  const char *end = template.data + template.size, *from = find(template.data, end, start);
  if (!from) return (pl_str){"", 0};
  from += strlen(start);
  const char *to = find(from, end, "<|im_end|>");
  return to ? (pl_str){from, (size_t)(to - from)} : (pl_str){"", 0};
}

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

pl_status pl_chat_turn(const pl_nn *model, const char *text, int first, int unfinished, int32_t **ids, size_t *count,
                       pl_error *err) {
  builder b = {.t = pl_nn_get_tokenizer(model)};
  pl_str template = {"", 0};
  *ids = NULL;
  *count = 0;
  if (model->file && pl_gguf_has(model->file, "tokenizer.chat_template")) {
    const pl_status status = pl_gguf_string(model->file, "tokenizer.chat_template", NULL, &template, err);
    if (status) return status;
  }
  if (!find(template.data, template.data + template.size, "<|im_start|>") || pl_token_named(b.t, "<|im_start|>") < 0 ||
      pl_token_named(b.t, "<|im_end|>") < 0)
    return pl_fail(err, PL_E_INPUT, "%s has no chat template of the ChatML kind: give the whole prompt (-p, --special)",
                   pl_nn_path(model));
  const pl_str system = system_words(template);
  size_t size = strlen(text);
  while (size && is_space(*text)) text++, size--;
  while (size && is_space(text[size - 1])) size--;
  pl_status status = PL_OK;
  if (first && system.size) {
    status = add_template(&b, "<|im_start|>system\n", err);
    if (!status) status = add(&b, system.data, system.size, 0, err);
    if (!status) status = add_template(&b, "<|im_end|>\n", err);
  }
  if (!first) status = add_template(&b, unfinished ? "<|im_end|>\n" : "\n", err);
  if (!status) status = add_template(&b, "<|im_start|>user\n", err);
  if (!status) status = add(&b, text, size, 0, err);
  if (!status) status = add_template(&b, "<|im_end|>\n<|im_start|>assistant\n", err);
  if (status) {
    free(b.ids);
    return status;
  }
  *ids = b.ids;
  *count = b.count;
  return PL_OK;
}
