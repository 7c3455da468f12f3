/* tokenizer.h: text to token ids and back, from the vocabulary inside a GGUF file, or from a vocab.txt.
 *
 * Two kinds are chosen by tokenizer.ggml.model:
 *   "gpt2"   byte-level BPE (Sennrich et al. 2016, Radford et al. 2019): the text is split into words
 *            (tokenizer.ggml.pre: pretokenize.h), each word's bytes are joined by the ranked merges.
 *   "llama"  SentencePiece BPE (Kudo and Richardson 2018): spaces become U+2581, one is put in front if
 *            tokenizer.ggml.add_space_prefix says so, neighbours are joined best score first, and characters
 *            outside the vocabulary become their UTF-8 bytes.
 *
 * A vocab.txt is of the third kind, WordPiece (wordpiece.h). Its sequences start with [CLS] (here: bos) and end with
 * [SEP] (eos).
 *
 * Tokens of type USER_DEFINED are found in the text before anything else, CONTROL ones only when asked for:
 * the text of a stranger must not be able to end a sequence.
 *
 * A tokenizer does not change after loading: several threads may use one.
 */
#ifndef PHOTOLANE_NN_TOKENIZER_H
#define PHOTOLANE_NN_TOKENIZER_H

#include "nn/gguf.h"

typedef struct pl_tokenizer pl_tokenizer;

/* Reads the vocabulary; keeps no reference to g. On success free *out with pl_tokenizer_free; on error it is NULL. */
pl_status pl_tokenizer_load(const pl_gguf *g, pl_tokenizer **out, pl_error *err);

/* The tokens of a vocab.txt, one a line, ids from 0: `size` bytes, which are not kept; `name` stands for them in errors.
 * lower_case: the vocabulary is an uncased one. PL_E_INPUT if a line is twice there or [UNK], [CLS] or [SEP] is not. */
pl_status pl_tokenizer_load_wordpiece(const char *text, size_t size, const char *name, int lower_case,
                                      pl_tokenizer **out, pl_error *err);
void pl_tokenizer_free(pl_tokenizer *t); /* NULL is fine */

int pl_tokenizer_size(const pl_tokenizer *t);    /* ids are 0 .. size-1 */
int32_t pl_tokenizer_bos(const pl_tokenizer *t); /* -1: the vocabulary has none */
int32_t pl_tokenizer_eos(const pl_tokenizer *t);
int pl_tokenizer_adds_bos(const pl_tokenizer *t); /* 1: sequences start with bos */

enum {
  PL_TOKENIZE_BOS = 1,     /* start with bos if the vocabulary asks for it, and end with eos if it asks for that */
  PL_TOKENIZE_CONTROL = 2, /* recognise control tokens such as <|im_start|> in the text */
};

/* Text of any bytes to ids; *ids is allocated (free() it). PL_E_INPUT if the text is longer than 2^28 bytes or
 * holds a byte that the vocabulary cannot express. */
pl_status pl_tokenize(const pl_tokenizer *t, const char *text, size_t size, int flags, int32_t **ids, size_t *count,
                      pl_error *err);

/* The bytes that an id stands for (not always whole characters); control tokens have none. Belongs to t. The id of a
 * token by its text as the vocabulary writes it (of any type), or -1. */
pl_str pl_token_bytes(const pl_tokenizer *t, int32_t id);
int32_t pl_token_named(const pl_tokenizer *t, const char *text);

#endif
