/* board_support.h: pl_device on a world (wire.h), and random jobs compared with the golden model. */
#ifndef BOARD_SUPPORT_H
#define BOARD_SUPPORT_H

#include "../lockstep/array_support.h"
#include "../unit/rns_support.h"
#include "device/board.h"
#include "wire.h"

/* A port of the world; of another kind if it can be had. */
static inline pl_status world_source(void *context, uint32_t kind, pl_port **port, pl_error *err) {
  world *w = context;
  *port = NULL;
  if (w->unplugged) return pl_fail(err, PL_E_NODEV, "there is no device");
  if (w->any_kind && kind != w->device.info.kind) {
    c_device_free(&w->device);
    c_device_init(&w->device, kind, 4, 3, 8, 4, 128);
  }
  *port = world_port(w);
  return PL_OK;
}

static const pl_backend memory_backend = {.scheme = "memory", .options = "", .close = pl_board_close,
                                          .identify = pl_board_identify, .configure = pl_board_configure,
                                          .gemm = pl_board_gemm};

static inline pl_status board_open(world *w, uint64_t wait_us, pl_device **dev, pl_error *err) {
  pl_device *d = calloc(1, sizeof *d);
  ck_assert(d != NULL);
  d->backend = &memory_backend;
  pl_image_reset(&d->image);
  strcpy(d->uri, "memory:");
  const pl_board_source source = {.open = world_source, .context = w, .any_kind = w->any_kind, .wait_us = wait_us};
  const pl_status status = pl_board_open(d, &source, err);
  if (status) free(d);
  *dev = status ? NULL : d;
  return status;
}

static inline pl_device *board_must_open(world *w, uint64_t wait_us) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!board_open(w, wait_us, &dev, &err), "%s", err.text);
  return dev;
}

/* A job with its registers, operands, results and what they must be. */
typedef struct {
  pl_image image;
  pl_job job;
  int8_t *a, *b;
  int32_t *c, *golden;
  uint64_t reads;
  int64_t clipped;
  pl_model_errors errors;
} board_job;

enum { JOB_PAD = 3 }; /* guard columns behind each row of results */
#define JOB_GUARD 0x5a5a5a5a

static inline void board_job_expect(board_job *j) {
  pl_image words;
  pl_model_regs regs;
  pl_job_words(&j->image, &j->job, &words);
  pl_model_unpack(&words, &regs);
  const pl_job *job = &j->job;
  j->errors = (pl_model_errors){0};
  j->clipped = pl_model_gemm(&regs, job->a, job->lda, job->b, job->ldb, j->golden, job->n, &j->errors);
  j->reads = (uint64_t)job->m * (uint64_t)job->n * (uint64_t)((job->k + regs.channels - 1) / regs.channels);
}

static inline board_job *board_job_new(uint64_t *state, uint32_t kind, int m, int n, int k) {
  board_job *j = calloc(1, sizeof *j);
  const pl_model_regs r = kind == PL_KIND_RNS ? draw_rns(state, 0, RNS_EFFECTS)
                          : kind == PL_KIND_INTENSITY
                              ? draw_intensity(state, INTENSITY_EFFECTS & (uint32_t)draw64(state))
                              : draw_regs(state, ALL_EFFECTS & (uint32_t)draw64(state));
  j->image = words_of(&r);
  const size_t outputs = (size_t)m * (size_t)(n + JOB_PAD);
  j->a = malloc((size_t)m * (size_t)k);
  j->b = malloc((size_t)n * (size_t)k);
  j->c = malloc(outputs * sizeof *j->c);
  j->golden = malloc((size_t)m * (size_t)n * sizeof *j->golden);
  draw_codes(state, j->a, (int64_t)m * k);
  draw_codes(state, j->b, (int64_t)n * k);
  for (size_t i = 0; i < outputs; i++) j->c[i] = JOB_GUARD;
  j->job = (pl_job){.job = r.job,
                    .row0 = r.row0,
                    .col0 = r.col0,
                    .m = m,
                    .n = n,
                    .k = k,
                    .a = j->a,
                    .lda = k,
                    .b = j->b,
                    .ldb = k,
                    .c = j->c,
                    .ldc = n + JOB_PAD};
  board_job_expect(j);
  return j;
}

static inline board_job *board_job_draw(uint64_t *state, uint32_t kind) {
  const int m = (int)draw_in(state, 1, 14), n = (int)draw_in(state, 1, 14), k = (int)draw_in(state, 1, 500);
  return board_job_new(state, kind, m, n, k);
}

static inline void board_job_free(board_job *j) {
  free(j->a), free(j->b), free(j->c), free(j->golden), free(j);
}

/* Results, the memory around them. */
static inline void board_job_check(const board_job *j, const char *what) {
  for (int i = 0; i < j->job.m; i++)
    for (int n = 0; n < j->job.ldc; n++) {
      const int32_t expected = n < j->job.n ? j->golden[i * j->job.n + n] : JOB_GUARD, got = j->c[i * j->job.ldc + n];
      if (got != expected)
        ck_abort_msg("%s: %d x %d x %d: row %d, column %d: expected %d, got %d", what, j->job.m, j->job.n, j->job.k, i,
                     n, expected, got);
    }
}

/* Configures, runs, and compares results and counters. */
static inline void board_job_run(pl_device *dev, board_job *j, const char *what) {
  pl_error err;
  pl_counters counters;
  for (int i = 0; i < j->job.m * j->job.ldc; i++) j->c[i] = JOB_GUARD;
  pl_counters_reset(dev);
  ck_assert_msg(!pl_configure(dev, &j->image, &err), "%s: %s", what, err.text);
  ck_assert_msg(!pl_gemm(dev, &j->job, &err), "%s: %s", what, err.text);
  board_job_check(j, what);
  ck_assert(!pl_get_counters(dev, &counters, &err));
  ck_assert_uint_eq(counters.reads, j->reads);
  ck_assert_int_eq((int64_t)counters.clipped, j->clipped);
  ck_assert_int_eq((int64_t)counters.detected, j->errors.detected);
  ck_assert_int_eq((int64_t)counters.corrected, j->errors.corrected);
}

static inline void world_check(const world *w) {
  ck_assert_msg(!*w->device.complaint, "the device complains: %s", w->device.complaint);
  for (int i = 0; i < w->ports; i++) ck_assert_uint_eq(w->port[i]->overruns, 0);
}

#endif
