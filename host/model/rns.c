/* rns.c: one read of a core of kind `rns` alone, step by step: residues, channels, reverse conversion, checks. */
#include "model/rns.h"

#include "model/rns_stages.h"

int pl_rns_used(const pl_model_regs *r) { return 3 + (r->effects & PL_EFFECT_REDUNDANCY ? r->redundant : 0); }

int32_t pl_rns_modulus_of(int k, int i) { return (int32_t)pl_rns_row(k, i)->m; }

int pl_bfp_shift(const int8_t *codes, int count, int bfp_bits) {
  int largest = 0, bits = 0;
  for (int i = 0; i < count; i++) {
    const int magnitude = codes[i] < 0 ? -codes[i] : codes[i];
    largest = magnitude > largest ? magnitude : largest;
  }
  while (largest >> bits) bits++;
  return bits > bfp_bits ? bits - bfp_bits : 0;
}

int32_t pl_bfp_mantissa(int32_t code, int shift) { return code < 0 ? -(-code >> shift) : code >> shift; }

int pl_rns_shift(const pl_model_regs *r, const int8_t *codes, int count) {
  return r->effects & PL_EFFECT_BFP ? pl_bfp_shift(codes, count, r->bfp_bits) : 0;
}

int32_t pl_rns_residue(int k, int i, int32_t y) {
  const pl_rns_modulus *m = pl_rns_row(k, i);
  return pl_rns_mod(y, m->m, m->reciprocal, k);
}

int32_t pl_rns_sin16(uint32_t a) { return pl_rns_sine_of(a); }

uint32_t pl_rns_atan20(int32_t y, int32_t x) { return pl_rns_angle_of(y, x); }

int32_t pl_rns_channel(const pl_model_regs *r, int i, int32_t sent, uint32_t row, uint32_t col, uint32_t sum,
                       int *clipped) {
  if (!(r->effects & PL_RNS_CHANNEL)) return sent;
  const pl_rns_modulus *m = pl_rns_row(r->rns_k, i);
  uint32_t a = pl_rns_phase((uint32_t)sent, m->turn), words[2];
  if (r->effects & PL_EFFECT_PHASE) {
    pl_noise_block(r->seed, r->job, PL_NOISE_LEVEL + i, row, col, sum, words);
    a = pl_rns_noisy_phase(a, pl_gauss(words[0]), (int32_t)r->level_sigma[i]);
  }
  int32_t in_phase = pl_rns_sine_of(a + (1 << 14)), quadrature = pl_rns_sine_of(a);
  if (r->effects & PL_EFFECT_THERMAL) {
    pl_noise_block(r->seed, r->job, PL_NOISE_IQ + i, row, col, sum, words);
    in_phase = pl_rns_additive(in_phase, pl_gauss(words[0]), (int32_t)r->iq_sigma);
    quadrature = pl_rns_additive(quadrature, pl_gauss(words[1]), (int32_t)r->iq_sigma);
  }
  int scale = 4;
  if (r->effects & PL_EFFECT_ADC) {
    int clips[2];
    in_phase = pl_adc(r, in_phase, &clips[0]);
    quadrature = pl_adc(r, quadrature, &clips[1]);
    *clipped |= clips[0] | clips[1];
    scale = 20 - r->adc_bits;
  }
  return pl_rns_level(pl_rns_angle_of(quadrature * (1 << scale), in_phase * (1 << scale)), m->m);
}

int32_t pl_rns_reverse(int k, int32_t r0, int32_t r1, int32_t r2) {
  return pl_rns_base(k, (uint32_t)r0, (uint32_t)r1, (uint32_t)r2);
}

int32_t pl_rns_reverse_without(int k, int d, const int32_t *residues) {
  const pl_rns_triple *t = &pl_rns_triples[k - 4][1 + d];
  const int32_t ra = residues[t->a], rb = residues[t->b], rc = residues[t->c];
  const int32_t ma = pl_rns_modulus_of(k, t->a), mb = pl_rns_modulus_of(k, t->b), mc = pl_rns_modulus_of(k, t->c);
  const int32_t v = pl_rns_residue(k, t->b, (rb - ra) * t->step);
  const int32_t w = pl_rns_residue(k, t->c, (rc - ra) * t->far - v * t->near);
  const int32_t x = ra + ma * (v + mb * w), product = ma * mb * mc;
  return 2 * x > product - 1 ? x - product : x;
}

/* 8. Two redundant moduli: X, or else the first X_d that is legal and agrees with four of the five residues. There is
 * no other one: two of them would agree modulo a base modulus and both redundant ones, whose product is more than they
 * can be apart. */
static int32_t correct(const pl_model_regs *r, const int32_t *received, int32_t x, int *detected, int *corrected) {
  const int k = r->rns_k;
  if (pl_rns_legal(x, r->range_limit)) {
    const int agrees = (pl_rns_residue(k, 3, x) == received[3]) + (pl_rns_residue(k, 4, x) == received[4]);
    *corrected = agrees == 1;
    if (agrees) return x;
  }
  for (int d = 0; d < 3; d++) {
    const int32_t other = pl_rns_reverse_without(k, d, received);
    if (!pl_rns_legal(other, r->range_limit) || pl_rns_residue(k, 4, other) != received[4]) continue;
    *corrected = 1;
    return other;
  }
  *detected = 1;
  return 0;
}

int32_t pl_rns_check(const pl_model_regs *r, const int32_t *received, int32_t x, int *detected, int *corrected) {
  const int redundant = pl_rns_used(r) - 3;
  *detected = *corrected = 0;
  if (redundant == 2) return correct(r, received, x, detected, corrected);
  if (redundant == 1)
    *detected = !pl_rns_legal(x, r->range_limit) || pl_rns_residue(r->rns_k, 3, x) != received[3];
  else if (r->effects & PL_EFFECT_RANGE_CHECK)
    *detected = !pl_rns_legal(x, r->range_limit);
  return *detected ? 0 : x;
}

pl_rns_values pl_rns_read(const pl_model_regs *r, int32_t y, uint32_t row, uint32_t col, uint32_t sum) {
  pl_rns_values v = {.sum = y, .value = y};
  if (!(r->effects & PL_EFFECT_RESIDUES)) return v;
  v.moduli = pl_rns_used(r);
  for (int i = 0; i < v.moduli; i++) {
    v.sent[i] = pl_rns_residue(r->rns_k, i, y);
    v.received[i] = pl_rns_channel(r, i, v.sent[i], row, col, sum, &v.clipped);
  }
  v.reversed = pl_rns_reverse(r->rns_k, v.received[0], v.received[1], v.received[2]);
  v.value = pl_rns_check(r, v.received, v.reversed, &v.detected, &v.corrected);
  return v;
}
