/* rns_support.h: what the tests of the kind `rns` share: registers, random and plain, in which residues arrive as
 * they were sent or not, but for a few. */
#ifndef RNS_SUPPORT_H
#define RNS_SUPPORT_H

#include "model/rns.h"
#include "test_model_support.h"

enum {
  RNS_EFFECTS = PL_EFFECT_PHASE | PL_EFFECT_THERMAL | PL_EFFECT_ADC | PL_EFFECT_RESIDUES | PL_EFFECT_BFP |
                PL_EFFECT_RANGE_CHECK | PL_EFFECT_REDUNDANCY,
};

/* M, the range of the base moduli: sums from -M/2 to M/2 - 1. */
static inline int32_t base_range(int k) { return (1 << 3 * k) - (1 << k); }

/* The largest magnitude that is legal on both sides. */
static inline int32_t base_limit(int k) { return (base_range(k) - 1) / 2; }

/* An ADC whose codes fill its range for an amplitude of 2^14. */
static inline void fit_adc(pl_model_regs *r, int bits) {
  r->adc_bits = bits;
  r->adc_gain = (1u << (bits - 1)) - 1;
  r->adc_shift = 14;
  r->adc_offset = 0;
}

static inline pl_model_regs plain_rns(uint32_t effects, int k) {
  pl_model_regs r = {.kind = PL_KIND_RNS, .effects = effects, .seed = 5, .job = 6, .channels = 16, .wavelengths = 1,
                     .rns_k = k, .range_limit = base_limit(k), .bfp_bits = 8, .rows = 1, .cols = 1, .depth = 16};
  fit_adc(&r, 12);
  return r;
}

/* Random registers: `always` on, `sometimes` now and then; noise with which some residues arrive wrong. */
static inline pl_model_regs draw_rns(uint64_t *state, uint32_t always, uint32_t sometimes) {
  pl_model_regs r = draw_regs(state, always | (sometimes & (uint32_t)draw64(state)));
  r.kind = PL_KIND_RNS;
  r.rns_k = (int)draw_in(state, 4, 8);
  r.redundant = (int)draw_in(state, 0, 2);
  r.range_limit = draw_in(state, 0, 3) ? base_limit(r.rns_k) : (int32_t)draw_in(state, 0, 1 << 27);
  r.bfp_bits = (int)draw_in(state, 1, r.rns_k < 7 ? (3 * r.rns_k - 5) / 2 : 8); /* most sums are legal */
  if (r.rns_k < 7 && sometimes & PL_EFFECT_BFP && draw_in(state, 0, 7)) r.effects |= PL_EFFECT_BFP;
  for (int i = 0; i < 5; i++) r.level_sigma[i] = (uint32_t)draw_in(state, 0, (1 << 18) / pl_rns_modulus_of(r.rns_k, i));
  r.iq_sigma = (uint32_t)draw_in(state, 0, (1 << 18) / (1 << r.rns_k));
  fit_adc(&r, (int)draw_in(state, r.rns_k + 1, 16));
  r.adc_offset = (int32_t)draw_in(state, -30, 30);
  return r;
}

#endif
