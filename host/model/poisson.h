/* poisson.h: photon counts of the kind intensity: a Poisson number from 64 random bits. Private to host/model.
 *
 * Specification: docs/signal-chain.md, "The photon count". Like stages.h, free of branches: every count takes both ways,
 * the tables below 16 photons and the expansion of the quantile above, so that loops over reads can be vectorised.
 * The expansion to the order 1/mean: Giles, "Algorithm 955: approximation of the inverse Poisson cumulative
 * distribution function", ACM TOMS 42 (2016), its normal asymptotic expansion; the integers are derived.
 */
#ifndef PHOTOLANE_MODEL_POISSON_H
#define PHOTOLANE_MODEL_POISSON_H

#include "model/poisson_table.h"
#include "model/stages.h"

#define PL_PHOTONS_MAX (((uint64_t)1 << 36) - 1) /* of a mean, 2^-16 photon */
#define PL_PHOTONS_FEW ((uint32_t)16 << 16)

/* Light of the plus detector, Q8, from R and y; with -y that of the minus detector. Exact: R and y are both odd or both
 * even, and R >= |y|. */
PL_INLINE uint64_t pl_plus_light(uint64_t rails, int64_t y) { return (rails + (uint64_t)y) >> 1; }

/* Mean photons, 2^-16, of light l in Q8, below 2^38. */
PL_INLINE uint64_t pl_photon_mean(uint64_t light, uint32_t gain, int shift) {
  const uint64_t mean = light * gain >> shift;
  return mean < PL_PHOTONS_MAX ? mean : PL_PHOTONS_MAX;
}

/* A mean that pl_count_many takes. */
PL_INLINE uint64_t pl_at_least_few(uint64_t mean) { return mean < PL_PHOTONS_FEW ? PL_PHOTONS_FEW : mean; }

/* The largest n below 64, and below 16, with u < T_n of a row; T_1, T_2, ... falls. By halves. */
#define PL_HALF(step) (n += u < tails[n + (step)] ? (step) : 0)
PL_INLINE uint32_t pl_whole_count(uint32_t row, uint32_t u) {
  const uint32_t *tails = pl_poisson_whole;
  uint32_t n = row * PL_WHOLE_COUNTS;
  PL_HALF(32), PL_HALF(16), PL_HALF(8), PL_HALF(4), PL_HALF(2), PL_HALF(1);
  return n & (PL_WHOLE_COUNTS - 1);
}
PL_INLINE uint32_t pl_part_count(uint32_t row, uint32_t u) {
  const uint32_t *tails = pl_poisson_part;
  uint32_t n = row * PL_PART_COUNTS;
  PL_HALF(8), PL_HALF(4), PL_HALF(2), PL_HALF(1);
  return n & (PL_PART_COUNTS - 1);
}
#undef PL_HALF

/* A mean below 16 photons: whole photons, parts of 1/32, and x, the rest in 2^-16. */
PL_INLINE uint32_t pl_count_few(uint32_t mean, uint32_t w0, uint32_t w1) {
  const uint32_t whole = mean >> 16 & 15, part = mean >> 11 & 31, x = mean & 2047;
  const uint32_t u = w0 >> 10, up = (w0 & 1023) << 11 | w1 >> 21, ux = w1 & 0x1fffff;
  const uint32_t square = x * x >> 12, three = (square * x * 43 + (1u << 22)) >> 23;
  const uint32_t two = square - 2 * three, one = 32 * x - two - three; /* P(N >= n) of the rest, 2^-21 */
  return pl_whole_count(whole, u) + pl_part_count(part, up) + (ux < one) + (ux < two) + (ux < three);
}

/* A mean of 16 photons and more, at most PL_PHOTONS_MAX. */
PL_INLINE uint32_t pl_count_many(uint64_t mean, uint32_t w0, uint32_t w1) {
  /* mean = top * 2^-z, top with its highest bits in 35 and 34: sqrt(mean) = S * 2^(-7 - z/2) photons, half = z / 2 */
  uint64_t top = mean;
  int half = 0;
  half += top >> 28 ? 0 : 4, top <<= top >> 28 ? 0 : 8;
  half += top >> 32 ? 0 : 2, top <<= top >> 32 ? 0 : 4;
  half += top >> 34 ? 0 : 1, top <<= top >> 34 ? 0 : 2;
  const uint32_t i = (uint32_t)(top >> 29 & 127) - PL_ROOT_FIRST, t = (uint32_t)(top >> 21) & 255;
  const uint32_t start = pl_poisson_root[i] & 0xfffff, rise = pl_poisson_root[i] >> 20;
  const int64_t root = start + ((rise * t + 128) >> 8);
  const int64_t inverse = pl_poisson_inverse[i] << 2 >> (7 - half); /* 2^-16 */
  const int32_t g = pl_gauss_of(w0);
  const int64_t fine = g * 256 + (int32_t)(w1 >> 24) - 128;         /* the deviate in 2^-19, within its step */
  const int64_t square = (g * g + (1 << 9)) >> 10;                   /* Q12 */
  const int64_t third = (square * (square + 9557) >> 12) * 971 >> 18; /* (g^4 + 7/3 g^2) / 270, Q12 */
  const int64_t second = (g * (square + 8192) >> 11) * 910 >> 16;    /* (g^3 + 2 g) / 72, Q12 */
  const int64_t tail = (((third - 81) * inverse >> 16) - second) * inverse >> 12;
  const int64_t n = (int64_t)mean + 21845 + ((square * 43691 + (1 << 13)) >> 14) + (fine * root >> (10 + half)) + tail;
  return (uint32_t)(n < 0 ? 0 : n >> 16);
}

/* A Poisson number of the given mean, 2^-16 photon, at most PL_PHOTONS_MAX, from the two words of a block. */
PL_INLINE uint32_t pl_count_of(uint64_t mean, uint32_t w0, uint32_t w1) {
  const uint32_t few = pl_count_few((uint32_t)mean, w0, w1), many = pl_count_many(pl_at_least_few(mean), w0, w1);
  return mean < PL_PHOTONS_FEW ? few : many;
}

/* v of two counts, detector LSB. */
PL_INLINE int32_t pl_photon_value(uint32_t plus, uint32_t minus, uint32_t step, int shift) {
  const int64_t value = ((int64_t)plus - minus) * step * 65536;
  return pl_sat32((value + ((int64_t)1 << shift >> 1)) >> shift);
}

#endif
