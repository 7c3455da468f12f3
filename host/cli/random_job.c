/* random_job.c: random jobs for `photolane verify`; see random_job.h. */
#include <stdlib.h>
#include <string.h>

#include "cli/random_draw.h"
#include "cli/random_regs.h"

enum { PRODUCTS = 30000, DEPTH = 700, SIDE = 60, DEPTH_LIMIT = 65536 };
enum { ENDS = 3 }; /* kind of operand: codes -128 and 127 only */

uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* ---- Shape ---- */

static int draw_channels(uint64_t *rng) {
  static const int around_widths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 72, 127, 128, 129};
  if (one_in(rng, 3)) return around_widths[below(rng, sizeof around_widths / sizeof *around_widths)];
  if (one_in(rng, 16)) return 4096 - (int)below(rng, 3);
  if (one_in(rng, 16)) return between(rng, 1, 4);
  return log_between(rng, one_in(rng, 8) ? 4096 : 300);
}

static int draw_depth(uint64_t *rng, int channels) {
  if (channels <= 4 && one_in(rng, 2)) return between(rng, 513, 2500); /* more reads than a small buffer has words */
  int limit = channels > DEPTH / 2 ? channels * 5 / 2 : DEPTH;
  if (one_in(rng, 64)) limit = DEPTH_LIMIT; /* sums up to the end of their coordinate */
  int k = log_between(rng, limit);
  if (one_in(rng, 4)) k = k / channels * channels; /* no tail */
  if (one_in(rng, 8)) k = k / channels * channels + 1;
  return k < 1 ? channels : k;
}

static void draw_shape(uint64_t *rng, int channels, pl_job *job) {
  job->k = draw_depth(rng, channels);
  int outputs = PRODUCTS / job->k;
  job->m = one_in(rng, 8) ? 1 : log_between(rng, SIDE);
  job->n = one_in(rng, 8) ? 1 : log_between(rng, SIDE);
  if (job->m > outputs) job->m = outputs > 1 ? outputs : 1;
  if (job->m * job->n > outputs) job->n = outputs / job->m > 1 ? outputs / job->m : 1;
  job->lda = job->k + (ptrdiff_t)below(rng, 5);
  job->ldb = job->k + (ptrdiff_t)below(rng, 5);
  job->ldc = job->n + (ptrdiff_t)below(rng, 3);
  job->job = (uint32_t)random_next(rng);
  job->row0 = one_in(rng, 2) ? word(rng, 6, 0) : (uint32_t)below(rng, (1u << 24) - (uint64_t)job->m + 1);
  job->col0 = one_in(rng, 2) ? word(rng, 6, 0) : (uint32_t)below(rng, (1u << 20) - (uint64_t)job->n + 1);
}

/* ---- Operands ---- */

static int8_t draw_code(uint64_t *rng, int kind, int size) {
  static const int8_t extremes[] = {-128, -127, 127, 126, 0, 1, -1};
  switch (kind) {
    case 0: return extremes[below(rng, sizeof extremes)];
    case 1: return one_in(rng, 4) ? (int8_t)random_next(rng) : 0;
    case 2: return 0;
    case ENDS: return one_in(rng, 2) ? -128 : 127;
    case 4: return (int8_t)between(rng, -size, size);
    default: return (int8_t)random_next(rng);
  }
}

static void draw_operand(uint64_t *rng, int kind, int8_t *codes, int rows, ptrdiff_t ld) {
  int size = between(rng, 1, 40);
  if (kind == 2 && !one_in(rng, 4)) kind = 5; /* all zeros: seldom */
  for (ptrdiff_t i = 0; i < rows * ld; i++) codes[i] = draw_code(rng, kind, size);
}

/* Rows of B that equal rows of A: the largest sums there are, and no dispersion. */
static void copy_operand(const pl_job *job, const int8_t *a, int8_t *b) {
  for (int j = 0; j < job->n; j++) memcpy(b + j * job->ldb, a + (j % job->m) * job->lda, (size_t)job->k);
}

/* ---- The job ---- */

pl_status random_job_make(uint64_t seed, uint64_t number, uint32_t kind, verify_level level, random_job *r,
                          pl_error *err) {
  uint64_t rng = seed;
  rng = random_next(&rng) + number * 0xd1342543de82ef95u; /* jobs with neighbouring numbers have nothing in common */
  random_next(&rng);

  memset(r, 0, sizeof *r);
  int channels = draw_channels(&rng);
  if (kind == PL_KIND_RNS && one_in(&rng, 2)) channels = between(&rng, 1, 24); /* sums that small moduli hold */
  pl_job *job = &r->job;
  draw_shape(&rng, channels, job);
  size_t c_size = (size_t)job->m * (size_t)job->ldc;
  r->a = malloc((size_t)job->m * (size_t)job->lda);
  r->b = malloc((size_t)job->n * (size_t)job->ldb);
  r->c = malloc(c_size * sizeof *r->c);
  if (!r->a || !r->b || !r->c) {
    random_job_free(r);
    return pl_fail(err, PL_E_MEMORY, "out of memory for a job of %d x %d x %d", job->m, job->n, job->k);
  }
  int extreme = one_in(&rng, 12); /* all codes at the ends, the most encoding noise, a fine ADC: fields saturate */
  draw_operand(&rng, extreme ? ENDS : between(&rng, 0, 11), r->a, job->m, job->lda);
  draw_operand(&rng, extreme ? ENDS : between(&rng, 0, 11), r->b, job->n, job->ldb);
  if (one_in(&rng, 8)) copy_operand(job, r->a, r->b);
  for (size_t i = 0; i < c_size; i++) r->c[i] = RANDOM_JOB_GUARD;
  job->a = r->a;
  job->b = r->b;
  job->c = r->c;
  random_regs_draw(&rng, kind, level, extreme, channels, r);
  if (job->m > 1 && one_in(&rng, 4)) {
    r->split = between(&rng, 1, job->m - 1);
    job->b_tag = number + 1;
  }
  return PL_OK;
}

void random_job_free(random_job *r) {
  free(r->a);
  free(r->b);
  free(r->c);
  memset(r, 0, sizeof *r);
}
