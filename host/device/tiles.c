/* tiles.c: see tiles.h. A buffer is a line of words with blocks on it; a new block takes the first gap that is wide
 * enough, and blocks go until there is one.
 *
 * Which go: the one used least recently. But the weights of a model come round and round; if they are more than the
 * buffer holds, each would then go just before it is needed. So blocks that had to go are remembered for a while: one that
 * comes again after a period P tells that those used within P will come again too, and sooner than what was used last.
 * Then what was used last goes. (Belady's rule, with P in place of the future.) */
#include "device/tiles.h"

#include <stdlib.h>
#include <string.h>

#include "model/operand.h"
#include "photolane/array.h"

enum { BLOCKS_MAX = 256, GONE_MAX = 1024 }; /* of a buffer; that are remembered */

/* Which part of which operand. */
typedef struct {
  uint64_t serial; /* of the job, or the b_tag */
  int is_tag, first, k0, rows, depth;
} block_name;

struct pl_tiles_gone {
  block_name name;
  uint64_t used;
};

struct pl_tiles_block {
  block_name name;
  pl_model_regs key;          /* what the encoding depends on: of B with a tag; else zero, the job says it all */
  int base, words;
  uint64_t used; /* when: counts uses */
};

static int ceil_div(int a, int b) { return (a + b - 1) / b; }
static int min_int(int a, int b) { return a < b ? a : b; }

pl_tiles *pl_tiles_new(const pl_tiles_array *array) {
  pl_tiles *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->array = *array;
  for (int i = 0; i < 2; i++) t->block[i] = calloc(BLOCKS_MAX, sizeof *t->block[i]);
  t->gone = calloc(GONE_MAX, sizeof *t->gone);
  if (t->block[0] && t->block[1] && t->gone) return t;
  pl_tiles_free(t);
  return NULL;
}

void pl_tiles_free(pl_tiles *t) {
  if (!t) return;
  free(t->block[0]);
  free(t->block[1]);
  free(t->gone);
  free(t);
}

void pl_tiles_forget(pl_tiles *t) { t->blocks[0] = t->blocks[1] = 0; }

/* ---- Plan ---- */

pl_status pl_tiles_begin(pl_tiles *t, const pl_job *job, const pl_image *words, pl_error *err) {
  const pl_tiles_array *array = &t->array;
  const int channels = (int)words->reg[PL_REG_CHANNELS], least = min_int(array->a_words, array->b_words);
  t->depth = job->k;
  if (pl_array_group_words(job->k, channels, array->width) > least) {
    const int reads = least / ceil_div(channels, array->width);
    if (!reads)
      return pl_fail(err, PL_E_INPUT,
                     "sums of %d channels do not fit the buffers of this array (%d words of %d): use a wider one",
                     channels, least, array->width);
    t->depth = reads * channels;
  }
  const int per_group = pl_array_group_words(t->depth, channels, array->width);
  const int64_t rows = (int64_t)(array->a_words / per_group) * array->rows;
  const int64_t cols = (int64_t)(array->b_words / per_group) * array->columns;
  t->rows = rows < job->m ? (int)rows : job->m;
  t->cols = cols < job->n ? (int)cols : job->n;
  t->row_tiles = ceil_div(job->m, t->rows);
  t->col_tiles = ceil_div(job->n, t->cols);
  t->count = t->row_tiles * t->col_tiles * ceil_div(job->k, t->depth);
  t->job = job;
  t->words = *words;
  t->jobs++;
  return PL_OK;
}

void pl_tiles_place(const pl_tiles *t, int index, pl_tile *tile) {
  const pl_job *job = t->job;
  const int block = index / t->row_tiles, row = index % t->row_tiles;
  tile->m0 = (block % 2 ? t->row_tiles - 1 - row : row) * t->rows;
  tile->n0 = block % t->col_tiles * t->cols;
  tile->k0 = block / t->col_tiles * t->depth;
  tile->rows = min_int(t->rows, job->m - tile->m0);
  tile->cols = min_int(t->cols, job->n - tile->n0);
  tile->depth = min_int(t->depth, job->k - tile->k0);
}

/* ---- Buffers ---- */

static void remove_block(pl_tiles *t, int which, int index) {
  t->block[which][index] = t->block[which][--t->blocks[which]];
}

/* The first gap of `words`, or -1. Blocks are few: every end of a block is tried. */
static int find_gap(const pl_tiles *t, int which, int words, int size) {
  const pl_tiles_block *blocks = t->block[which];
  int best = -1;
  for (int i = -1; i < t->blocks[which]; i++) {
    const int at = i < 0 ? 0 : blocks[i].base + blocks[i].words;
    if (at + words > size || (best >= 0 && at >= best)) continue;
    int taken = 0;
    for (int j = 0; j < t->blocks[which] && !taken; j++)
      taken = at < blocks[j].base + blocks[j].words && blocks[j].base < at + words;
    if (!taken) best = at;
  }
  return best;
}

static int same_name(const block_name *a, const block_name *b) {
  return a->serial == b->serial && a->is_tag == b->is_tag && a->first == b->first && a->k0 == b->k0 &&
         a->rows == b->rows && a->depth == b->depth;
}

/* Uses since the block of that name was used, if it had to go since; 0: not known. */
static uint64_t period_of(const pl_tiles *t, const block_name *name) {
  for (int i = 0; i < GONE_MAX; i++) /* the latest use counts */
    if (t->gone[i].used && same_name(&t->gone[i].name, name)) return t->clock - t->gone[i].used;
  return 0;
}

static void remember(pl_tiles *t, const pl_tiles_block *block) {
  if (!block->name.is_tag) return;
  int at = -1;
  for (int i = 0; i < GONE_MAX && at < 0; i++)
    if (same_name(&t->gone[i].name, &block->name)) at = i;
  if (at < 0) at = (int)(t->gone_count++ % GONE_MAX);
  t->gone[at] = (struct pl_tiles_gone){block->name, block->used};
}

/* The block that goes for one that comes again after `period` uses; 0: that is new. There is one. */
static int victim(const pl_tiles *t, int which, uint64_t period) {
  const pl_tiles_block *blocks = t->block[which];
  int oldest = 0, newest = 0;
  for (int i = 1; i < t->blocks[which]; i++) {
    if (blocks[i].used < blocks[oldest].used) oldest = i;
    if (blocks[i].used > blocks[newest].used) newest = i;
  }
  return period && blocks[oldest].name.is_tag && t->clock - blocks[oldest].used <= period ? newest : oldest;
}

/* Where the block lies; *load: whether it must be loaded there. It fits the buffer: that is how tiles are cut. */
static int place_block(pl_tiles *t, int which, pl_tiles_block *wanted, int *load) {
  pl_tiles_block *blocks = t->block[which];
  const int size = which ? t->array.b_words : t->array.a_words;
  wanted->used = ++t->clock;
  for (int i = 0; i < t->blocks[which]; i++) {
    if (!same_name(&blocks[i].name, &wanted->name)) continue;
    if (!memcmp(&blocks[i].key, &wanted->key, sizeof wanted->key)) {
      blocks[i].used = wanted->used;
      *load = 0;
      return blocks[i].base;
    }
    remove_block(t, which, i--); /* stale */
  }
  const uint64_t period = wanted->name.is_tag ? period_of(t, &wanted->name) : 0;
  for (;;) {
    wanted->base = t->blocks[which] < BLOCKS_MAX ? find_gap(t, which, wanted->words, size) : -1;
    if (wanted->base >= 0) break;
    const int goes = victim(t, which, period);
    remember(t, &blocks[goes]);
    remove_block(t, which, goes);
  }
  blocks[t->blocks[which]++] = *wanted;
  *load = 1;
  return wanted->base;
}

void pl_tiles_next(pl_tiles *t, int index, pl_tile *tile) {
  const pl_job *job = t->job;
  pl_tiles_place(t, index, tile);
  tile->words = t->words;
  uint32_t *reg = tile->words.reg;
  reg[PL_REG_ROW0] += (uint32_t)tile->m0;
  reg[PL_REG_COL0] += (uint32_t)tile->n0;
  reg[PL_REG_SUM0] += (uint32_t)tile->k0 / reg[PL_REG_CHANNELS];
  reg[PL_REG_ROWS] = (uint32_t)tile->rows;
  reg[PL_REG_COLS] = (uint32_t)tile->cols;
  reg[PL_REG_DEPTH] = (uint32_t)tile->depth;
  tile->codes[0] = job->a + tile->m0 * job->lda + tile->k0;
  tile->codes[1] = job->b + tile->n0 * job->ldb + tile->k0;

  const int per_group = pl_array_group_words(tile->depth, (int)reg[PL_REG_CHANNELS], t->array.width);
  pl_tiles_block block;
  memset(&block, 0, sizeof block); /* keys are compared as bytes */
  block.name = (block_name){.serial = t->jobs, .k0 = tile->k0, .depth = tile->depth, .first = tile->m0, .rows = tile->rows};
  block.words = ceil_div(tile->rows, t->array.rows) * per_group;
  reg[PL_REG_A_BASE] = (uint32_t)place_block(t, 0, &block, &tile->load[0]);

  block.name.first = tile->n0;
  block.name.rows = tile->cols;
  block.words = ceil_div(tile->cols, t->array.columns) * per_group;
  if (job->b_tag) {
    pl_model_regs regs;
    pl_model_unpack(&tile->words, &regs);
    block.name.serial = job->b_tag;
    block.name.is_tag = 1;
    pl_operand_key(&regs, &block.key);
  }
  reg[PL_REG_B_BASE] = (uint32_t)place_block(t, 1, &block, &tile->load[1]);
}

/* ---- Results ---- */

pl_status pl_tiles_room(const pl_tiles *t, int32_t **results, size_t *size, pl_error *err) {
  const size_t needed = (size_t)t->rows * (size_t)t->cols;
  if (t->depth >= t->job->k || needed <= *size) return PL_OK;
  int32_t *larger = realloc(*results, needed * sizeof *larger);
  if (!larger) return pl_fail(err, PL_E_MEMORY, "out of memory for a tile of %d x %d", t->rows, t->cols);
  *results = larger;
  *size = needed;
  return PL_OK;
}

void pl_tile_add(const pl_tile *tile, const int32_t *results, int32_t *c, ptrdiff_t ldc) {
  for (int i = 0; i < tile->rows; i++)
    for (int j = 0; j < tile->cols; j++) {
      int32_t *out = c + i * ldc + j;
      *out = (int32_t)((uint32_t)*out + (uint32_t)results[(size_t)i * (size_t)tile->cols + (size_t)j]);
    }
}

void pl_tiles_end(pl_tiles *t) {
  for (int which = 0; which < 2; which++)
    for (int i = 0; i < t->blocks[which]; i++)
      if (!t->block[which][i].name.is_tag) remove_block(t, which, i--);
}
