/* stages.h: the arithmetic of the signal chain, one inline function per stage. Private to host/model.
 *
 * The scalar interface of model.h and the blocks of gemm.c both compile these functions, so there is one truth.
 * They are free of branches and of memory but for the table of the Gaussian, and use unsigned or 64-bit
 * intermediates where the page asks for them: gcc vectorises plain loops over them.
 * Specification, units and widths: docs/signal-chain.md; the numbers in the comments are its stages.
 */
#ifndef PHOTOLANE_MODEL_STAGES_H
#define PHOTOLANE_MODEL_STAGES_H

#include <stdint.h>

#include "model/gauss_table.h"
#include "model/model.h"

#if defined(__GNUC__)
#define PL_INLINE static inline __attribute__((always_inline)) /* a call would keep a loop from being vectorised */
#else
#define PL_INLINE static inline
#endif

enum { PL_FIELD_MAX = 4095, PL_POWER_MAX = 1023, PL_TRANSFER_TOP = 127 };

/* The effects that share the receiver's draw. */
#define PL_EFFECTS_RECEIVER (PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL)

PL_INLINE int32_t pl_clamp(int64_t x, int64_t low, int64_t high) {
  return (int32_t)(x < low ? low : x > high ? high : x);
}

PL_INLINE int32_t pl_sat32(int64_t x) { return pl_clamp(x, INT32_MIN, INT32_MAX); }

/* rnd(x, s) of the page, s >= 1: rounds half up. */
PL_INLINE int64_t pl_rnd(int64_t x, int s) { return (x + ((int64_t)1 << (s - 1))) >> s; }

/* ---- Noise ---- */

/* Threefry-2x32, 13 rounds (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC'11): each
 * round adds, rotates and xors; the key, extended by its parity word, is added after every fourth. */
PL_INLINE void pl_threefry13(uint32_t k0, uint32_t k1, uint32_t c0, uint32_t c1, uint32_t *w0, uint32_t *w1) {
  const uint32_t k2 = 0x1BD11BDAu ^ k0 ^ k1;
  uint32_t x0 = c0 + k0, x1 = c1 + k1;
#define PL_ROUND(r) (x0 += x1, x1 = (x1 << (r) | x1 >> (32 - (r))) ^ x0)
  PL_ROUND(13), PL_ROUND(15), PL_ROUND(26), PL_ROUND(6);
  x0 += k1, x1 += k2 + 1;
  PL_ROUND(17), PL_ROUND(29), PL_ROUND(16), PL_ROUND(24);
  x0 += k2, x1 += k0 + 2;
  PL_ROUND(13), PL_ROUND(15), PL_ROUND(26), PL_ROUND(6);
  x0 += k0, x1 += k1 + 3;
  PL_ROUND(17);
#undef PL_ROUND
  *w0 = x0;
  *w1 = x1;
}

/* The counter of a coordinate; every field is cut to its width. */
PL_INLINE uint32_t pl_counter0(uint32_t row, uint32_t sum) { return (row & 0xffffff) | sum << 24; }
PL_INLINE uint32_t pl_counter1(int effect, uint32_t col, uint32_t sum) {
  return (col & 0xfffff) | (sum >> 8 & 0xff) << 20 | (uint32_t)effect << 28;
}

/* 32 random bits to a normal deviate in Q11: the page's "The Gaussian". */
PL_INLINE int32_t pl_gauss_of(uint32_t word) {
  uint32_t n = word << 1 | 1, z = 0; /* U; the leading zeros are found by halves, which leaves n = N */
#define PL_SHIFT_OUT(s) (z += n >> (32 - (s)) == 0 ? (s) : 0, n = n >> (32 - (s)) == 0 ? n << (s) : n)
  PL_SHIFT_OUT(16), PL_SHIFT_OUT(8), PL_SHIFT_OUT(4), PL_SHIFT_OUT(2), PL_SHIFT_OUT(1);
#undef PL_SHIFT_OUT
  const uint32_t i = z * 8 + (n >> 28 & 7), t = n >> 16 & 0xfff;
  const uint32_t c1 = pl_gauss_c21[i] >> 16, c2 = pl_gauss_c21[i] & 0xffff;
  const uint32_t a = c1 - (c2 * t >> 12);
  const int32_t m = (int32_t)((pl_gauss_c0[i] - (a * t >> 12)) >> 4);
  return word >> 31 ? -m : m;
}

/* ---- Per operand element ---- */

/* 1. DAC of b bits, 2..8. */
PL_INLINE int32_t pl_dac_of(int32_t code, int b) {
  const int d = 8 - b, half = 1 << d >> 1, top = 1 << (b - 1);
  const int32_t level = (code + half) >> d;
  return (level > top - 1 ? top - 1 : level < -top ? -top : level) * (1 << d);
}

/* 2. Encoding noise: the field of a DAC output x1 with the deviate g. sigma_reg: enc_sigma. Fits 32 bits. */
PL_INLINE int32_t pl_field_of(int32_t x1, uint32_t sigma_reg, int32_t g) {
  const int32_t xq = x1 * 16;
  const uint32_t magnitude = (uint32_t)(xq < 0 ? -xq : xq);
  const int32_t sigma = (int32_t)((magnitude * sigma_reg + (1u << 11)) >> 12);
  const int32_t field = xq + ((g * sigma + (1 << 16)) >> 17);
  return field > PL_FIELD_MAX ? PL_FIELD_MAX : field < -PL_FIELD_MAX ? -PL_FIELD_MAX : field;
}

/* 2. Crosstalk: the field of a channel that receives the part `crosstalk` of x0, the field of the channel before, as that
 * was before crosstalk. */
PL_INLINE int32_t pl_leaked(int32_t field, int32_t x0, int32_t crosstalk) {
  const int32_t sum = field + ((x0 * crosstalk + (1 << 14)) >> 15);
  return sum > PL_FIELD_MAX ? PL_FIELD_MAX : sum < -PL_FIELD_MAX ? -PL_FIELD_MAX : sum;
}

/* 3. What the square q of the field gives. */
PL_INLINE uint32_t pl_light_of(uint32_t q) { return q >> 8; }
PL_INLINE uint32_t pl_power_of(uint32_t q) {
  const uint32_t p = (q + (1u << 11)) >> 12;
  return p < PL_POWER_MAX ? p : PL_POWER_MAX;
}
PL_INLINE int32_t pl_dispersed(uint32_t q, int32_t dispersion) {
  return (int32_t)(((int64_t)q * dispersion + (1 << 15)) >> 16);
}

/* ---- Per operand element of kind intensity; lit and dark, the two rails, in 1/16 code ---- */

/* 1. What the lit rail of a DAC output x1 sends. With x1 = 0 it is the dark rail. */
PL_INLINE int32_t pl_transferred(int32_t x1, const uint16_t transfer[128]) {
  const int32_t magnitude = x1 < 0 ? -x1 : x1;
  return transfer[magnitude < PL_TRANSFER_TOP ? magnitude : PL_TRANSFER_TOP];
}
PL_INLINE int32_t pl_ideal_transfer(int32_t x1) { return 16 * (x1 < 0 ? -x1 : x1); }

/* 2. A rail behind its channel's gain error. */
PL_INLINE int32_t pl_gained(int32_t rail, int32_t gain) {
  const int32_t sum = rail + ((rail * gain + (1 << 14)) >> 15);
  return sum < 0 ? 0 : sum > PL_FIELD_MAX ? PL_FIELD_MAX : sum;
}

/* 3. The field. The light of both rails is lit + dark. With x1 = 0 both rails are dark: the field is 0 by itself. */
PL_INLINE int32_t pl_rail_field(int32_t x1, int32_t lit, int32_t dark) { return x1 < 0 ? dark - lit : lit - dark; }

/* ---- Per detector read; v and y6 in detector LSB (Q2) ---- */

/* intensity, 5. The light L of R, below 2^38. */
PL_INLINE uint32_t pl_rail_light(uint64_t rails) { return (uint32_t)((rails + 32) >> 6); }

/* 5. Mean part of the phase noise. */
PL_INLINE int32_t pl_phase_mean(int32_t y6, uint32_t phase_loss) {
  return y6 - (int32_t)(((int64_t)y6 * (int64_t)phase_loss + (1 << 23)) >> 24);
}

/* 7. Output noise with the deviate g. */
PL_INLINE int32_t pl_output_noise(int32_t v, uint32_t output_sigma, int32_t g) {
  const uint64_t magnitude = (uint64_t)(v < 0 ? -(int64_t)v : v);
  const int64_t sigma = (int64_t)(magnitude * output_sigma >> 16);
  return pl_sat32(v + pl_rnd(g * sigma, 11));
}

/* 8. Square root rounded to nearest, digit by digit: `rest` is v - root^2 throughout. */
PL_INLINE uint32_t pl_isqrt_of(uint32_t v) {
  uint32_t root = 0, rest = v;
  for (int bit = 15; bit >= 0; bit--) {
    const uint32_t step = (2 * root + (1u << bit)) << bit; /* (root + 2^bit)^2 - root^2 */
    const uint32_t take = rest >= step;
    rest -= take ? step : 0;
    root += take ? 1u << bit : 0;
  }
  return root + (rest > root && root < 65535);
}

/* 8. One term of the receiver's variance: the sum of the terms stays below 2^50. */
PL_INLINE uint64_t pl_variance_term(uint32_t amount, uint32_t gain, int shift) {
  return (uint64_t)amount * gain >> shift;
}
PL_INLINE uint32_t pl_variance_sum(uint64_t variance) {
  return (uint32_t)(variance < UINT32_MAX ? variance : UINT32_MAX);
}

/* 8. Receiver noise of standard deviation sigma * 2^sigma_exp with the deviate g. */
PL_INLINE int32_t pl_receiver_noise(int32_t v, uint32_t sigma, int sigma_exp, int32_t g) {
  return pl_sat32(v + pl_rnd((int64_t)g * sigma * ((int64_t)1 << sigma_exp), 11));
}

/* 9. ADC before saturation (z), and bypassed. */
PL_INLINE int64_t pl_adc_level(int32_t v, int32_t offset, uint32_t gain, int shift) {
  return pl_rnd(((int64_t)v + offset) * (int64_t)gain, shift);
}
PL_INLINE int32_t pl_adc_bypass(int32_t v) { return (int32_t)pl_rnd(v, 2); }

#endif
