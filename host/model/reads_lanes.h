/* reads_lanes.h: the detector reads of a group of columns, one column in each lane of a vector. Included once by each
 * reads_ISA.c behind its lanes_ISA.h; defines pl_reads_of_group (reads.h).
 *
 * The same bits as the stages of stages.h, in 32 bits wherever pl_reads_fit() has made sure that they suffice. What the
 * operations of lanes_ISA.h are, with x, y, v, g, i vectors of LANES words of 32 bits:
 *
 *   l_set, l_load, l_store, l_load_narrow (low halves of 64 bits), l_count_up (0, 1, 2, ..)
 *   l_add, l_sub, l_and, l_or, l_xor, l_min, l_max (signed), l_mul (low half), l_sll, l_srl, l_sra, l_rotl (constant),
 *   l_sra_by, l_sll_each (32 and more: 0)
 *   l_leading_zeros(x)       of an x below 2^31; 32 for 0
 *   l_differ(x, y)           a bit for each lane
 *   l_dot(sum, x, y)         sum + x0 y0 + x1 y1 of the two signed halves of each word; l_dot_only without sum
 *   l_power(x)               stage 3 of both halves: (x^2 + 2^11) >> 12, at most 1023
 *   l_scaled(x, s)           (x * factor + half) >> shift, 64 bits between; s: l_scale_of(factor, shift, rounds)
 *   l_relative(v, sigma, g)  (g * (|v| * sigma >> 16) + 2^10) >> 11, 64 bits between
 *   l_wide_set, l_wide_add   sums of 64 bits: += x * factor >> shift, all unsigned; l_wide_saturated: at most 2^32 - 1
 *   l_look_up                entries i of two tables
 *   l_rough_root(v), l_near_root(r, v - r^2)   an integer within 1 of sqrt(v); the nearest one
 */
#include <string.h>

#include "model/reads.h"
#include "model/stages.h"

enum {
  TOGETHER = 4,    /* vectors that go through the stages side by side, so that none waits for itself */
  RUN = 64,        /* pairs of products of fields that fit 31 bits: 128 * 4095^2 < 2^31 */
  PAIRS_MAX = PL_READS_CHANNELS / 2,
  AHEAD = 4096,    /* bytes of b that are asked for before they are read; a cache line is 64 */
};

/* What all reads of a job have in common. */
typedef struct {
  const pl_model_regs *r;
  l_scale phase_loss, phase, shot, adc;
  uint64_t variance; /* that no light adds to */
  lanes col;         /* the column field of the counter */
} reads_setup;

/* One vector of reads on its way: stage 4 to code. */
typedef struct {
  lanes v, power, light, dispersion;
  uint32_t row, sum; /* coordinates */
} read_vector;

LANE_FN void set_up(reads_setup *s, const pl_model_regs *r, uint32_t col) {
  const uint32_t effects = r->effects;
  s->r = r;
  s->phase_loss = l_scale_of(r->phase_loss, 24, 1);
  s->phase = l_scale_of(r->phase_gain, r->phase_shift, 0);
  s->shot = l_scale_of(r->shot_gain, r->shot_shift, 0);
  s->adc = l_scale_of(r->adc_gain, r->adc_shift, 1);
  s->variance = effects & PL_EFFECT_THERMAL ? r->thermal_var : 0;
  s->col = l_and(l_add(l_set((int32_t)col), l_count_up()), l_set(0xfffff));
}

LANE_FN void threefry(const pl_model_regs *r, uint32_t row, uint32_t sum, lanes col, lanes *w0, lanes *w1) {
  const uint32_t k0 = r->seed, k1 = r->job, k2 = 0x1BD11BDAu ^ k0 ^ k1;
  lanes x0 = l_set((int32_t)(pl_counter0(row, sum) + k0));
  lanes x1 = l_add(col, l_set((int32_t)(pl_counter1(PL_NOISE_READ, 0, sum) + k1)));
#define ROUND(n) (x0 = l_add(x0, x1), x1 = l_xor(l_rotl(x1, n), x0))
#define KEY(y0, y1) (x0 = l_add(x0, l_set((int32_t)(y0))), x1 = l_add(x1, l_set((int32_t)(y1))))
  ROUND(13), ROUND(15), ROUND(26), ROUND(6), KEY(k1, k2 + 1);
  ROUND(17), ROUND(29), ROUND(16), ROUND(24), KEY(k2, k0 + 2);
  ROUND(13), ROUND(15), ROUND(26), ROUND(6), KEY(k0, k1 + 3);
  ROUND(17);
#undef ROUND
#undef KEY
  *w0 = x0;
  *w1 = x1;
}

/* pl_gauss_of. n is N of the page without its leading one, which tells only where n begins. */
LANE_FN lanes gauss(lanes word) {
  const lanes zeros = l_leading_zeros(l_and(word, l_set(0x7fffffff))); /* one more than those of U */
  const lanes n = l_sll_each(l_or(l_sll(word, 1), l_set(1)), zeros);
  const lanes i = l_add(l_add(l_sll(zeros, 3), l_srl(n, 29)), l_set(-8)), t = l_and(l_srl(n, 17), l_set(0xfff));
  lanes c0, c12;
  l_look_up(pl_gauss_c0, pl_gauss_c12, i, &c0, &c12);
  /* c1 - (c2 t >> 12) = (4096 c1 - c2 t + 4095) >> 12: one sum of products */
  const lanes by = l_sub(l_set(4096), l_sll(t, 16));
  const lanes a = l_srl(l_add(l_dot_only(c12, by), l_set(4095)), 12);
  const lanes m = l_srl(l_add(l_sub(c0, l_srl(l_dot_only(a, t), 12)), l_set(8)), 4);
  const lanes sign = l_sra(word, 31);
  return l_sub(l_xor(m, sign), sign);
}

LANE_FN lanes root(lanes v) {
  const lanes r = l_rough_root(v);
  return l_min(l_max(l_near_root(r, l_sub(v, l_mul(r, r))), l_set(0)), l_set(65535));
}

#define EACH for (int u = 0; u < count; u++)

/* Stages 5 to 9 of `count` vectors, a constant; codes replace v. Returns nothing: clips are added to *clipped. */
LANE_FN void finish(const reads_setup *s, int count, read_vector *w, unsigned counted, int64_t *clipped) {
  const pl_model_regs *r = s->r;
  const uint32_t effects = r->effects;
  if (effects & PL_EFFECT_PHASE) EACH w[u].v = l_sub(w[u].v, l_scaled(w[u].v, &s->phase_loss));
  if (effects & PL_EFFECT_DISPERSION) EACH w[u].v = l_add(w[u].v, l_sra(l_add(w[u].dispersion, l_set(32)), 6));
  if (effects & (PL_EFFECT_OUTPUT | PL_EFFECTS_RECEIVER)) {
    lanes w0[TOGETHER], w1[TOGETHER];
    EACH threefry(r, w[u].row, w[u].sum, s->col, &w0[u], &w1[u]);
    if (effects & PL_EFFECT_OUTPUT)
      EACH w[u].v = l_add(w[u].v, l_relative(w[u].v, r->output_sigma, gauss(w0[u])));
    if (effects & PL_EFFECTS_RECEIVER) {
      l_wide variance[TOGETHER];
      EACH variance[u] = l_wide_set(s->variance);
      if (effects & PL_EFFECT_PHASE) EACH l_wide_add(&variance[u], w[u].power, &s->phase);
      if (effects & PL_EFFECT_SHOT) EACH l_wide_add(&variance[u], w[u].light, &s->shot);
      /* rnd(x << e, 11) = rnd(x, 11 - e), for e is at most 10; g times sigma fits 31 bits */
      const int shift = 11 - r->sigma_exp;
      EACH {
        const lanes x = l_mul(gauss(w1[u]), root(l_wide_saturated(&variance[u])));
        w[u].v = l_add(w[u].v, l_sra_by(l_add(x, l_set(1 << (shift - 1))), shift));
      }
    }
  }
  if (effects & PL_EFFECT_ADC) {
    const lanes top = l_set((1 << (r->adc_bits - 1)) - 1), bottom = l_set(-(1 << (r->adc_bits - 1)));
    EACH {
      const lanes z = l_scaled(l_add(w[u].v, l_set(r->adc_offset)), &s->adc);
      w[u].v = l_max(l_min(z, top), bottom);
      *clipped += __builtin_popcount(l_differ(z, w[u].v) & counted);
    }
  } else {
    EACH w[u].v = l_sra(l_add(w[u].v, l_set(2)), 2);
  }
}

/* Two int16 of A in every lane. */
LANE_FN lanes pair_of(const int16_t *a) {
  int32_t pair;
  memcpy(&pair, a, sizeof pair);
  return l_set(pair);
}

/* Stage 4 of `count` rows in one read. field: of b, power: of it, LANES words a pair. Sums of more than RUN pairs are cut
 * in two, of which the high part is a multiple of 64. */
LANE_FN void sums_of_rows(int count, int pairs, int with_power, const int16_t *const *field_a,
                          const int16_t *const *power_a, const int16_t *field, const int16_t *power, read_vector *w) {
  lanes high[TOGETHER], low[TOGETHER];
  EACH high[u] = l_set(0), low[u] = l_set(32), w[u].power = l_set(0);
  for (int start = 0; start < pairs; start += RUN) {
    const int end = start + RUN < pairs ? start + RUN : pairs;
    lanes y[TOGETHER];
    EACH y[u] = l_set(0);
    if (with_power) {
      for (int k = start; k < end; k++) {
        const lanes x = l_load(field + 2 * PL_GROUP * k), p = l_load(power + 2 * LANES * k);
        EACH y[u] = l_dot(y[u], pair_of(field_a[u] + 2 * k), x);
        EACH w[u].power = l_dot(w[u].power, pair_of(power_a[u] + 2 * k), p);
      }
    } else {
      for (int k = start; k < end; k++) {
        const lanes x = l_load(field + 2 * PL_GROUP * k);
        EACH y[u] = l_dot(y[u], pair_of(field_a[u] + 2 * k), x);
      }
    }
    EACH high[u] = l_add(high[u], l_sra(y[u], 6)), low[u] = l_add(low[u], l_and(y[u], l_set(63)));
  }
  EACH w[u].v = l_add(high[u], l_sra(low[u], 6));
}

/* The same of one row alone: four sums, so that none waits for itself, and powers made on the way. */
LANE_FN void sums_of_row(int pairs, int with_power, const int16_t *field_a, const int16_t *power_a, const int16_t *field,
                         read_vector *w) {
  lanes high = l_set(0), low = l_set(32), p[4];
  for (int u = 0; u < 4; u++) p[u] = l_set(0);
  for (int start = 0; start < pairs; start += RUN) {
    const int end = start + RUN < pairs ? start + RUN : pairs;
    lanes y[4];
    for (int u = 0; u < 4; u++) y[u] = l_set(0);
    int k = start;
    for (; k + 4 <= end; k += 4)
      for (int u = 0; u < 4; u++) {
        const int16_t *at = field + 2 * PL_GROUP * (k + u);
        const lanes x = l_load(at);
        __builtin_prefetch((const char *)at + AHEAD);
        y[u] = l_dot(y[u], pair_of(field_a + 2 * (k + u)), x);
        if (with_power) p[u] = l_dot(p[u], pair_of(power_a + 2 * (k + u)), l_power(x));
      }
    for (; k < end; k++) {
      const lanes x = l_load(field + 2 * PL_GROUP * k);
      y[0] = l_dot(y[0], pair_of(field_a + 2 * k), x);
      if (with_power) p[0] = l_dot(p[0], pair_of(power_a + 2 * k), l_power(x));
    }
    y[0] = l_add(l_add(y[0], y[1]), l_add(y[2], y[3]));
    high = l_add(high, l_sra(y[0], 6)), low = l_add(low, l_and(y[0], l_set(63)));
  }
  w->v = l_add(high, l_sra(low, 6));
  w->power = l_add(l_add(p[0], p[1]), l_add(p[2], p[3]));
}

/* What a read needs besides sums of products. */
LANE_FN void place(const reads_setup *s, const pl_operand *a, const pl_operand *b, int row, int read, size_t sum_b,
                   read_vector *w) {
  const uint32_t effects = s->r->effects;
  const size_t sum_a = (size_t)read * (size_t)a->rows + (size_t)row;
  w->row = s->r->row0 + (uint32_t)row;
  w->sum = s->r->sum0 + (uint32_t)read;
  w->light = effects & PL_EFFECT_SHOT ? l_add(l_set((int32_t)a->light[sum_a]), l_load(b->light + sum_b)) : l_set(0);
  w->dispersion = effects & PL_EFFECT_DISPERSION
                      ? l_sub(l_set((int32_t)a->dispersion[sum_a]), l_load_narrow(b->dispersion + sum_b))
                      : l_set(0);
}

LANE_FN void add_codes(int32_t *c, lanes code) { l_store(c, l_add(l_load(c), code)); }

/* Reads first .. first+count-1 of one row, which have `pairs` pairs each. */
LANE_FN void reads_of_row(const reads_setup *s, int count, const pl_reads_part *p, int lane, int row, int first, int pairs,
                          unsigned counted, int64_t *clipped) {
  const int with_power = (s->r->effects & PL_EFFECT_PHASE) != 0;
  read_vector w[TOGETHER];
  EACH {
    const size_t at_a = pl_operand_at(p->a, first + u, row);
    const int16_t *field = p->b->field + pl_operand_at(p->b, first + u, p->group * PL_GROUP) + 2 * lane;
    sums_of_row(pairs, with_power, p->a->field + at_a, with_power ? p->a->power + at_a : NULL, field, &w[u]);
    place(s, p->a, p->b, row, first + u, pl_operand_sum_at(p->b, first + u, p->group * PL_GROUP) + (size_t)lane, &w[u]);
  }
  finish(s, count, w, counted, clipped);
  int32_t *c = p->c + (size_t)(row - p->row) * PL_GROUP + lane;
  lanes sum = l_load(c);
  EACH sum = l_add(sum, w[u].v);
  l_store(c, sum);
}

/* One read of rows row .. row+count-1. */
LANE_FN void read_of_rows(const reads_setup *s, int count, const pl_reads_part *p, int lane, int row, int read, int pairs,
                          const int16_t *power, unsigned counted, int64_t *clipped) {
  const int with_power = (s->r->effects & PL_EFFECT_PHASE) != 0;
  const size_t stride = (size_t)pl_operand_stride(p->a, pl_operand_depth(p->a, read));
  const size_t at_a = pl_operand_at(p->a, read, row);
  const size_t at_b = pl_operand_at(p->b, read, p->group * PL_GROUP) + 2 * (size_t)lane;
  const size_t sum_b = pl_operand_sum_at(p->b, read, p->group * PL_GROUP) + (size_t)lane;
  const int16_t *field_a[TOGETHER], *power_a[TOGETHER];
  read_vector w[TOGETHER];
  EACH field_a[u] = p->a->field + at_a + (size_t)u * stride;
  EACH power_a[u] = with_power ? p->a->power + at_a + (size_t)u * stride : NULL;
  sums_of_rows(count, pairs, with_power, field_a, power_a, p->b->field + at_b, power, w);
  EACH place(s, p->a, p->b, row + u, read, sum_b, &w[u]);
  finish(s, count, w, counted, clipped);
  EACH add_codes(p->c + (size_t)(row + u - p->row) * PL_GROUP + lane, w[u].v);
}

#ifdef LANES_TARGET
__attribute__((target(LANES_TARGET)))
#endif
static int64_t reads_of_lanes(const reads_setup *s, const pl_reads_part *p, int lane) {
  const pl_operand *b = p->b;
  const unsigned all = (1u << LANES) - 1, from = p->first > lane ? (unsigned)(p->first - lane) : 0;
  const int ends = p->end - lane;
  const unsigned counted = from >= LANES || ends <= 0 ? 0 : all << from & (ends >= LANES ? all : (1u << ends) - 1);
  int64_t clipped = 0;
  if (!counted) return 0;
  const int blocks = p->rows / TOGETHER * TOGETHER, end = p->row + p->rows;
  for (int read = 0; read < b->reads && blocks; read++) {
    int16_t power[2 * LANES * PAIRS_MAX];
    const int pairs = (pl_operand_depth(b, read) + 1) / 2;
    const int16_t *field = b->field + pl_operand_at(b, read, p->group * PL_GROUP) + 2 * lane;
    if (s->r->effects & PL_EFFECT_PHASE)
      for (int k = 0; k < pairs; k++) l_store(power + 2 * LANES * k, l_power(l_load(field + 2 * PL_GROUP * k)));
    for (int row = p->row; row < p->row + blocks; row += TOGETHER)
      read_of_rows(s, TOGETHER, p, lane, row, read, pairs, power, counted, &clipped);
  }
  const int full = b->depth / b->channels;
  for (int row = p->row + blocks; row < end; row++) {
    int read = 0;
    for (; read + TOGETHER <= full; read += TOGETHER)
      reads_of_row(s, TOGETHER, p, lane, row, read, (b->channels + 1) / 2, counted, &clipped);
    for (; read < b->reads; read++)
      reads_of_row(s, 1, p, lane, row, read, (pl_operand_depth(b, read) + 1) / 2, counted, &clipped);
  }
  return clipped;
}

#ifdef LANES_TARGET
__attribute__((target(LANES_TARGET)))
#endif
int64_t pl_reads_of_group(const pl_model_regs *r, const pl_reads_part *p) {
  int64_t clipped = 0;
  for (int lane = 0; lane < PL_GROUP; lane += LANES) {
    reads_setup s;
    set_up(&s, r, p->col + (uint32_t)lane);
    clipped += reads_of_lanes(&s, p, lane);
  }
  return clipped;
}
