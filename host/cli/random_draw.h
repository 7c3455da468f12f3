/* random_draw.h: draws from the stream of random_next() for the random jobs of `photolane verify`: the same
 * calls give the same values on every machine. */
#ifndef PHOTOLANE_RANDOM_DRAW_H
#define PHOTOLANE_RANDOM_DRAW_H

#include <math.h>
#include <stdint.h>

#include "cli/random_job.h"

static inline uint64_t below(uint64_t *rng, uint64_t end) { return random_next(rng) % end; }
static inline int one_in(uint64_t *rng, int n) { return below(rng, (uint64_t)n) == 0; }
static inline int between(uint64_t *rng, int low, int high) {
  return low + (int)below(rng, (uint64_t)(high - low + 1));
}
static inline double real(uint64_t *rng) { return (double)(random_next(rng) >> 11) * 0x1p-53; }

/* 1..max, as often in 1..10 as in 10..100. */
static inline int log_between(uint64_t *rng, int max) {
  int value = (int)exp(real(rng) * log((double)max + 1));
  return value < 1 ? 1 : value > max ? max : value;
}

/* `bits` random bits, shifted down by up to `down`: values of every size. */
static inline uint32_t word(uint64_t *rng, int bits, int down) {
  return (uint32_t)(random_next(rng) >> (64 - bits)) >> below(rng, (uint64_t)down + 1);
}

#endif
