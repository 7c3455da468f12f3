/* rng.h: counter-based random numbers of the trainer: initial weights, window order, dropout, noise.
 *
 * A number depends on its key and its index only, never on how many were drawn before, so the same command gives the
 * same model for any number of threads. The hash is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA'14).
 */
#ifndef PHOTOLANE_TRAIN_RNG_H
#define PHOTOLANE_TRAIN_RNG_H

#include <math.h>
#include <stdint.h>

static inline uint64_t rng_hash(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/* 64 random bits at (key, index). */
static inline uint64_t rng_bits(uint64_t key, uint64_t index) {
  return rng_hash(rng_hash(key) ^ (index * 0xd1342543de82ef95u));
}

/* Uniform in (0, 1). */
static inline double rng_uniform(uint64_t key, uint64_t index) {
  return ((double)(rng_bits(key, index) >> 11) + 0.5) * 0x1p-53;
}

/* Standard normal, by Box and Muller. */
static inline double rng_normal(uint64_t key, uint64_t index) {
  double u = rng_uniform(key, 2 * index), v = rng_uniform(key, 2 * index + 1);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

#endif
