/* sgemm.c: see sgemm.h. */
#include "cli/sgemm.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/cli.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 }; /* of CBLAS */

typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                            int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef void threads_function(int threads);

struct cli_sgemm {
  void *library;
  sgemm_function *sgemm;
  int m, n, k;
  float *a, *b, *c;
};

/* Small whole numbers: no product is slowed down by what floats can do at their ends. */
static float *operand(int rows, int k) {
  const size_t count = (size_t)rows * (size_t)k;
  float *x = malloc(count * sizeof *x);
  for (size_t i = 0; x && i < count; i++) x[i] = (float)((int)(i * 37 % 251) - 125);
  return x;
}

cli_sgemm *cli_sgemm_new(int m, int n, int k, int threads) {
  cli_sgemm *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->m = m, s->n = n, s->k = k;
  s->library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (s->library) {
    threads_function *set_threads = (threads_function *)(uintptr_t)dlsym(s->library, "openblas_set_num_threads");
    s->sgemm = (sgemm_function *)(uintptr_t)dlsym(s->library, "cblas_sgemm");
    if (set_threads) set_threads(threads);
    else s->sgemm = NULL;
  }
  s->a = operand(m, k), s->b = operand(n, k);
  s->c = calloc((size_t)m * (size_t)n, sizeof *s->c);
  if (s->sgemm && s->a && s->b && s->c) return s;
  cli_sgemm_free(s);
  return NULL;
}

void cli_sgemm_free(cli_sgemm *s) {
  if (!s) return;
  free(s->a);
  free(s->b);
  free(s->c);
  if (s->library) dlclose(s->library);
  free(s);
}

double cli_sgemm_for(cli_sgemm *s, double seconds) {
  const double begin = cli_seconds();
  double spent;
  int products = 0;
  do {
    s->sgemm(ROW_MAJOR, PLAIN, TRANSPOSED, s->m, s->n, s->k, 1, s->a, s->k, s->b, s->k, 0, s->c, s->n);
    products++;
    spent = cli_seconds() - begin;
  } while (spent < seconds);
  return spent / products;
}
