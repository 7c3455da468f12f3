/* random.h: random draws in double precision, for the physics and its tests. Not the noise of the emulator, which is a
 * pure function of coordinates (docs/noise.md).
 *
 *   uint64_t seed = 1;
 *   pl_random random = {pl_random_splitmix, &seed};
 *   double g = pl_random_normal(&random), n = pl_random_poisson(&random, 3.5);
 */
#ifndef PHOTOLANE_RANDOM_H
#define PHOTOLANE_RANDOM_H

#include <stdint.h>

/* The generator is the caller's choice. */
typedef struct {
  double (*uniform)(void *state); /* 0 < u < 1, independent from call to call */
  void *state;
} pl_random;

/* A generator good for a few draws: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). state: uint64_t, any value. */
double pl_random_splitmix(void *state);

double pl_random_normal(const pl_random *random); /* mean 0, sigma 1 */

/* A Poisson count of the given mean (0 and above): exact up to 1e6, from there on a rounded normal deviate (skewness
 * below 1e-3). A mean of 0 or below gives 0. */
double pl_random_poisson(const pl_random *random, double mean_photons);

#endif
