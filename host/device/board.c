/* board.c: jobs on a device behind a link. See board.h.
 *
 * All tiles of a job are posted one after the other without waiting; after each RUN the counters are read. When these
 * have come, the tile is complete: its results are stored or added, and counted. If the device is lost, the job begins
 * again behind the last complete tile, in the same call if the device comes back in time, else when the same job is
 * asked for again. What is complete is kept for that: the job as it was, operands too, because the caller may use his
 * memory for something else.
 */
#include "device/board.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/tiles.h"

enum { REOPEN_US = 10000 }; /* between looks for an unplugged device */

/* A job that was broken off. */
typedef struct {
  int done; /* tiles that are complete; 0: nothing is kept */
  pl_job job;
  pl_image words;
  int8_t *a, *b; /* dense */
  int32_t *c;
} broken_job;

typedef struct {
  pl_board_source source;
  pl_link *link;
  pl_tiles *tiles;
  int32_t *sums; /* results of a tile that are added when it is complete */
  size_t sums_size;
  int done;      /* tiles of the present job that are complete */
  pl_counters *counters;
  broken_job broken;
} board;

/* ---- Open, close ---- */

static void forget_broken(board *b) {
  free(b->broken.a);
  free(b->broken.b);
  free(b->broken.c);
  memset(&b->broken, 0, sizeof b->broken);
}

static void drop_link(board *b) {
  pl_link_close(b->link);
  pl_tiles_free(b->tiles);
  b->link = NULL;
  b->tiles = NULL;
}

static pl_status open_link(board *b, uint32_t kind, pl_error *err) {
  pl_port *port;
  pl_status status = b->source.open(b->source.context, kind, &port, err);
  if (status || (status = pl_link_open(port, &b->link, err))) return status;
  const pl_link_info *info = pl_link_info_of(b->link);
  if (b->source.any_kind && info->kind != kind) {
    status = pl_fail(err, PL_E_INPUT, "%.150s: the device is of kind %s, not %s: build the one of kind %s again",
                     pl_link_port(b->link)->name, pl_kind_name(info->kind), pl_kind_name(kind), pl_kind_name(kind));
    drop_link(b);
    return status;
  }
  const pl_tiles_array array = {.rows = info->rows,
                                .columns = info->columns,
                                .width = info->width,
                                .a_words = info->a_words,
                                .b_words = info->b_words};
  if ((b->tiles = pl_tiles_new(&array))) return PL_OK;
  drop_link(b);
  return pl_fail(err, PL_E_MEMORY, "out of memory when opening a device");
}

void pl_board_close(pl_device *dev) {
  board *b = dev->state;
  drop_link(b);
  forget_broken(b);
  free(b->sums);
  if (b->source.free) b->source.free(b->source.context);
  free(b);
}

pl_status pl_board_open(pl_device *dev, const pl_board_source *source, pl_error *err) {
  board *b = calloc(1, sizeof *b);
  if (!b) {
    if (source->free) source->free(source->context);
    return pl_fail(err, PL_E_MEMORY, "out of memory when opening a device");
  }
  b->source = *source;
  b->counters = &dev->counters;
  dev->state = b;
  const pl_status status = open_link(b, PL_KIND_COHERENT, err);
  if (status) pl_board_close(dev);
  return status;
}

pl_link *pl_board_link(const pl_device *dev) {
  return dev->backend->gemm == pl_board_gemm ? ((board *)dev->state)->link : NULL;
}

void pl_board_identify(pl_device *dev, pl_identity *id) {
  const board *b = dev->state;
  if (!b->link) return; /* another kind could not be had */
  const pl_link_info *info = pl_link_info_of(b->link);
  id->rows = info->rows;
  id->columns = info->columns;
  id->width = info->width;
  id->clock_khz = info->clock_khz;
  snprintf(id->kind, sizeof id->kind, "%s", pl_kind_name(info->kind));
  snprintf(id->build, sizeof id->build, "link %08" PRIx32 ", kind %s", info->build, pl_kind_name(info->kind));
}

/* ---- Kinds ---- */

static pl_status use_kind(board *b, uint32_t kind, pl_error *err) {
  if (b->link && pl_link_info_of(b->link)->kind == kind) return PL_OK;
  if (b->link && !b->source.any_kind)
    return pl_fail(err, PL_E_INPUT,
                   "%.150s: the device is of kind %s, the core of kind %s: load the bitstream of kind %s",
                   pl_link_port(b->link)->name, pl_kind_name(pl_link_info_of(b->link)->kind), pl_kind_name(kind),
                   pl_kind_name(kind));
  drop_link(b);
  return open_link(b, kind, err);
}

pl_status pl_board_configure(pl_device *dev, pl_error *err) {
  return use_kind(dev->state, dev->image.reg[PL_REG_KIND], err);
}

/* ---- A device that was lost ---- */

static int same_rows(const int8_t *kept, const int8_t *codes, ptrdiff_t ld, int rows, int depth) {
  for (int i = 0; i < rows; i++)
    if (memcmp(kept + (size_t)i * (size_t)depth, codes + i * ld, (size_t)depth)) return 0;
  return 1;
}

static void copy_rows(int8_t *kept, const int8_t *codes, ptrdiff_t ld, int rows, int depth) {
  for (int i = 0; i < rows; i++) memcpy(kept + (size_t)i * (size_t)depth, codes + i * ld, (size_t)depth);
}

/* Keeps what is complete of a job. Without memory for it the job begins from the start: slower, but right. */
static void keep_broken(board *b, const pl_job *job, const pl_image *words) {
  const size_t m = (size_t)job->m, n = (size_t)job->n, k = (size_t)job->k;
  forget_broken(b);
  if (!b->done) return;
  broken_job kept = {.done = b->done, .job = *job, .words = *words, .a = malloc(m * k), .b = malloc(n * k),
                     .c = malloc(m * n * sizeof *kept.c)};
  b->broken = kept;
  if (!kept.a || !kept.b || !kept.c) {
    forget_broken(b);
    return;
  }
  copy_rows(kept.a, job->a, job->lda, job->m, job->k);
  copy_rows(kept.b, job->b, job->ldb, job->n, job->k);
  for (size_t i = 0; i < m; i++) memcpy(kept.c + i * n, job->c + (ptrdiff_t)i * job->ldc, n * sizeof *kept.c);
}

/* Begins with what is kept of this very job, if it was broken off. */
static void take_broken(board *b, const pl_job *job, const pl_image *words) {
  const broken_job *kept = &b->broken;
  b->done = 0;
  if (!kept->done) return;
  if (kept->job.m == job->m && kept->job.n == job->n && kept->job.k == job->k &&
      !memcmp(&kept->words, words, sizeof *words) && same_rows(kept->a, job->a, job->lda, job->m, job->k) &&
      same_rows(kept->b, job->b, job->ldb, job->n, job->k)) {
    const size_t n = (size_t)job->n;
    for (int i = 0; i < job->m; i++) memcpy(job->c + i * job->ldc, kept->c + (size_t)i * n, n * sizeof *kept->c);
    b->done = kept->done;
  }
  forget_broken(b);
}

static pl_status resume(board *b, pl_error *err) {
  pl_tiles_forget(b->tiles);
  return pl_link_resume(b->link, err);
}

/* An unplugged device: looks for it until it is there again or wait_us have passed. */
static pl_status wait_for_device(board *b, pl_error *err) {
  const uint64_t begin = pl_link_now_us(b->link), tries = b->source.wait_us / REOPEN_US;
  for (uint64_t i = 0;; i++) {
    const uint64_t before = pl_link_now_us(b->link);
    const pl_status status = resume(b, err);
    const uint64_t now = pl_link_now_us(b->link);
    if (status != PL_E_NODEV || i >= tries || now - begin >= b->source.wait_us) return status;
    const struct timespec pause = {.tv_nsec = REOPEN_US * 1000};
    if (now - before < REOPEN_US) nanosleep(&pause, NULL); /* the clock of a port that is not there may stand still */
  }
}

/* ---- Jobs ---- */

/* A tile is complete: the answer behind it has come. */
static void complete(void *context, const pl_link_counts *counts) {
  board *b = context;
  pl_tile tile;
  pl_tiles_place(b->tiles, b->done, &tile);
  const pl_job *job = b->tiles->job;
  if (tile.k0) pl_tile_add(&tile, b->sums, job->c + tile.m0 * job->ldc + tile.n0, job->ldc);
  b->counters->cycles += counts->run_cycles;
  b->counters->load_cycles += counts->load_cycles;
  b->counters->reads += counts->reads;
  b->counters->clipped += counts->clipped;
  b->counters->detected += counts->detected;
  b->counters->corrected += counts->corrected;
  pl_model_regs regs = {.kind = (int)b->tiles->words.reg[PL_REG_KIND], .rows = tile.rows, .cols = tile.cols,
                        .depth = tile.depth, .effects = b->tiles->words.reg[PL_REG_EFFECTS],
                        .channels = (int)b->tiles->words.reg[PL_REG_CHANNELS],
                        .redundant = (int)b->tiles->words.reg[PL_REG_REDUNDANT]};
  b->counters->ideal_cycles += pl_link_ideal_clocks(pl_link_info_of(b->link), &regs);
  b->done++;
}

static pl_status post_tile(board *b, const pl_job *job, int index, pl_error *err) {
  pl_tile tile;
  pl_tiles_next(b->tiles, index, &tile);
  pl_status status = pl_link_configure(b->link, &tile.words, err);
  for (int which = 1; which >= 0 && !status; which--) {
    if (!tile.load[which]) continue;
    status = pl_link_load(b->link, which, tile.codes[which], which ? job->ldb : job->lda, err);
    *(which ? &b->counters->encodings_b : &b->counters->encodings_a) +=
        (uint64_t)(which ? tile.cols : tile.rows) * (uint64_t)tile.depth;
  }
  int32_t *c = tile.k0 ? b->sums : job->c + tile.m0 * job->ldc + tile.n0;
  if (!status) status = pl_link_run(b->link, c, tile.k0 ? tile.cols : job->ldc, err);
  if (!status) status = pl_link_count(b->link, complete, b, err);
  return status ? status : pl_link_push(b->link, err);
}

static pl_status run_tiles(board *b, const pl_job *job, pl_error *err) {
  pl_status status = PL_OK;
  for (int i = b->done; i < b->tiles->count && !status; i++) status = post_tile(b, job, i, err);
  return status ? status : pl_link_wait(b->link, err);
}

pl_status pl_board_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err) {
  board *b = dev->state;
  pl_error why = {0};
  pl_status status = use_kind(b, words->reg[PL_REG_KIND], err); /* if configure could not */
  if (status || (status = pl_tiles_begin(b->tiles, job, words, err))) return status;
  if ((status = pl_tiles_room(b->tiles, &b->sums, &b->sums_size, err))) return status;
  take_broken(b, job, words);
  if (pl_link_state(b->link)) status = wait_for_device(b, &why);
  for (;;) {
    if (!status) status = run_tiles(b, job, &why);
    if (status != PL_E_NODEV || !b->source.wait_us) break;
    if ((status = wait_for_device(b, &why))) break;
  }
  pl_tiles_end(b->tiles);
  if (!status) return PL_OK;
  if (status != PL_E_INPUT) keep_broken(b, job, words);
  if (status != PL_E_NODEV) return pl_fail(err, status, "%s", why.text);
  return pl_fail(err, PL_E_NODEV,
                 "%.300s: connect the device again and repeat the job, which then goes on behind the last tile "
                 "that is complete (option wait=SECONDS waits for that)",
                 why.text);
}
