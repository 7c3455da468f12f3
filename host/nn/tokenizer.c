/* tokenizer.c: from text to token ids. See tokenizer.h.
 *
 * Both kinds of vocabulary join neighbouring symbols of a text, cheapest join first, leftmost among equals,
 * until none is left; they differ in what a join costs: the rank of a merge, or minus the score of the joined
 * token. So there is one joiner, with a heap: n log n in the length of the text.
 */
#include <stdlib.h>
#include <string.h>

#include "nn/wordpiece.h"

enum { MAX_TEXT = 1 << 28 }; /* escaped to three times its size it still fits an int32_t */

typedef struct {
  const char *data;
  int32_t size; /* bytes; 0 once it was joined to its left neighbour */
  int32_t id;   /* -1: not in the vocabulary */
  int32_t previous, next; /* indices, -1 at the ends */
} symbol;

typedef struct { /* a join that was possible when it was pushed */
  double cost;
  int32_t left, right; /* symbols */
  int32_t size;        /* of both: tells a stale one */
  int32_t id;
} candidate;

typedef struct { /* one call of pl_tokenize */
  const pl_tokenizer *t;
  symbol *symbols;
  size_t symbol_room;
  candidate *heap;
  size_t heap_size, heap_room;
  int32_t *ids;
  size_t count, room;
} work;

/* Makes room for n items in *items; 0 if memory ran out. */
static int grow(void *items, size_t *room, size_t n, size_t item_size) {
  void **p = items;
  if (n <= *room) return 1;
  size_t wanted = *room ? *room : 64;
  while (wanted < n) wanted *= 2;
  void *bigger = realloc(*p, wanted * item_size);
  if (!bigger) return 0;
  *p = bigger;
  *room = wanted;
  return 1;
}

static pl_status no_memory(pl_error *err) { return pl_fail(err, PL_E_MEMORY, "out of memory while tokenizing"); }

static pl_status emit(work *w, int32_t id, pl_error *err) {
  if (!grow(&w->ids, &w->room, w->count + 1, sizeof *w->ids)) return no_memory(err);
  w->ids[w->count++] = id;
  return PL_OK;
}

/* A symbol that no token matches leaves as the tokens of its bytes. */
static pl_status emit_symbol(work *w, const symbol *s, pl_error *err) {
  if (s->id >= 0) return emit(w, s->id, err);
  for (int32_t i = 0; i < s->size; i++) {
    int32_t id = w->t->byte_ids[(uint8_t)s->data[i]];
    if (id < 0) id = w->t->unknown;
    if (id < 0)
      return pl_fail(err, PL_E_INPUT, "the model's vocabulary has no token for the byte 0x%02x of the text",
                     (uint8_t)s->data[i]);
    pl_status status = emit(w, id, err);
    if (status) return status;
  }
  return PL_OK;
}

/* ---- The joiner -------------------------------------------------------------------------------- */

static int before(const candidate *x, const candidate *y) {
  return x->cost != y->cost ? x->cost < y->cost : x->left < y->left;
}

static int push(work *w, candidate c) {
  if (!grow(&w->heap, &w->heap_room, w->heap_size + 1, sizeof *w->heap)) return 0;
  size_t i = w->heap_size++;
  for (; i > 0 && before(&c, &w->heap[(i - 1) / 2]); i = (i - 1) / 2) w->heap[i] = w->heap[(i - 1) / 2];
  w->heap[i] = c;
  return 1;
}

static candidate pop(work *w) {
  candidate top = w->heap[0], last = w->heap[--w->heap_size];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < w->heap_size) {
    if (child + 1 < w->heap_size && before(&w->heap[child + 1], &w->heap[child])) child++;
    if (!before(&w->heap[child], &last)) break;
    w->heap[i] = w->heap[child];
    i = child;
  }
  w->heap[i] = last;
  return top;
}

/* Pushes the join of two neighbours if there is one. 0 if memory ran out. */
static int consider(work *w, int32_t left, int32_t right) {
  if (left < 0 || right < 0) return 1;
  const symbol *x = &w->symbols[left], *y = &w->symbols[right];
  candidate c = {.left = left, .right = right, .size = x->size + y->size};
  if (w->t->kind == PL_TOKENIZER_BPE) {
    const pl_merge *m = x->id < 0 || y->id < 0 ? NULL : pl_vocabulary_merge(w->t, x->id, y->id);
    if (!m) return 1;
    c.id = m->joined;
    c.cost = m->rank;
  } else {
    c.id = pl_vocabulary_find(w->t, x->data, (size_t)c.size); /* neighbours are contiguous text */
    if (c.id < 0) return 1;
    c.cost = -(double)w->t->scores[c.id];
  }
  return push(w, c);
}

/* Joins symbols 0..n-1 (linked in order) and emits what is left. */
static pl_status join(work *w, int32_t n, pl_error *err) {
  w->heap_size = 0;
  for (int32_t i = 0; i + 1 < n; i++)
    if (!consider(w, i, i + 1)) return no_memory(err);
  while (w->heap_size) {
    candidate c = pop(w);
    symbol *left = &w->symbols[c.left], *right = &w->symbols[c.right];
    /* Sizes only grow, or drop to 0 when a symbol is gone: equal sums mean both are as they were. */
    if (!left->size || !right->size || left->size + right->size != c.size) continue;
    left->size = c.size;
    left->id = c.id;
    left->next = right->next;
    right->size = 0;
    if (left->next >= 0) w->symbols[left->next].previous = c.left;
    if (!consider(w, left->previous, c.left) || !consider(w, c.left, left->next)) return no_memory(err);
  }
  pl_status status = PL_OK;
  for (int32_t i = n ? 0 : -1; i >= 0 && !status; i = w->symbols[i].next) status = emit_symbol(w, &w->symbols[i], err);
  return status;
}

/* ---- Text to symbols --------------------------------------------------------------------------- */

static void set_symbol(work *w, int32_t i, const char *data, size_t size, int32_t id, int is_last) {
  w->symbols[i] = (symbol){data, (int32_t)size, id, i - 1, is_last ? -1 : i + 1};
}

static pl_status words(work *w, const char *text, size_t size, pl_error *err) {
  for (size_t at = 0, n; at < size; at += n) {
    n = pl_next_word(w->t->split, text + at, size - at);
    if (!grow(&w->symbols, &w->symbol_room, n, sizeof *w->symbols)) return no_memory(err);
    for (size_t i = 0; i < n; i++)
      set_symbol(w, (int32_t)i, text + at + i, 1, w->t->byte_ids[(uint8_t)text[at + i]], i + 1 == n);
    pl_status status = join(w, (int32_t)n, err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status pieces(work *w, const char *text, size_t size, int prefix, pl_error *err) {
  char *escaped = malloc(3 * (size + 1));
  if (!escaped || !grow(&w->symbols, &w->symbol_room, size + 1, sizeof *w->symbols)) {
    free(escaped);
    return no_memory(err);
  }
  size_t n = 0;
  for (size_t i = 0; i < size + (size_t)prefix; i++) {
    char c = prefix ? (i ? text[i - 1] : ' ') : text[i];
    if (c == ' ') {
      memcpy(escaped + n, pl_escaped_space, 3);
      n += 3;
    } else {
      escaped[n++] = c;
    }
  }
  int32_t symbols = 0;
  for (size_t at = 0, length; at < n; at += length) {
    uint32_t code;
    length = pl_utf8_decode(escaped + at, n - at, &code);
    set_symbol(w, symbols++, escaped + at, length, pl_vocabulary_find(w->t, escaped + at, length), at + length == n);
  }
  pl_status status = join(w, symbols, err);
  free(escaped);
  return status;
}

/* The token that must be cut out at text[0..size), or -1. */
static int32_t special_at(const pl_tokenizer *t, const char *text, size_t size, int flags) {
  if (!t->starts_special[(uint8_t)*text]) return -1;
  for (int i = 0; i < t->special_count; i++) {
    const pl_special *s = &t->specials[i];
    if (t->types[s->id] == PL_TOKEN_CONTROL && !(flags & PL_TOKENIZE_CONTROL)) continue;
    if (s->text.size <= size && !memcmp(s->text.data, text, s->text.size)) return s->id;
  }
  return -1;
}

static pl_status take_id(void *self, int32_t id, pl_error *err) { return emit(self, id, err); }

static pl_status fragment(work *w, const char *text, size_t size, pl_error *err) {
  if (!size) return PL_OK;
  switch (w->t->kind) {
  case PL_TOKENIZER_BPE: return words(w, text, size, err);
  case PL_TOKENIZER_SENTENCEPIECE: return pieces(w, text, size, w->t->add_space, err);
  case PL_TOKENIZER_WORDPIECE: break;
  }
  return pl_wordpiece(w->t, text, size, take_id, w, err);
}

pl_status pl_tokenize(const pl_tokenizer *t, const char *text, size_t size, int flags, int32_t **ids, size_t *count,
                      pl_error *err) {
  *ids = NULL;
  *count = 0;
  if (size > MAX_TEXT) return pl_fail(err, PL_E_INPUT, "the text has %zu bytes, at most %d can be read", size,
                                         MAX_TEXT);
  work w = {.t = t};
  pl_status status = (flags & PL_TOKENIZE_BOS) && t->add_bos ? emit(&w, t->bos, err) : PL_OK;
  size_t start = 0, at = 0;
  while (at < size && !status) {
    int32_t id = special_at(t, text + at, size - at, flags);
    if (id < 0) {
      at++;
      continue;
    }
    status = fragment(&w, text + start, at - start, err);
    if (!status) status = emit(&w, id, err);
    start = at += t->texts[id].size;
  }
  if (!status) status = fragment(&w, text + start, size - start, err);
  if (!status && (flags & PL_TOKENIZE_BOS) && t->add_eos) status = emit(&w, t->eos, err);
  if (!status && !w.ids && !grow(&w.ids, &w.room, 1, sizeof *w.ids)) status = no_memory(err); /* empty, but not NULL */
  free(w.symbols);
  free(w.heap);
  if (status) {
    free(w.ids);
    return status;
  }
  *ids = w.ids;
  *count = w.count;
  return PL_OK;
}
