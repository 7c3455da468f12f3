/* gemm.c: whole jobs. The same bits as pl_model_read() for every read, at the speed of the vector unit.
 *
 * Each operand is encoded once into flat arrays (operand.c). Coherent jobs then go through the vectors of vectors.h, group of
 * columns by group. For the other kinds, and without those vectors, a block of columns goes through the stages together:
 * exact sums as 16-bit dot products, then one plain loop per enabled stage over the block.
 */
#include <stdlib.h>
#include <string.h>

#include "model/operand.h"
#include "model/poisson.h"
#include "model/rns.h"
#include "model/stages.h"
#include "model/vectors.h"

enum {
  BLOCK = 128,      /* columns that go through the stages together */
  FIELD_RUN = 128,  /* products of fields that fit int32: 128 * 4095^2 < 2^31 */
  RAILS_RUN = 64,   /* products of rails that fit uint32: 64 * 8190^2 < 2^32 */
  AHEAD = 2048,     /* bytes; a cache line is 64 */
  ROWS = 128,       /* of A that go through one group of columns before its next read: their results stay in the cache */
};

/* The values of one detector read of each column of a block. */
typedef struct {
  int32_t v[BLOCK];
  uint32_t power[BLOCK];
  uint32_t amount[BLOCK]; /* of light */
  int32_t g0[BLOCK], g1[BLOCK];
  int32_t dispersion[BLOCK];
  uint64_t variance[BLOCK];
  uint64_t light[2][BLOCK]; /* of the plus, the minus detector */
  uint32_t count[2][BLOCK];
  int32_t code[BLOCK];
} read_block;

static int min_int(int x, int y) { return x < y ? x : y; }

/* Asks for a piece of b that comes some columns later: the processor's own guess ends with each page, and products of
 * few rows are bound by reading b. */
PL_INLINE void ask_ahead(const int16_t *b) {
  const char *line = (const char *)b + AHEAD;
  __builtin_prefetch(line);
  __builtin_prefetch(line + 64);
}

/* 4: y and R of one column. */
PL_INLINE int64_t field_sum(const int16_t *a, const int16_t *b, int depth) {
  int64_t y = 0;
  for (int start = 0; start < depth; start += FIELD_RUN) {
    const int end = start + FIELD_RUN < depth ? start + FIELD_RUN : depth;
    int32_t run = 0;
    for (int k = start; k < end; k++) run += a[k] * b[k];
    y += run;
  }
  return y;
}
PL_INLINE uint64_t rail_sum(const int16_t *a, const int16_t *b, int depth) {
  uint64_t sum = 0;
  for (int start = 0; start < depth; start += RAILS_RUN) {
    const int end = start + RAILS_RUN < depth ? start + RAILS_RUN : depth;
    uint32_t run = 0;
    for (int k = start; k < end; k++) run += (uint32_t)(a[k] * b[k]);
    sum += run;
  }
  return sum;
}

/* 4: y of the columns of a group, b packed. */
PL_HOT static void packed_fields(const int16_t *a, const int16_t *b, int depth, int64_t y[PL_GROUP]) {
  for (int j = 0; j < PL_GROUP; j++) y[j] = 0;
  for (int start = 0; start < depth; start += FIELD_RUN) {
    const int end = start + FIELD_RUN < depth ? start + FIELD_RUN : depth;
    int32_t run[PL_GROUP] = {0};
    for (int k = start; k < end; k += 2, b += 2 * PL_GROUP)
      for (int j = 0; j < PL_GROUP; j++) run[j] += a[k] * b[2 * j] + a[k + 1] * b[2 * j + 1];
    for (int j = 0; j < PL_GROUP; j++) y[j] += run[j];
  }
}

/* 4: P of the columns of a group; a: powers, b: packed fields. */
PL_HOT static void packed_powers(const int16_t *a, const int16_t *b, int depth, uint32_t power[PL_GROUP]) {
  for (int j = 0; j < PL_GROUP; j++) power[j] = 0;
  for (int k = 0; k < depth; k += 2, b += 2 * PL_GROUP)
    for (int j = 0; j < PL_GROUP; j++)
      power[j] += (uint32_t)a[k] * pl_power_of((uint32_t)(b[2 * j] * b[2 * j])) +
                  (uint32_t)a[k + 1] * pl_power_of((uint32_t)(b[2 * j + 1] * b[2 * j + 1]));
}

/* 4 and 5: v = rnd(y, 6) of n columns, and, unless power is NULL, P. From row `at` of b on, in read s; a: of that read. */
static void coherent_sums(const int16_t *field_a, const int16_t *power_a, const pl_operand *b, int s, int at, int n,
                          int32_t *v, uint32_t *power) {
  const int depth = pl_operand_stride(b, pl_operand_depth(b, s));
  for (int j = 0; j < n;) {
    const int lane = (at + j) % PL_GROUP, count = min_int(PL_GROUP - lane, n - j);
    const int16_t *group = b->field + pl_operand_at(b, s, at + j - lane);
    int64_t y[PL_GROUP];
    uint32_t p[PL_GROUP];
    packed_fields(field_a, group, depth, y);
    if (power) packed_powers(power_a, group, depth, p);
    for (int i = 0; i < count; i++, j++) {
      v[j] = (int32_t)pl_rnd(y[lane + i], 6);
      if (power) power[j] = p[lane + i];
    }
  }
}

/* intensity, 4 and 5: v = rnd(y, 6) of n columns. */
PL_HOT static void field_sums(const int16_t *a, const int16_t *b, int depth, int n, int32_t *v) {
  for (int j = 0; j < n; j++, b += depth) {
    ask_ahead(b);
    v[j] = (int32_t)pl_rnd(field_sum(a, b, depth), 6);
  }
}

/* intensity, 5: the light l+ and l- of n columns; a, b: fields, then rails. */
PL_HOT static void detector_lights(const int16_t *const a[2], const int16_t *const b[2], int depth, int n,
                                   uint64_t *plus, uint64_t *minus) {
  const int16_t *field = b[0], *rails = b[1];
  for (int j = 0; j < n; j++, field += depth, rails += depth) {
    ask_ahead(field);
    ask_ahead(rails);
    const int64_t y = field_sum(a[0], field, depth);
    const uint64_t light = rail_sum(a[1], rails, depth);
    plus[j] = pl_plus_light(light, y);
    minus[j] = pl_plus_light(light, -y);
  }
}

/* intensity, 4 and 5: L = rnd(R, 6) of n columns. */
PL_HOT static void rail_sums(const int16_t *a, const int16_t *b, int depth, int n, uint32_t *light) {
  for (int j = 0; j < n; j++, b += depth) {
    ask_ahead(b);
    light[j] = pl_rail_light(rail_sum(a, b, depth));
  }
}

/* The deviates of n neighbouring reads. */
PL_HOT static void draw(const pl_model_regs *r, uint32_t row, uint32_t col, uint32_t sum, int n, int32_t *g0,
                        int32_t *g1) {
  const uint32_t seed = r->seed, job = r->job, c0 = pl_counter0(row, sum);
  uint32_t w0[BLOCK], w1[BLOCK];
  for (int j = 0; j < n; j++) {
    const uint32_t c1 = pl_counter1(PL_NOISE_READ, col + (uint32_t)j, sum);
    pl_threefry13(seed, job, c0, c1, &w0[j], &w1[j]);
  }
  for (int j = 0; j < n; j++) g0[j] = pl_gauss_of(w0[j]);
  for (int j = 0; j < n; j++) g1[j] = pl_gauss_of(w1[j]);
}

/* intensity, 5: the counts of one detector, the light of which is given. */
PL_HOT static void count_photons(const pl_model_regs *r, int effect, uint32_t row, uint32_t col, uint32_t sum, int n,
                                 const uint64_t *light, uint32_t *count) {
  const uint32_t seed = r->seed, job = r->job, c0 = pl_counter0(row, sum), gain = r->photon_gain;
  const int shift = r->photon_shift;
  uint32_t w0[BLOCK], w1[BLOCK], few[BLOCK], many[BLOCK];
  uint64_t mean[BLOCK];
  for (int j = 0; j < n; j++) pl_threefry13(seed, job, c0, pl_counter1(effect, col + (uint32_t)j, sum), &w0[j], &w1[j]);
  for (int j = 0; j < n; j++) mean[j] = pl_photon_mean(light[j], gain, shift);
  for (int j = 0; j < n; j++) few[j] = pl_count_few((uint32_t)mean[j], w0[j], w1[j]);
  for (int j = 0; j < n; j++) many[j] = pl_count_many(pl_at_least_few(mean[j]), w0[j], w1[j]);
  for (int j = 0; j < n; j++) count[j] = mean[j] < PL_PHOTONS_FEW ? few[j] : many[j];
}
PL_HOT static void photon_values(const uint32_t *plus, const uint32_t *minus, uint32_t step, int shift, int n,
                                 int32_t *v) {
  for (int j = 0; j < n; j++) v[j] = pl_photon_value(plus[j], minus[j], step, shift);
}

/* 8. */
PL_HOT static void receiver(const pl_model_regs *r, int n, read_block *b) {
  const int exponent = r->sigma_exp;
  for (int j = 0; j < n; j++)
    b->v[j] = pl_receiver_noise(b->v[j], pl_isqrt_of(pl_variance_sum(b->variance[j])), exponent, b->g1[j]);
}

/* 5, 6, 7. */
PL_HOT static void phase_mean(uint32_t loss, int n, int32_t *v) {
  for (int j = 0; j < n; j++) v[j] = pl_phase_mean(v[j], loss);
}
static void disperse(int64_t x, const pl_operand *b, int s, int at, int n, int32_t *v) {
  for (int j = 0; j < n; j++) v[j] += (int32_t)pl_rnd(x - b->dispersion[pl_operand_sum_at(b, s, at + j)], 6);
}
PL_HOT static void output_noise(uint32_t sigma, const int32_t *g, int n, int32_t *v) {
  for (int j = 0; j < n; j++) v[j] = pl_output_noise(v[j], sigma, g[j]);
}
PL_HOT static void add_variance(const uint32_t *amount, uint32_t gain, int shift, int n, uint64_t *variance) {
  for (int j = 0; j < n; j++) variance[j] += pl_variance_term(amount[j], gain, shift);
}

/* 9. Returns the clipped reads. */
PL_HOT static int convert(const pl_model_regs *r, const int32_t *v, int n, int32_t *code) {
  const int32_t offset = r->adc_offset, top = 1 << (r->adc_bits - 1);
  const uint32_t gain = r->adc_gain;
  const int shift = r->adc_shift;
  int clipped = 0;
  for (int j = 0; j < n; j++) {
    const int64_t z = pl_adc_level(v[j], offset, gain, shift);
    code[j] = pl_clamp(z, -top, top - 1);
    clipped += code[j] != z;
  }
  return clipped;
}

/* Read s of row `row` of the tile with n columns, the first of which is column `col` of the tile and row `at` of b:
 * adds the codes to c. Returns the clipped reads. */
static int64_t read_columns(const pl_model_regs *r, const pl_operand *a, const pl_operand *b, int row, int col, int at,
                            int n, int s, int32_t *c, read_block *w) {
  const int depth = pl_operand_stride(a, pl_operand_depth(a, s)); /* the rest are zeros */
  const size_t at_a = pl_operand_at(a, s, row), sum_a = pl_operand_sum_at(a, s, row), at_b = pl_operand_at(b, s, at);
  const uint32_t effects = r->effects;

  if (effects & PL_EFFECT_PHOTONS) {
    const int16_t *const of_a[2] = {a->field + at_a, a->rails + at_a};
    const int16_t *const of_b[2] = {b->field + at_b, b->rails + at_b};
    detector_lights(of_a, of_b, depth, n, w->light[0], w->light[1]);
    for (int d = 0; d < 2; d++)
      count_photons(r, PL_NOISE_PHOTONS + d, r->row0 + (uint32_t)row, r->col0 + (uint32_t)col, r->sum0 + (uint32_t)s, n,
                    w->light[d], w->count[d]);
    photon_values(w->count[0], w->count[1], r->photon_step, r->photon_step_shift, n, w->v);
  } else if (b->packed) {
    const int phase = (effects & PL_EFFECT_PHASE) != 0;
    coherent_sums(a->field + at_a, phase ? a->power + at_a : NULL, b, s, at, n, w->v, phase ? w->power : NULL);
  } else {
    field_sums(a->field + at_a, b->field + at_b, depth, n, w->v);
  }
  if (effects & PL_EFFECT_PHASE) phase_mean(r->phase_loss, n, w->v);
  if (effects & PL_EFFECT_DISPERSION) disperse(a->dispersion[sum_a], b, s, at, n, w->v);
  if (effects & (PL_EFFECT_OUTPUT | PL_EFFECTS_RECEIVER))
    draw(r, r->row0 + (uint32_t)row, r->col0 + (uint32_t)col, r->sum0 + (uint32_t)s, n, w->g0, w->g1);
  if (effects & PL_EFFECT_OUTPUT) output_noise(r->output_sigma, w->g0, n, w->v);
  if (effects & PL_EFFECTS_RECEIVER) {
    uint64_t constant = effects & PL_EFFECT_THERMAL ? r->thermal_var : 0;
    if (effects & PL_EFFECT_SYSTEMATIC) constant += r->systematic_var;
    for (int j = 0; j < n; j++) w->variance[j] = constant;
    if (effects & PL_EFFECT_PHASE) add_variance(w->power, r->phase_gain, r->phase_shift, n, w->variance);
    if (effects & PL_EFFECT_SHOT) {
      if (r->kind == PL_KIND_INTENSITY)
        rail_sums(a->rails + at_a, b->rails + at_b, depth, n, w->amount);
      else
        for (int j = 0; j < n; j++) w->amount[j] = a->light[sum_a] + b->light[pl_operand_sum_at(b, s, at + j)];
      add_variance(w->amount, r->shot_gain, r->shot_shift, n, w->variance);
    }
    receiver(r, n, w);
  }
  int64_t clipped = 0;
  if (effects & PL_EFFECT_ADC)
    clipped = convert(r, w->v, n, w->code);
  else
    for (int j = 0; j < n; j++) w->code[j] = pl_adc_bypass(w->v[j]);
  for (int j = 0; j < n; j++) c[j] = (int32_t)((uint32_t)c[j] + (uint32_t)w->code[j]);
  return clipped;
}

/* Every effect off: the integer product, at most 2^16 * 2^14 in magnitude. */
PL_HOT static void exact_row(const int8_t *a, const int8_t *b, int64_t ldb, int depth, int cols, int32_t *c) {
  for (int j = 0; j < cols; j++, b += ldb) {
    int32_t sum = 0;
    for (int k = 0; k < depth; k++) sum += a[k] * b[k];
    c[j] = sum;
  }
}

/* All reads of the tile's columns col .. col+n-1, which are rows at .. at+n-1 of the packed b, by vectors. Returns the clipped
 * reads. */
static int64_t read_groups(const pl_model_regs *r, const pl_operand *a, const pl_operand *b, int col, int at, int n,
                           int32_t *c, int64_t ldc) {
  const pl_vectors *vectors = pl_vectors_chosen();
  int64_t clipped = 0;
  int32_t tile[ROWS][PL_GROUP];
  for (int group = at / PL_GROUP; group * PL_GROUP < at + n; group++) {
    const int base = group * PL_GROUP - at; /* of lane 0, counted from column col */
    const int first = base < 0 ? -base : 0, end = min_int(PL_GROUP, n - base);
    for (int row = 0; row < r->rows; row += ROWS) {
      const int rows = min_int(ROWS, r->rows - row);
      memset(tile, 0, (size_t)rows * sizeof *tile);
      const pl_reads_part part = {.a = a, .b = b, .row = row, .rows = rows, .group = group,
                                  .col = r->col0 + (uint32_t)col + (uint32_t)base, .first = first, .end = end,
                                  .c = tile[0]};
      clipped += vectors->reads(r, &part);
      for (int i = 0; i < rows; i++)
        memcpy(c + (row + i) * ldc + col + base + first, tile[i] + first, (size_t)(end - first) * sizeof **tile);
    }
  }
  return clipped;
}

/* Read s of all rows of the tile with n columns, as in read_columns: these are still in the first-level cache for the
 * second row. c: of the tile. Returns the clipped reads. */
static int64_t read_rows(const pl_model_regs *r, const pl_operand *a, const pl_operand *b, int col, int at, int n, int s,
                         int32_t *c, int64_t ldc, read_block *w, pl_model_errors *errors) {
  int64_t clipped = 0;
  for (int row = 0; row < r->rows; row++)
    clipped += r->kind == PL_KIND_RNS
                   ? pl_rns_read_columns(r, a, b, row, col, at, n, s, c + row * ldc + col, errors)
                   : read_columns(r, a, b, row, col, at, n, s, c + row * ldc + col, w);
  return clipped;
}

static void clear_rows(const pl_model_regs *r, int32_t *c, int64_t ldc) {
  for (int row = 0; row < r->rows; row++) memset(c + row * ldc, 0, (size_t)r->cols * sizeof *c);
}

/* Whether vectors do the reads of the job. */
static int by_vectors(const pl_model_regs *r) {
  return r->kind == PL_KIND_COHERENT && pl_vectors_chosen()->reads && pl_reads_fit(r);
}

int64_t pl_model_gemm(const pl_model_regs *r, const int8_t *a, int64_t lda, const int8_t *b, int64_t ldb, int32_t *c,
                      int64_t ldc, pl_model_errors *errors) {
  if (r->effects == 0 || (r->kind == PL_KIND_RNS && pl_rns_is_exact(r))) {
    for (int m = 0; m < r->rows; m++) exact_row(a + m * lda, b, ldb, r->depth, r->cols, c + m * ldc);
    return 0;
  }
  const int vectors = by_vectors(r);
  pl_operand encoded_a, encoded_b;
  if (pl_operand_alloc(&encoded_a, r, 0, r->rows)) return -1;
  if (pl_operand_alloc(&encoded_b, r, 1, min_int(BLOCK, r->cols))) {
    pl_operand_free(&encoded_a);
    return -1;
  }
  int64_t clipped = 0;
  read_block work;
  pl_operand_encode(&encoded_a, r, 0, a, lda, 0, r->rows, 0);
  if (!vectors) clear_rows(r, c, ldc);
  for (int col = 0; col < r->cols; col += BLOCK) { /* a block of B stays in the second-level cache for all rows */
    const int n = min_int(BLOCK, r->cols - col);
    pl_operand_encode(&encoded_b, r, 1, b, ldb, col, n, 0);
    if (vectors)
      clipped += read_groups(r, &encoded_a, &encoded_b, col, 0, n, c, ldc);
    else
      for (int s = 0; s < encoded_a.reads; s++)
        clipped += read_rows(r, &encoded_a, &encoded_b, col, 0, n, s, c, ldc, &work, errors);
  }
  pl_operand_free(&encoded_a);
  pl_operand_free(&encoded_b);
  return clipped;
}

int64_t pl_model_gemm_encoded(const pl_model_regs *r, const int8_t *a, int64_t lda, const pl_operand *b, int first,
                              int32_t *c, int64_t ldc, pl_model_errors *errors) {
  const int vectors = by_vectors(r);
  pl_operand encoded_a;
  if (pl_operand_alloc(&encoded_a, r, 0, r->rows)) return -1;
  int64_t clipped = 0;
  read_block work;
  pl_operand_encode(&encoded_a, r, 0, a, lda, 0, r->rows, 0);
  if (vectors) {
    clipped = read_groups(r, &encoded_a, b, 0, first, r->cols, c, ldc);
    pl_operand_free(&encoded_a);
    return clipped;
  }
  clear_rows(r, c, ldc);
  for (int s = 0; s < encoded_a.reads; s++) /* the order in which a plain b lies in memory */
    for (int col = 0; col < r->cols; col += BLOCK)
      clipped += read_rows(r, &encoded_a, b, col, first + col, min_int(BLOCK, r->cols - col), s, c, ldc, &work, errors);
  pl_operand_free(&encoded_a);
  return clipped;
}
