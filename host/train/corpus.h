/* corpus.h: a text as token ids, and the windows that training and evaluation cut from it.
 *
 * A window of T positions reads <|endoftext|> t1 .. t(T-1) and has to predict t1 .. tT: the special token stands for
 * "a text begins here", so a prompt of any length is read as training read it.
 */
#ifndef PHOTOLANE_TRAIN_CORPUS_H
#define PHOTOLANE_TRAIN_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"
#include "train/bpe.h"

typedef struct {
  size_t bytes, count; /* of text; of ids */
  int *ids;
  uint8_t *line_start; /* per id: 1 if the token before it is a newline */
} corpus;

/* Reads a whole file; *text is the caller's to free. PL_E_INPUT if it cannot be read or is empty. */
pl_status corpus_read(const char *path, char **text, size_t *length, pl_error *err);

/* PL_E_MEMORY, or PL_OK. Free with corpus_free. */
pl_status corpus_encode(const bpe *b, const char *text, size_t length, corpus *out, pl_error *err);
void corpus_free(corpus *c);

/* The window that predicts ids[at .. at+context-1]; at + context <= count. */
void corpus_window(const corpus *c, const bpe *b, size_t at, int context, int *tokens, int *targets);

/* Where training window `index` (0, 1, 2 ... over all of training) begins. Each pass over the text is a new grid of
 * windows, shifted at random and in random order; every other window is moved on to the next start of a line, since
 * that is where prompts begin. A pure function of (seed, index). */
size_t corpus_draw(const corpus *c, int context, uint64_t seed, uint64_t index);

#endif
