/* poisson.c: the photon count as a function of its own; poisson.h has the arithmetic. */
#include "model/poisson.h"

uint32_t pl_photon_count(uint64_t mean, const uint32_t words[2]) { return pl_count_of(mean, words[0], words[1]); }
