/* bpe.h: a byte-level BPE vocabulary, learnt from a text (Sennrich et al. 2016; byte level as in GPT-2).
 *
 * Ids 0..255 are the bytes, 256..255+merges the merges in the order they were learnt, the last id is the one special
 * token <|endoftext|>, which begins every text. Merges never cross the borders of the GPT-2 pre-tokenizer
 * (bpe_split), so that any reader with tokenizer.ggml.pre = "gpt-2" gets the same ids.
 */
#ifndef PHOTOLANE_TRAIN_BPE_H
#define PHOTOLANE_TRAIN_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"

enum { BPE_MIN_VOCAB = 257, BPE_MAX_VOCAB = 4096, BPE_MAX_TOKEN = 64 /* bytes */ };

typedef struct {
  uint8_t length;
  char bytes[BPE_MAX_TOKEN]; /* what the token stands for */
} bpe_token;

typedef struct {
  int size;            /* of the vocabulary, the special token included */
  int special;         /* its id, size - 1 */
  bpe_token *token;    /* size; the special token has length 0 */
  int (*merge)[2];     /* merge[i] = the two ids that become 256 + i; size - 257 of them */
} bpe;

/* Learns from text[length]. PL_E_INPUT if `vocab` is out of range or the text has too few different pairs. Free with
 * bpe_free. The most frequent pair wins, of equals the one with the smaller ids, so the result is unique. */
pl_status bpe_learn(const char *text, size_t length, int vocab, bpe *out, pl_error *err);
void bpe_free(bpe *b);

/* Length in bytes, 1 or more, of the first piece of text[length] (length > 0) that the pre-tokenizer of GPT-2 cuts off:
 * 's 't 're 've 'm 'll 'd, or an optional space and letters, or digits, or other signs, or white space.
 * ASCII classes; every byte above 127 counts as a letter (exact for texts whose other characters are letters). */
size_t bpe_split(const char *text, size_t length);

/* Ids of text[length] into ids (room for `length` ids). Returns how many. No special token is added. */
size_t bpe_encode(const bpe *b, const char *text, size_t length, int *ids);

#endif
