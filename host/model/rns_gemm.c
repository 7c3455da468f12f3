/* rns_gemm.c: blocks of reads of the kind `rns`. The same bits as pl_rns_read() for every read, at the speed of the
 * vector unit: one plain loop per step over the columns of a block. What a check finds wrong is rare, or the core is
 * of no use; those reads go through pl_rns_check() one by one. */
#include <string.h>

#include "model/operand.h"
#include "model/rns_stages.h"

enum { BLOCK = PL_RNS_BLOCK };

/* The values of one read of each column of a block. */
typedef struct {
  int32_t y[BLOCK], x[BLOCK];
  int32_t residue[PL_RNS_MODULI][BLOCK];
  int32_t in_phase[BLOCK], quadrature[BLOCK];
  uint32_t phase[BLOCK];
  int32_t g0[BLOCK], g1[BLOCK];
  int32_t flag[BLOCK]; /* clipped; later: not as sent */
} rns_block;

int pl_rns_is_exact(const pl_model_regs *r) { return !(r->effects & (PL_EFFECT_RESIDUES | PL_EFFECT_BFP)); }

uint8_t pl_rns_encode(const pl_model_regs *r, const int8_t *codes, int n, int16_t *mantissa) {
  const int shift = pl_rns_shift(r, codes, n);
  for (int i = 0; i < n; i++) mantissa[i] = (int16_t)pl_bfp_mantissa(codes[i], shift);
  return (uint8_t)shift;
}

/* 2. At most 4096 * 128 * 128. */
PL_HOT static void mantissa_sums(const int16_t *a, const int16_t *b, int depth, int n, int32_t *y) {
  for (int j = 0; j < n; j++, b += depth) {
    int32_t sum = 0;
    for (int k = 0; k < depth; k++) sum += a[k] * b[k];
    y[j] = sum;
  }
}

/* 3. */
PL_HOT static void residues(const pl_rns_modulus *m, int k, const int32_t *y, int n, int32_t *residue) {
  const uint32_t modulus = m->m, reciprocal = m->reciprocal;
  for (int j = 0; j < n; j++) residue[j] = pl_rns_mod(y[j], modulus, reciprocal, k);
}

/* 3 of all moduli in use. */
static void send(int k, int used, int n, rns_block *w) {
  for (int i = 0; i < used; i++) residues(pl_rns_row(k, i), k, w->y, n, w->residue[i]);
}

/* The deviates of n neighbouring reads; g1 may be NULL. */
PL_HOT static void draw(const pl_model_regs *r, int effect, uint32_t row, uint32_t col, uint32_t sum, int n,
                        int32_t *g0, int32_t *g1) {
  const uint32_t seed = r->seed, job = r->job, c0 = pl_counter0(row, sum);
  uint32_t w0[BLOCK], w1[BLOCK];
  for (int j = 0; j < n; j++) {
    const uint32_t c1 = pl_counter1(effect, col + (uint32_t)j, sum);
    pl_threefry13(seed, job, c0, c1, &w0[j], &w1[j]);
  }
  for (int j = 0; j < n; j++) g0[j] = pl_gauss_of(w0[j]);
  if (g1)
    for (int j = 0; j < n; j++) g1[j] = pl_gauss_of(w1[j]);
}

/* 4. */
PL_HOT static void phases(const int32_t *residue, uint32_t turn, int n, uint32_t *phase) {
  for (int j = 0; j < n; j++) phase[j] = pl_rns_phase((uint32_t)residue[j], turn);
}
PL_HOT static void noisy_phases(const int32_t *g, int32_t sigma, int n, uint32_t *phase) {
  for (int j = 0; j < n; j++) phase[j] = pl_rns_noisy_phase(phase[j], g[j], sigma);
}

/* 5. */
PL_HOT static void project(const uint32_t *phase, int n, int32_t *in_phase, int32_t *quadrature) {
  for (int j = 0; j < n; j++) in_phase[j] = pl_rns_sine_of(phase[j] + (1 << 14));
  for (int j = 0; j < n; j++) quadrature[j] = pl_rns_sine_of(phase[j]);
}
PL_HOT static void add_noise(const int32_t *g, int32_t sigma, int n, int32_t *v) {
  for (int j = 0; j < n; j++) v[j] = pl_rns_additive(v[j], g[j], sigma);
}
PL_HOT static void convert(const pl_model_regs *r, int n, int32_t *v, int32_t *clipped) {
  const int32_t offset = r->adc_offset, top = 1 << (r->adc_bits - 1);
  const uint32_t gain = r->adc_gain;
  const int shift = r->adc_shift;
  for (int j = 0; j < n; j++) {
    const int64_t z = pl_adc_level(v[j], offset, gain, shift);
    const int32_t code = pl_clamp(z, -top, top - 1);
    clipped[j] |= code != z;
    v[j] = code;
  }
}

/* 6. */
PL_HOT static void levels(const int32_t *in_phase, const int32_t *quadrature, int scale, uint32_t m, int n,
                          int32_t *residue) {
  for (int j = 0; j < n; j++)
    residue[j] = pl_rns_level(pl_rns_angle_of(quadrature[j] * (1 << scale), in_phase[j] * (1 << scale)), m);
}

/* 4 to 6 of modulus i: w->residue[i] from what was sent to what is received; sets w->flag where a converter
 * saturated. */
static void channel(const pl_model_regs *r, int i, uint32_t row, uint32_t col, uint32_t sum, int n, rns_block *w) {
  const pl_rns_modulus *m = pl_rns_row(r->rns_k, i);
  phases(w->residue[i], m->turn, n, w->phase);
  if (r->effects & PL_EFFECT_PHASE) {
    draw(r, PL_NOISE_LEVEL + i, row, col, sum, n, w->g0, NULL);
    noisy_phases(w->g0, (int32_t)r->level_sigma[i], n, w->phase);
  }
  project(w->phase, n, w->in_phase, w->quadrature);
  if (r->effects & PL_EFFECT_THERMAL) {
    draw(r, PL_NOISE_IQ + i, row, col, sum, n, w->g0, w->g1);
    add_noise(w->g0, (int32_t)r->iq_sigma, n, w->in_phase);
    add_noise(w->g1, (int32_t)r->iq_sigma, n, w->quadrature);
  }
  const int adc = (r->effects & PL_EFFECT_ADC) != 0;
  if (adc) {
    convert(r, n, w->in_phase, w->flag);
    convert(r, n, w->quadrature, w->flag);
  }
  levels(w->in_phase, w->quadrature, adc ? 20 - r->adc_bits : 4, m->m, n, w->residue[i]);
}

PL_HOT static int count(const int32_t *flag, int n) {
  int sum = 0;
  for (int j = 0; j < n; j++) sum += flag[j];
  return sum;
}

/* 7. */
PL_HOT static void reverse(int k, const int32_t *r0, const int32_t *r1, const int32_t *r2, int n, int32_t *x) {
  for (int j = 0; j < n; j++) x[j] = pl_rns_base(k, (uint32_t)r0[j], (uint32_t)r1[j], (uint32_t)r2[j]);
}

/* 8. Marks what does not pass: not legal, or other than the residues of a redundant modulus. */
PL_HOT static void mark_illegal(const int32_t *x, int32_t limit, int n, int32_t *flag) {
  for (int j = 0; j < n; j++) flag[j] |= !pl_rns_legal(x[j], limit);
}
PL_HOT static void mark_other(const pl_rns_modulus *m, int k, const int32_t *x, const int32_t *residue, int n,
                              int32_t *flag) {
  const uint32_t modulus = m->m, reciprocal = m->reciprocal;
  for (int j = 0; j < n; j++) flag[j] |= pl_rns_mod(x[j], modulus, reciprocal, k) != residue[j];
}

/* 8. */
static void check(const pl_model_regs *r, int used, int n, rns_block *w, pl_model_errors *errors) {
  if (used == 3 && !(r->effects & PL_EFFECT_RANGE_CHECK)) return;
  memset(w->flag, 0, sizeof w->flag);
  mark_illegal(w->x, r->range_limit, n, w->flag);
  for (int i = 3; i < used; i++) mark_other(pl_rns_row(r->rns_k, i), r->rns_k, w->x, w->residue[i], n, w->flag);
  if (!count(w->flag, n)) return;
  for (int j = 0; j < n; j++) {
    if (!w->flag[j]) continue;
    int32_t received[PL_RNS_MODULI] = {0};
    int detected, corrected;
    for (int i = 0; i < used; i++) received[i] = w->residue[i][j];
    w->x[j] = pl_rns_check(r, received, w->x[j], &detected, &corrected);
    if (!errors) continue;
    errors->detected += detected;
    errors->corrected += corrected;
  }
}

/* 9. */
PL_HOT static void accumulate(const int32_t *x, int shift_a, const uint8_t *shift_b, int n, int32_t *c) {
  for (int j = 0; j < n; j++) c[j] = (int32_t)((uint32_t)c[j] + ((uint32_t)x[j] << (shift_a + shift_b[j])));
}

int64_t pl_rns_read_columns(const pl_model_regs *r, const pl_operand *a, const pl_operand *b, int row, int col, int at,
                            int n, int s, int32_t *c, pl_model_errors *errors) {
  const int depth = pl_operand_stride(a, pl_operand_depth(a, s)), used = pl_rns_used(r), k = r->rns_k;
  const uint32_t row_at = r->row0 + (uint32_t)row, col_at = r->col0 + (uint32_t)col, sum_at = r->sum0 + (uint32_t)s;
  const uint8_t shift_a = a->shift[(size_t)s * (size_t)a->rows + (size_t)row];
  const uint8_t *shift_b = b->shift + (size_t)s * (size_t)b->rows + (size_t)at;
  rns_block w;
  mantissa_sums(a->field + pl_operand_at(a, s, row), b->field + pl_operand_at(b, s, at), depth, n, w.y);
  if (!(r->effects & PL_EFFECT_RESIDUES)) {
    accumulate(w.y, shift_a, shift_b, n, c);
    return 0;
  }
  int64_t clipped = 0;
  send(k, used, n, &w);
  if (r->effects & PL_RNS_CHANNEL) {
    memset(w.flag, 0, sizeof w.flag);
    for (int i = 0; i < used; i++) channel(r, i, row_at, col_at, sum_at, n, &w);
    clipped = count(w.flag, n);
  }
  reverse(k, w.residue[0], w.residue[1], w.residue[2], n, w.x);
  check(r, used, n, &w, errors);
  accumulate(w.x, shift_a, shift_b, n, c);
  return clipped;
}
