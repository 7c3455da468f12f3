/* bench_model.c: the golden model against what people do today: float products with noise, one normal deviate for each
 * product of an element of A and an element of B, as simulators of optical cores in Python do with whole tensors.
 *
 *   build/tests/bench/bench_model [SECONDS]      (make bench; 2 seconds for each of them)
 *
 * One thread. All three do 64 emulated channels a sum:
 *   golden model      pl_gemm, core lightening, every effect on, 1024 x 1024 x 1024, B encoded before
 *   normal, vectors   x w (1 + sigma g): counter-based words and Box and Muller's two normals, in loops that the compiler turns
 *                     into vectors, with its own logarithm, root, sine and cosine of vectors (libmvec)
 *   normal, GSL       the same with GSL's ziggurat, one call for a normal, as a C program would do without much thought
 * Normals are drawn for blocks that stay in the cache. Prints throughputs and ratios; exit 1 if the model is slower than
 * either. Times are CPU times, which other work on the machine disturbs less.
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "photolane/photolane.h"

enum { SIDE = 1024, CHANNELS = 64, BLOCK = 4096 };
static const float SIGMA = 0.03f;

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Two words for a counter: enough mixing for a baseline, and cheaper than what the model does (PCG's output, O'Neill 2014). */
static inline uint32_t mixed(uint32_t x) {
  x = x * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28) + 4)) ^ x) * 277803737u;
  return x >> 22 ^ x;
}

/* n normals, n even, at most BLOCK. Sine and cosine in loops of their own: together they become a call that is no vector's. */
static void draw_vectors(uint32_t counter, int n, float *restrict g) {
  static float radius[BLOCK / 2], turn[BLOCK / 2];
  for (int i = 0; i < n / 2; i++) {
    radius[i] = sqrtf(-2 * logf(((float)(int32_t)(mixed(counter + 2u * (uint32_t)i) >> 8) + 0.5f) * 0x1p-24f));
    turn[i] = (float)(int32_t)(mixed(counter + 2u * (uint32_t)i + 1u) >> 8) * (6.2831853f * 0x1p-24f);
  }
  for (int i = 0; i < n / 2; i++) g[i] = radius[i] * cosf(turn[i]);
  for (int i = 0; i < n / 2; i++) g[n / 2 + i] = radius[i] * sinf(turn[i]);
}

static void draw_gsl(gsl_rng *rng, int n, float *g) {
  for (int i = 0; i < n; i++) g[i] = (float)gsl_ran_gaussian_ziggurat(rng, 1);
}

/* Sums of n products with a normal each, `channels` a sum; returns their total, so that none is left out. */
static float multiply(const float *restrict x, const float *restrict w, const float *restrict g, int n) {
  float total = 0;
  for (int start = 0; start < n; start += CHANNELS) {
    float sum = 0;
    for (int k = start; k < start + CHANNELS; k++) sum += x[k] * w[k] * (1 + SIGMA * g[k]);
    total += sum > 1e6f ? 1e6f : sum;
  }
  return total;
}

/* Products a second, with `rng` NULL by vectors. */
static double baseline(gsl_rng *rng, double seconds) {
  static float x[BLOCK], w[BLOCK], g[BLOCK];
  volatile float keep = 0;
  for (int i = 0; i < BLOCK; i++) x[i] = (float)(i * 37 % 251 - 125), w[i] = (float)(i * 53 % 241 - 120);
  uint32_t counter = 0;
  double products = 0, begin = cpu_seconds(), spent;
  do {
    for (int i = 0; i < 64; i++, counter += BLOCK, products += BLOCK) {
      if (rng) draw_gsl(rng, BLOCK, g);
      else draw_vectors(counter, BLOCK, g);
      keep += multiply(x, w, g, BLOCK);
    }
    spent = cpu_seconds() - begin;
  } while (spent < seconds);
  /* A baseline that is no normal distribution would be none. */
  double mean = 0, square = 0;
  for (int i = 0; i < BLOCK; i++) mean += g[i], square += g[i] * g[i];
  mean /= BLOCK, square /= BLOCK;
  if (fabs(mean) > 0.1 || fabs(square - 1) > 0.15) {
    fprintf(stderr, "bench_model: these are no normals: mean %.3f, mean square %.3f\n", mean, square);
    exit(1);
  }
  return products / spent;
}

static void check(pl_status status, const pl_error *err) {
  if (!status) return;
  fprintf(stderr, "bench_model: %s\n", err->text);
  exit(1);
}

/* Products a second, the best of the jobs that fit into `seconds`. */
static double golden_model(double seconds) {
  pl_error err;
  pl_core core;
  pl_device *dev;
  check(pl_core_load("lightening", &core, &err), &err);
  core.image.reg[PL_REG_CHANNELS] = CHANNELS;
  check(pl_open("model:", &dev, &err), &err);
  check(pl_configure(dev, &core.image, &err), &err);
  int8_t *a = malloc(SIDE * SIDE), *b = malloc(SIDE * SIDE);
  int32_t *c = malloc(SIDE * SIDE * sizeof *c);
  if (!a || !b || !c) exit(1);
  for (int i = 0; i < SIDE * SIDE; i++) a[i] = (int8_t)(mixed((uint32_t)i) >> 24), b[i] = (int8_t)(mixed(~(uint32_t)i) >> 24);
  const pl_job job = {.job = 1, .m = SIDE, .n = SIDE, .k = SIDE, .a = a, .lda = SIDE, .b = b, .ldb = SIDE, .c = c,
                      .ldc = SIDE, .range = pl_range_for(6 * 5460 * 8, 8), .b_tag = 1};
  check(pl_gemm(dev, &job, &err), &err);
  double best = 0, begin = cpu_seconds();
  while (cpu_seconds() - begin < seconds) {
    const double from = cpu_seconds();
    check(pl_gemm(dev, &job, &err), &err);
    const double speed = (double)SIDE * SIDE * SIDE / (cpu_seconds() - from);
    if (speed > best) best = speed;
  }
  pl_close(dev);
  free(a), free(b), free(c);
  return best;
}

int main(int argc, char **argv) {
  const double seconds = argc > 1 ? atof(argv[1]) : 2;
  if (argc > 2 || !(seconds > 0 && seconds < 1000)) {
    fprintf(stderr, "usage: bench_model [SECONDS]\n");
    return 2;
  }
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2); /* GSL's fastest good one */
  if (!rng) return 1;
  const double model = golden_model(seconds), vectors = baseline(NULL, seconds), plain = baseline(rng, seconds);
  gsl_rng_free(rng);
  printf("golden model, every effect on   %8.3f GMAC/s\n", 1e-9 * model);
  printf("a normal per product, vectors   %8.3f GMAC/s   the model is %.1f x\n", 1e-9 * vectors, model / vectors);
  printf("a normal per product, GSL       %8.3f GMAC/s   the model is %.1f x\n", 1e-9 * plain, model / plain);
  return model < vectors || model < plain;
}
