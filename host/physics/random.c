/* random.c: normal and Poisson deviates in double precision from any uniform generator. */
#include <math.h>

#include "physics/random.h"

#define PI 3.14159265358979323846

double pl_random_splitmix(void *state) {
  uint64_t z = *(uint64_t *)state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return ((double)((z ^ z >> 31) >> 12) + 0.5) * 0x1p-52;
}

double pl_random_normal(const pl_random *random) { /* Box and Muller, one of the pair */
  const double radius = sqrt(-2 * log(random->uniform(random->state)));
  return radius * cos(2 * PI * random->uniform(random->state));
}

/* Transformed rejection (Hoermann, "The transformed rejection method for generating Poisson random variables",
 * Insurance: Mathematics and Economics 12, 1993, algorithm PTRS); for means of 10 and above. */
static double poisson_large(const pl_random *random, double mean) {
  const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = random->uniform(random->state) - 0.5, v = random->uniform(random->state);
    const double room = 0.5 - fabs(u), k = floor((2 * a / room + b) * u + mean + 0.43);
    if (room >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (room < 0.013 && v > room)) continue;
    if (log(v * inverse_alpha / (a / (room * room) + b)) <= k * log(mean) - mean - lgamma(k + 1)) return k;
  }
}

double pl_random_poisson(const pl_random *random, double mean) {
  if (!(mean > 0)) return 0;
  if (mean > 1e6) return nearbyint(mean + sqrt(mean) * pl_random_normal(random));
  if (mean >= 10) return poisson_large(random, mean);
  double count = 0; /* arrivals in unit time, whose gaps are exponential */
  for (double left = exp(-mean), u = random->uniform(random->state); u > left; u *= random->uniform(random->state))
    count++;
  return count;
}
