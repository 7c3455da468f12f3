/* gguf_write.h: writes a trained network and its vocabulary as one GGUF file (version 3), architecture "llama".
 *
 * Follows the format's specification (ggml, docs/gguf.md): little-endian header, typed key-value pairs, tensor table,
 * data aligned to 32 bytes. Tensors are stored as trained: the rotary pairs of net.c are adjacent, which is what this
 * architecture means, so no rows are permuted. The tied head is not stored twice: readers take token_embd.weight.
 */
#ifndef PHOTOLANE_TRAIN_GGUF_WRITE_H
#define PHOTOLANE_TRAIN_GGUF_WRITE_H

#include "nn/gguf.h"
#include "train/bpe.h"
#include "train/net.h"

typedef struct {
  const char *name, *description, *license, *source; /* general.*; NULL: left out */
} gguf_about;

/* What gguf_write would refuse, to be asked before hours of training: PL_E_INPUT if a matrix's columns are not a
 * multiple of 32 (Q8_0) or the file cannot be written where `path` says. Leaves an existing file alone. */
pl_status gguf_write_check(const char *path, const net_config *config, pl_ggml_type type, pl_error *err);

/* Writes `path` whole or not at all (a temporary file beside it is renamed). Matrices are stored as `type`, PL_GGML_F32
 * or PL_GGML_Q8_0, gains as F32. PL_E_INPUT as above, PL_E_IO if writing fails. */
pl_status gguf_write(const char *path, const net_config *config, const real *params, const bpe *vocabulary,
                     pl_ggml_type type, const gguf_about *about, pl_error *err);

/* Replaces x[count] (a multiple of 32) by what a reader of Q8_0 gets back: blocks of 32 with one half-precision scale
 * d = largest / 127, values d * q, q = -127..127. What the file's matrices are worth. */
void q8_0_round(real *x, size_t count);

/* Half precision (IEEE 754 binary16) from float, round to nearest even, and back. Finite values only. */
uint16_t half_from_float(float x);
float float_from_half(uint16_t h);

#endif
