/* corpus.c: see corpus.h. */
#include "train/corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/rng.h"

pl_status corpus_read(const char *path, char **text, size_t *length, pl_error *err) {
  *text = NULL;
  *length = 0;
  FILE *f = fopen(path, "rb");
  if (!f) return pl_fail(err, PL_E_INPUT, "Cannot open the text '%s': %s.", path, strerror(errno));
  size_t room = 1 << 20;
  char *bytes = malloc(room);
  for (size_t n; bytes && (n = fread(bytes + *length, 1, room - *length, f)) > 0;) {
    *length += n;
    if (*length < room) continue;
    char *more = realloc(bytes, room *= 2);
    if (!more) free(bytes);
    bytes = more;
  }
  int bad = ferror(f);
  fclose(f);
  if (!bytes) return pl_fail(err, PL_E_MEMORY, "Out of memory while reading '%s'.", path);
  if (!bad && *length) {
    *text = bytes;
    return PL_OK;
  }
  free(bytes);
  return pl_fail(err, PL_E_INPUT, bad ? "Cannot read the text '%s'." : "The text '%s' is empty.", path);
}

pl_status corpus_encode(const bpe *b, const char *text, size_t length, corpus *out, pl_error *err) {
  *out = (corpus){.bytes = length, .ids = malloc(sizeof *out->ids * length), .line_start = calloc(length, 1)};
  if (!out->ids || !out->line_start) {
    corpus_free(out);
    return pl_fail(err, PL_E_MEMORY, "Out of memory for %zu bytes of text.", length);
  }
  out->count = bpe_encode(b, text, length, out->ids);
  for (size_t i = 0; i < out->count; i++) {
    const bpe_token *before = i ? &b->token[out->ids[i - 1]] : NULL;
    out->line_start[i] = !before || before->bytes[before->length - 1] == '\n';
  }
  return PL_OK;
}

void corpus_free(corpus *c) {
  free(c->ids);
  free(c->line_start);
  *c = (corpus){0};
}

void corpus_window(const corpus *c, const bpe *b, size_t at, int context, int *tokens, int *targets) {
  tokens[0] = b->special;
  memcpy(tokens + 1, c->ids + at, sizeof *tokens * (size_t)(context - 1));
  memcpy(targets, c->ids + at, sizeof *targets * (size_t)context);
}

/* Position of `i` in a permutation of 0..n-1 chosen by `key`: a four-round Feistel cipher on the next even number of
 * bits, walked until it falls into the range (Black, Rogaway 2002). Needs no table and no state. */
static uint64_t permute(uint64_t key, uint64_t i, uint64_t n) {
  int half = 1;
  while ((1ull << 2 * half) < n) half++;
  uint64_t mask = (1ull << half) - 1;
  do {
    uint64_t left = i >> half, right = i & mask;
    for (int round = 0; round < 4; round++) {
      uint64_t next = left ^ (rng_bits(key + (uint64_t)round, right) & mask);
      left = right;
      right = next;
    }
    i = left << half | right;
  } while (i >= n);
  return i;
}

size_t corpus_draw(const corpus *c, int context, uint64_t seed, uint64_t index) {
  uint64_t width = (uint64_t)context, windows = (c->count - 1) / width; /* one less than fit, to have room to shift */
  if (c->count < 2 * width) return 0;
  uint64_t pass = index / windows, key = rng_bits(seed, pass);
  size_t last = c->count - (size_t)context;
  size_t at = (size_t)(permute(key, index % windows, windows) * width + rng_bits(key, ~0ull) % width);
  if (at > last) at = last;
  for (size_t k = at; index % 2 && k < at + (size_t)context && k <= last; k++)
    if (c->line_start[k]) return k;
  return at;
}
