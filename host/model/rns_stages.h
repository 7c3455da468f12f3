/* rns_stages.h: the arithmetic of the kind `rns`, one inline function per stage. Private to host/model.
 *
 * As in stages.h: rns.c (one read) and rns_gemm.c (blocks) compile the same functions. They are free of branches and
 * use 32 bits where the values allow, so that gcc vectorises plain loops over them. The numbers are the steps of
 * docs/signal-chain.md, "The kind `rns`".
 */
#ifndef PHOTOLANE_MODEL_RNS_STAGES_H
#define PHOTOLANE_MODEL_RNS_STAGES_H

#include "model/rns.h"
#include "model/rns_table.h"
#include "model/stages.h"

/* The effects that can make a channel receive another residue than was sent. */
#define PL_RNS_CHANNEL (PL_EFFECT_PHASE | PL_EFFECT_THERMAL | PL_EFFECT_ADC)

PL_INLINE const pl_rns_modulus *pl_rns_row(int k, int i) { return &pl_rns_moduli[k - 4][i]; }

/* 3. y mod m without a division, |y| <= 2^26: the magnitude first, then the other side of m for a negative y. */
PL_INLINE int32_t pl_rns_mod(int32_t y, uint32_t m, uint32_t reciprocal, int k) {
  const uint32_t n = (uint32_t)(y < 0 ? -y : y);
  const uint32_t rest = n - m * (uint32_t)((uint64_t)n * reciprocal >> (27 + k));
  return (int32_t)(y < 0 && rest ? m - rest : rest);
}

/* 4. Phase of a residue, turns of 2^-16; and with the deviate g. 263 * 2^21 and 6.4 * 2048 * 65535 fit 32 bits. */
PL_INLINE uint32_t pl_rns_phase(uint32_t residue, uint32_t turn) { return (residue * turn + (1 << 7)) >> 8; }
PL_INLINE uint32_t pl_rns_noisy_phase(uint32_t a, int32_t g, int32_t sigma) {
  return (a + (uint32_t)((g * sigma + (1 << 14)) >> 15)) & 0xffff;
}

/* 5. sin16 of the page. */
PL_INLINE int32_t pl_rns_sine_of(uint32_t a) {
  const uint32_t low = a & 0x3fff, u = a >> 14 & 1 ? (1u << 14) - low : low;
  const uint32_t entry = pl_rns_sine[u >> 6];
  const int32_t s = (int32_t)((entry & 0xffff) + (((entry >> 16) * (u & 63) + 32) >> 6));
  return a >> 15 & 1 ? -s : s;
}

/* 5. Additive noise of one detector with the deviate g. */
PL_INLINE int32_t pl_rns_additive(int32_t v, int32_t g, int32_t sigma) { return v + ((g * sigma + (1 << 14)) >> 15); }

/* 6. atan20 of the page. |x|, |y| below 2^20, times the CORDIC's growth of 1.65 * sqrt 2, is below 2^22. */
PL_INLINE uint32_t pl_rns_angle_of(int32_t y, int32_t x) {
  int32_t t = x < 0 ? 1 << 19 : 0;
  y = x < 0 ? -y : y;
  x = x < 0 ? -x : x;
  for (int i = 0; i < PL_RNS_ITERATIONS; i++) {
    const int32_t minus = -(y < 0); /* all ones to turn up, else down */
    const int32_t dx = ((y >> i) ^ minus) - minus, dy = ((x >> i) ^ minus) - minus;
    x += dx;
    y -= dy;
    t += (pl_rns_angle[i] ^ minus) - minus;
  }
  return (uint32_t)t & 0xfffff;
}

/* 6. Level of an angle. */
PL_INLINE int32_t pl_rns_level(uint32_t t, uint32_t m) {
  const uint32_t level = (t * m + (1u << 19)) >> 20;
  return (int32_t)(level == m ? 0 : level);
}

/* 7. Y mod 2^(2k) - 1 by end-around carry. The sum of three positive terms is below 2^(3k + 1), so that one fold leaves
 * Y, or, if Y is below 2^(k + 1), perhaps Y + 2^(2k) - 1. Then x is too large by M, and on the side from which M is taken
 * off anyway. */
PL_INLINE int32_t pl_rns_base(int k, uint32_t r0, uint32_t r1, uint32_t r2) {
  const uint32_t mask = (1u << 2 * k) - 1, half = 1u << (k - 1);
  const uint32_t c0 = half * ((1u << k) + 1), c1 = mask - (1u << k), c2 = mask - half * ((1u << k) - 1);
  uint32_t y = c0 * r0 + c1 * r1 + c2 * r2;
  y = (y & mask) + (y >> 2 * k);
  const int32_t x = (int32_t)(r1 + (y << k)), range = (int32_t)(mask << k);
  return 2 * x > range - 1 ? x - range : x;
}

/* 8. */
PL_INLINE int pl_rns_legal(int32_t x, int32_t limit) { return x <= limit && x >= -limit; }

#endif
