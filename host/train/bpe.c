/* bpe.c: see bpe.h. The text is reduced to its different pieces and their counts first; learning then recounts all
 * pairs for each merge, which is simple and takes a second for a book. */
#include "train/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "train/rng.h"

/* ---- Pre-tokenizer ---- */

typedef enum { LETTER, DIGIT, SPACE, OTHER } char_class;

static char_class class_of(unsigned char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 128) return LETTER;
  if (c >= '0' && c <= '9') return DIGIT;
  return c == ' ' || (c >= '\t' && c <= '\r') ? SPACE : OTHER;
}

static size_t run_of(const char *text, size_t length, char_class kind) {
  size_t n = 0;
  while (n < length && class_of((unsigned char)text[n]) == kind) n++;
  return n;
}

static size_t contraction(const char *text, size_t length) {
  static const char *const ending[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
    size_t n = strlen(ending[i]);
    if (n <= length && !memcmp(text, ending[i], n)) return n;
  }
  return 0;
}

size_t bpe_split(const char *text, size_t length) {
  size_t n = contraction(text, length);
  if (n) return n;
  size_t lead = text[0] == ' ' && length > 1 && class_of((unsigned char)text[1]) != SPACE;
  char_class kind = class_of((unsigned char)text[lead]);
  if (kind != SPACE) return lead + run_of(text + lead, length - lead, kind);
  n = run_of(text, length, SPACE);
  return n > 1 && n < length ? n - 1 : n; /* the last space before a word belongs to the word */
}

/* ---- Learning ---- */

typedef struct {
  const char *text; /* into the caller's text */
  size_t length;
  int64_t count;
  int *ids; /* `used` of them */
  int used;
} piece;

typedef struct {
  piece *list;
  size_t used, room;
  uint32_t *slot; /* hash table of indices + 1 */
  size_t slots;   /* a power of two, more than twice `used` */
} pieces;

static uint64_t hash_bytes(const char *text, size_t length) {
  uint64_t h = length;
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
  return rng_hash(h);
}

static size_t find_slot(const pieces *p, const char *text, size_t length) {
  size_t at = hash_bytes(text, length) & (p->slots - 1);
  while (p->slot[at]) {
    const piece *q = &p->list[p->slot[at] - 1];
    if (q->length == length && !memcmp(q->text, text, length)) break;
    at = (at + 1) & (p->slots - 1);
  }
  return at;
}

static int grow(pieces *p) {
  size_t room = p->room ? 2 * p->room : 1024;
  piece *list = realloc(p->list, room * sizeof *list);
  if (!list) return -1;
  p->list = list;
  p->room = room;
  free(p->slot);
  p->slots = 4 * room;
  p->slot = calloc(p->slots, sizeof *p->slot);
  if (!p->slot) return -1;
  for (size_t i = 0; i < p->used; i++) p->slot[find_slot(p, p->list[i].text, p->list[i].length)] = (uint32_t)i + 1;
  return 0;
}

static int count_pieces(pieces *p, const char *text, size_t length) {
  for (size_t at = 0, n; at < length; at += n) {
    n = bpe_split(text + at, length - at);
    if (p->used == p->room && grow(p)) return -1;
    size_t slot = find_slot(p, text + at, n);
    if (!p->slot[slot]) {
      p->list[p->used++] = (piece){.text = text + at, .length = n};
      p->slot[slot] = (uint32_t)p->used;
    }
    p->list[p->slot[slot] - 1].count++;
  }
  for (size_t i = 0; i < p->used; i++) {
    piece *q = &p->list[i];
    if (!(q->ids = malloc(q->length * sizeof *q->ids))) return -1;
    for (size_t k = 0; k < q->length; k++) q->ids[k] = (unsigned char)q->text[k];
    q->used = (int)q->length;
  }
  return 0;
}

static void free_pieces(pieces *p) {
  for (size_t i = 0; i < p->used; i++) free(p->list[i].ids);
  free(p->list);
  free(p->slot);
}

static int merge_pair(int *ids, int used, int left, int right, int id) {
  int out = 0;
  for (int i = 0; i < used; i++) {
    int hit = ids[i] == left && i + 1 < used && ids[i + 1] == right;
    ids[out++] = hit ? id : ids[i];
    i += hit;
  }
  return out;
}

/* The most frequent pair whose token is not too long; 0 if none is left that occurs twice. */
static int best_pair(const pieces *p, const bpe *b, int ids, int64_t *counts, int pair[2]) {
  memset(counts, 0, sizeof *counts * (size_t)ids * ids);
  for (size_t i = 0; i < p->used; i++)
    for (int k = 0; k + 1 < p->list[i].used; k++)
      counts[(size_t)p->list[i].ids[k] * ids + p->list[i].ids[k + 1]] += p->list[i].count;
  int64_t best = 1;
  for (int l = 0; l < ids; l++) {
    for (int r = 0; r < ids; r++) {
      if (counts[(size_t)l * ids + r] <= best || b->token[l].length + b->token[r].length > BPE_MAX_TOKEN) continue;
      best = counts[(size_t)l * ids + r];
      pair[0] = l;
      pair[1] = r;
    }
  }
  return best > 1;
}

static void add_merge(bpe *b, int id, const int pair[2]) {
  const bpe_token *left = &b->token[pair[0]], *right = &b->token[pair[1]];
  bpe_token *t = &b->token[id];
  memcpy(b->merge[id - 256], pair, sizeof b->merge[0]);
  memcpy(t->bytes, left->bytes, left->length);
  memcpy(t->bytes + left->length, right->bytes, right->length);
  t->length = (uint8_t)(left->length + right->length);
}

pl_status bpe_learn(const char *text, size_t length, int vocab, bpe *out, pl_error *err) {
  *out = (bpe){.size = vocab, .special = vocab - 1};
  if (vocab < BPE_MIN_VOCAB || vocab > BPE_MAX_VOCAB)
    return pl_fail(err, PL_E_INPUT, "The vocabulary needs %d to %d tokens, not %d.", BPE_MIN_VOCAB, BPE_MAX_VOCAB,
                   vocab);
  pieces p = {0};
  int64_t *counts = malloc(sizeof *counts * (size_t)vocab * vocab);
  out->token = calloc((size_t)vocab, sizeof *out->token);
  out->merge = calloc((size_t)vocab, sizeof *out->merge);
  pl_status status = PL_OK;
  if (!counts || !out->token || !out->merge || count_pieces(&p, text, length))
    status = pl_fail(err, PL_E_MEMORY, "Out of memory while counting the words of the text.");
  for (int i = 0; !status && i < 256; i++) out->token[i] = (bpe_token){.length = 1, .bytes = {(char)i}};
  for (int id = 256; !status && id < out->special; id++) {
    int pair[2];
    if (!best_pair(&p, out, id, counts, pair)) {
      status = pl_fail(err, PL_E_INPUT,
                       "The text only has pairs for %d tokens: choose a smaller vocabulary than %d or a "
                       "longer text.",
                       id + 1, vocab);
      break;
    }
    add_merge(out, id, pair);
    for (size_t i = 0; i < p.used; i++)
      p.list[i].used = merge_pair(p.list[i].ids, p.list[i].used, pair[0], pair[1], id);
  }
  free_pieces(&p);
  free(counts);
  if (status) bpe_free(out);
  return status;
}

void bpe_free(bpe *b) {
  free(b->token);
  free(b->merge);
  *b = (bpe){0};
}

/* ---- Encoding ---- */

/* Each merge in the order learnt, wherever it fits: the same as "the earliest merge that fits, again and again", since
 * a merge only makes pairs whose own merges were learnt later. */
static int encode_piece(const bpe *b, const char *text, size_t length, int *ids) {
  int used = (int)length;
  for (int i = 0; i < used; i++) ids[i] = (unsigned char)text[i];
  for (int id = 256; id < b->special && used > 1; id++)
    used = merge_pair(ids, used, b->merge[id - 256][0], b->merge[id - 256][1], id);
  return used;
}

size_t bpe_encode(const bpe *b, const char *text, size_t length, int *ids) {
  size_t used = 0;
  for (size_t at = 0, n; at < length; at += n) {
    n = bpe_split(text + at, length - at);
    used += (size_t)encode_piece(b, text + at, n, ids + used);
  }
  return used;
}
