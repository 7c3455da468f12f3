/* array.h: what a simulated physical array offers to the host library.
 *
 * An array is a plug-in, libphotolane-rtl-SHAPE.so (kind coherent) or libphotolane-rtl-KIND-SHAPE.so, that holds one
 * Verilated shape and kind of rtl/engine/pl_core.sv. SHAPE is RxCxW, or RxCxWxB with B lanes in its back end;
 * host/device/rtl.c opens it with dlopen, so that the library itself needs no C++ and one program serves
 * any shape. A plug-in works on *tiles*: products small enough for its operand buffers. Splitting jobs into
 * tiles is the caller's business.
 *
 * A tile takes pl_array_group_words words for every group of `rows` rows of A, and as many for every group of
 * `columns` columns of B. They lie in the operand buffers from the words a_base and b_base on (registers), so that
 * operands of many tiles stay side by side; a load overwrites what lies there.
 */
#ifndef PHOTOLANE_ARRAY_H
#define PHOTOLANE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PL_ARRAY_ABI 4
#define PL_ARRAY_SYMBOL "pl_array_get"

typedef struct pl_array pl_array;

/* Words of one group of lanes at depth `depth`: every detector read begins a word. All arguments >= 1. */
static inline int pl_array_group_words(int depth, int channels, int width) {
  const int reads = (depth + channels - 1) / channels, last = depth - (reads - 1) * channels;
  return (reads - 1) * ((channels + width - 1) / width) + (last + width - 1) / width;
}

/* Functions that return int: 0, or -1 with one sentence in `error`; run has 1 for a mismatch. */
typedef struct {
  int abi;                  /* PL_ARRAY_ABI */
  const char *build;        /* build id and tools: "0.1.0+1a2b3c4, Verilator 5.006 ..., clang 14.0.6" */
  int kind;                 /* PL_KIND_*: the only kind of core that it is */
  int rows, columns, width; /* physical array */
  int a_words, b_words;     /* depth of the operand buffers in words of rows x width and columns x width elements */
  int traced;               /* 1: this build can write waveforms */

  /* check != 0: the bound checker compares every detector read with the golden model. NULL: see error. */
  pl_array *(*create)(int check, char *error, size_t size);
  void (*destroy)(pl_array *);

  /* Writes an FST waveform of the clock cycles from..to-1 counted from create. */
  int (*trace)(pl_array *, const char *file, uint64_t from, uint64_t to, char *error, size_t size);

  /* seed != 0: pauses of random length in the operand and result streams, which must not change a bit. 0: none. */
  void (*stall)(pl_array *, uint32_t seed);

  /* Writes the registers; the words count from 0. Those of another kind are an error. */
  int (*configure)(pl_array *, const uint32_t *words, int count, char *error, size_t size);

  /* Encodes codes[i*ld + k], i < rows, k < depth, into the buffer of operand 0 (A) or 1 (B), from a_base or b_base on.
   * The registers of the tile must have been written. Must be loaded anew before it is used under registers that its
   * encoding depends on (pl_operand_key) and that have changed. An operand that ends behind its buffer is an error. */
  int (*load)(pl_array *, int operand, const int8_t *codes, int64_t ld, int rows, int depth, char *error, size_t size);

  /* Computes the tile, of the operands that lie at a_base and b_base; overwrites c[i*ldc + j], i < rows, j < cols registers. The checker's first
   * difference ends the run with 1 and a sentence that says where; any other failure with -1. */
  int (*run)(pl_array *, int32_t *c, int64_t ldc, char *error, size_t size);

  /* Adds reads, clipped, detected, corrected, cycles, ideal_cycles, load_cycles, encodings and checked since the last
   * call to *counters. */
  void (*counters)(pl_array *, pl_counters *counters);
} pl_array_api;

/* The one symbol of a plug-in. */
PL_API const pl_array_api *pl_array_get(void);

#ifdef __cplusplus
}
#endif
#endif
