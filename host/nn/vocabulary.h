/* vocabulary.h: the insides of a tokenizer: what vocabulary.c loads and tokenizer.c uses. Private to host/nn. */
#ifndef PHOTOLANE_NN_VOCABULARY_H
#define PHOTOLANE_NN_VOCABULARY_H

#include "nn/pretokenize.h"
#include "nn/tokenizer.h"

typedef struct {
  int32_t left, right, joined; /* ids */
  int32_t rank;
} pl_merge;

typedef struct {
  pl_str text;
  int32_t id;
} pl_special;

typedef enum { PL_TOKENIZER_BPE, PL_TOKENIZER_SENTENCEPIECE, PL_TOKENIZER_WORDPIECE } pl_tokenizer_kind;

struct pl_tokenizer {
  pl_tokenizer_kind kind;
  pl_split split;
  int size;
  pl_str *texts;   /* what a token looks like in the input: raw bytes (BPE), escaped text (SentencePiece) */
  pl_str *bytes;   /* what it stands for */
  float *scores;   /* SentencePiece only */
  int32_t *types;
  char *arena;     /* the bytes of both */
  int32_t *by_text; /* hash table of ids, -1 empty; by_text_mask + 1 slots */
  uint32_t by_text_mask;
  pl_merge *merges; /* hash table by (left, right), left -1 empty */
  uint32_t merges_mask;
  int32_t byte_ids[256]; /* -1: none */
  pl_special *specials;     /* CONTROL and USER_DEFINED tokens, longest text first */
  int special_count;
  uint8_t starts_special[256]; /* by first byte */
  int32_t bos, eos, unknown;
  int add_bos, add_eos, add_space;
  int lower_case; /* WordPiece: an uncased vocabulary */
};

#define pl_escaped_space "\xe2\x96\x81" /* U+2581, how SentencePiece writes a space */

/* Id of the NORMAL token with this text (see `texts`), or -1. */
int32_t pl_vocabulary_find(const pl_tokenizer *t, const char *data, size_t n);

/* The merge of two neighbours (byte-level BPE), or NULL. */
const pl_merge *pl_vocabulary_merge(const pl_tokenizer *t, int32_t left, int32_t right);

#endif
