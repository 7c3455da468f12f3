/* plot-gaussian.c: histogram of the golden model's normal deviates, as CSV; scripts/plot-gaussian draws it.
 *
 *   plot-gaussian [SAMPLES] > gaussian.csv     default 1e8 deviates
 *
 * count: deviates of both words of effect 3, seed 1, job 0, columns 0..2^20-1 of one row after the other. expected:
 * what a normal deviate rounded to Q11 gives. words: how many of all 2^32 words fall into the bin, which is the
 * distribution itself. Bins are an eighth of a sigma wide and centred on multiples of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/model.h"

enum { BIN = 256, BINS = 105 }; /* Q11; -6.5 to +6.5 sigma */

static int bin_of(uint32_t word) { return (pl_gauss(word) + BINS / 2 * BIN + BIN / 2) / BIN; }

/* Probability of a normal deviate below q11, where q11 ends on a half. */
static double below(double q11) { return 0.5 * erfc(-q11 / 2048 * M_SQRT1_2); }

int main(int argc, char **argv) {
  const long samples = argc > 1 ? (long)atof(argv[1]) : 100000000;
  if (samples < 2) {
    fprintf(stderr, "plot-gaussian: SAMPLES must be a number from 2 on\n");
    return 2;
  }
  static long count[BINS], all[BINS];
  for (long i = 0; i < samples / 2; i++) {
    uint32_t words[2];
    pl_noise_block(1, 0, PL_NOISE_READ, (uint32_t)(i >> 20), (uint32_t)(i & 0xfffff), 0, words);
    for (int w = 0; w < 2; w++) count[bin_of(words[w])]++;
  }
  for (uint64_t word = 0; word <= UINT32_MAX; word++) all[bin_of((uint32_t)word)]++;
  printf("sigma,count,expected,words\n");
  for (int b = 0; b < BINS; b++) {
    const double low = (b - BINS / 2) * BIN - BIN / 2 - 0.5; /* the lowest Q11 value of the bin, less a half */
    const double p = low < 0 ? below(low + BIN) - below(low) : below(-low) - below(-low - BIN);
    printf("%.3f,%ld,%.6g,%ld\n", (double)(b - BINS / 2) * BIN / 2048, count[b], p * (double)(samples / 2 * 2), all[b]);
  }
  return 0;
}
