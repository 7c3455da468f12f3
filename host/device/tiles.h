/* tiles.h: how a job is cut into tiles for an array, and what lies in the array's operand buffers. Private.
 *
 *   for depth, for columns of B, for rows of A to and fro:     one tile
 *
 * To and fro: the last rows under one block of columns are the first under the next, and are in the buffer already. The
 * depth is cut only between detector reads, so that noise and ADC see the same reads as in one piece; the accumulator
 * adds codes modulo 2^32, and so does adding the tiles.
 *
 * Operands lie anywhere in their buffers (registers a_base, b_base). A block that lies there is not loaded again as
 * long as nothing has changed that its encoding depends on: B of a tagged product also not by later jobs, so that the
 * weights of many products stay side by side. What was used least recently makes room,
 * as long as all comes again in time; tiles.c tells what happens to more weights than fit.
 *
 *   pl_tiles *t = pl_tiles_new(&array);
 *   pl_tiles_begin(t, job, words, err);
 *   for (int i = 0; i < t->count; i++) {
 *     pl_tiles_next(t, i, &tile);
 *     configure with tile.words; load what tile.load says; run
 *   }
 *   pl_tiles_end(t);
 *
 * Whoever could not load what a tile said must call pl_tiles_forget.
 */
#ifndef PHOTOLANE_DEVICE_TILES_H
#define PHOTOLANE_DEVICE_TILES_H

#include "device/backend.h"
#include "model/model.h"

typedef struct {
  int rows, columns, width;
  int a_words, b_words; /* of the operand buffers, per lane */
} pl_tiles_array;

typedef struct pl_tiles_block pl_tiles_block;

typedef struct {
  pl_tiles_array array;
  pl_tiles_block *block[2]; /* what lies in the buffers of A and of B */
  int blocks[2];
  struct pl_tiles_gone *gone; /* blocks that had to go */
  unsigned gone_count;
  uint64_t clock; /* counts uses */
  uint64_t jobs;

  /* The job that has begun. */
  const pl_job *job;
  pl_image words;
  int rows, cols, depth; /* of a full tile; those at the edges are smaller */
  int row_tiles, col_tiles, count;
} pl_tiles;

typedef struct {
  int m0, n0, k0;        /* where it is in the job */
  int rows, cols, depth;
  pl_image words;        /* registers, with positions and bases */
  int load[2];           /* whether A, B must be loaded */
  const int8_t *codes[2]; /* their corners */
} pl_tile;

pl_tiles *pl_tiles_new(const pl_tiles_array *array); /* NULL: out of memory */
void pl_tiles_free(pl_tiles *t);                     /* NULL is fine */

/* Plans a job. words: its registers (pl_job_words). Both must stay until pl_tiles_end. PL_E_INPUT: the array is too
 * small. */
pl_status pl_tiles_begin(pl_tiles *t, const pl_job *job, const pl_image *words, pl_error *err);

/* The place of tile `index`, 0..count-1: m0 to depth. Changes nothing. */
void pl_tiles_place(const pl_tiles *t, int index, pl_tile *tile);

/* All of tile `index`. What `load` says counts as loaded from now on. Tiles may be left out, none may be repeated. */
void pl_tiles_next(pl_tiles *t, int index, pl_tile *tile);

/* Room in *results (realloc'd, *size int32) for a tile whose results must be added, if the job has any such. */
pl_status pl_tiles_room(const pl_tiles *t, int32_t **results, size_t *size, pl_error *err);

/* Adds a tile's results (dense) to c, modulo 2^32 as the accumulator does. c: of the tile's first output. */
void pl_tile_add(const pl_tile *tile, const int32_t *results, int32_t *c, ptrdiff_t ldc);

/* The job is over: its operands without a tag make room first. */
void pl_tiles_end(pl_tiles *t);

/* Nothing is in the buffers any more. */
void pl_tiles_forget(pl_tiles *t);

#endif
