/* wordpiece.c: see wordpiece.h. One pass: characters are cleaned as they come and gathered to words. */
#include "nn/wordpiece.h"

#include <string.h>

#include "nn/bert_unicode_table.h"

enum { MOST_CHARACTERS = 100, ROOM = 4 * MOST_CHARACTERS };

typedef struct {
  const pl_tokenizer *t;
  pl_take_id take;
  void *self;
  char word[2 + ROOM]; /* room for "##" in front of any piece */
  int ends[MOST_CHARACTERS + 1]; /* bytes of the first i characters */
  int characters;      /* MOST_CHARACTERS + 1: too long */
} gatherer;

/* ---- Characters --------------------------------------------------------------------------------- */

/* All tables begin with first and are sorted by it: the last row not behind `code`, or NULL. */
static const void *row_at(const void *table, size_t rows, size_t size, uint32_t code) {
  const char *base = table;
  size_t lo = 0, hi = rows;
  while (lo < hi) {
    const size_t mid = (lo + hi) / 2;
    uint32_t first;
    memcpy(&first, base + mid * size, sizeof first);
    if (first <= code) lo = mid + 1;
    else hi = mid;
  }
  return lo ? base + (lo - 1) * size : NULL;
}
#define ROW(table, code) row_at(table, sizeof table / sizeof *table, sizeof *table, code)

static int within(const bert_range *row, uint32_t code) { return row && code <= row->last; }
#define WITHIN(table, code) within(ROW(table, code), code)

/* Small letters without marks; returns how many characters there are (0..3). */
static int lower(uint32_t code, uint32_t out[3]) {
  if (code >= 0xac00 && code < 0xd7a4) { /* a Hangul syllable: 21 vowels, 28 finals with none */
    const uint32_t s = code - 0xac00;
    out[0] = 0x1100 + s / (21 * 28), out[1] = 0x1161 + s % (21 * 28) / 28, out[2] = 0x11a7 + s % 28;
    return s % 28 ? 3 : 2;
  }
  out[0] = code;
  if (code < 0x80) return out[0] += code >= 'A' && code <= 'Z' ? 32 : 0, 1;
  if (WITHIN(dropped, code)) return 0;
  const bert_run *run = ROW(lowered, code);
  if (run && code <= run->last) return out[0] = run->to + (code - run->first), 1;
  const bert_several *row = ROW(taken_apart, code);
  if (!row || row->code != code) return 1;
  memcpy(out, row->to, sizeof row->to);
  return row->to[2] ? 3 : 2;
}

/* ---- Words -------------------------------------------------------------------------------------- */

/* Emits the word gathered and starts anew. Finds all pieces before it emits one: a word is whole or unknown. */
static pl_status end_word(gatherer *g, pl_error *err) {
  int32_t ids[MOST_CHARACTERS];
  int count = 0, at = 0, n = g->characters;
  if (!n) return PL_OK;
  g->characters = 0;
  char *text = g->word + 2, saved[2];
  while (at < n && n <= MOST_CHARACTERS) {
    char *piece = text + g->ends[at];
    int end = n, prefix = at ? 2 : 0;
    memcpy(saved, piece - 2, 2);
    if (prefix) memcpy(piece - 2, "##", 2);
    int32_t id = -1;
    for (; end > at; end--)
      if ((id = pl_vocabulary_find(g->t, piece - prefix, (size_t)(g->ends[end] - g->ends[at] + prefix))) >= 0) break;
    memcpy(piece - 2, saved, 2);
    if (id < 0) break;
    ids[count++] = id;
    at = end;
  }
  if (at < n) return g->take(g->self, g->t->unknown, err);
  pl_status status = PL_OK;
  for (int i = 0; i < count && !status; i++) status = g->take(g->self, ids[i], err);
  return status;
}

static pl_status add(gatherer *g, uint32_t code, pl_error *err) {
  const int alone = WITHIN(punctuation, code);
  pl_status status = alone ? end_word(g, err) : PL_OK;
  if (status) return status;
  if (g->characters < MOST_CHARACTERS) {
    char *to = g->word + 2 + g->ends[g->characters];
    char bytes[4];
    const size_t n = pl_utf8_encode(code, bytes);
    memcpy(to, bytes, n);
    g->ends[g->characters + 1] = g->ends[g->characters] + (int)n;
  }
  if (g->characters <= MOST_CHARACTERS) g->characters++;
  return alone ? end_word(g, err) : PL_OK;
}

pl_status pl_wordpiece(const pl_tokenizer *t, const char *text, size_t size, pl_take_id take, void *self,
                       pl_error *err) {
  gatherer g = {.t = t, .take = take, .self = self};
  pl_status status = PL_OK;
  for (size_t at = 0; at < size && !status;) {
    uint32_t code, out[3];
    at += pl_utf8_decode(text + at, size - at, &code);
    if (WITHIN(removed, code)) continue;
    const int ideograph = WITHIN(apart, code);
    if (WITHIN(blank, code)) {
      status = end_word(&g, err);
      continue;
    }
    if (ideograph) status = end_word(&g, err);
    const int n = t->lower_case ? lower(code, out) : (out[0] = code, 1);
    for (int i = 0; i < n && !status; i++) status = add(&g, out[i], err);
    if (ideograph && !status) status = end_word(&g, err);
  }
  return status ? status : end_word(&g, err);
}
