/* tagged.c: a device that keeps B in its encoded form under a b_tag must not keep it too long: not under another
 * tag, and not when the registers change. Compares with the golden model after each change; test_tiles.sh runs it.
 *   tagged URI
 */
#include <photolane/photolane.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { M = 5, N = 3, K = 40 };
static int8_t a[M * K], b[2][N * K];
static pl_device *dev, *model;

static void check(pl_status status, const pl_error *err) {
  if (!status) return;
  fprintf(stderr, "%s\n", err->text);
  exit(1);
}

/* One job on both devices. */
static void compare(const char *what, const pl_core *core, int configure, const int8_t *codes, uint64_t tag) {
  int32_t got[M * N], expected[M * N];
  pl_error err;
  pl_job job = {.job = 1, .m = M, .n = N, .k = K, .a = a, .lda = K, .b = codes, .ldb = K, .c = got, .ldc = N,
                .range = pl_range_for(2e5, 8), .b_tag = tag};
  if (configure) check(pl_configure(dev, &core->image, &err), &err);
  if (configure) check(pl_configure(model, &core->image, &err), &err);
  check(pl_gemm(dev, &job, &err), &err);
  job.c = expected;
  job.b_tag = 0;
  check(pl_gemm(model, &job, &err), &err);
  if (!memcmp(got, expected, sizeof got)) return;
  fprintf(stderr, "%s: the results differ\n", what);
  exit(1);
}

int main(int argc, char **argv) {
  pl_error err;
  pl_core core;
  check(pl_open(argc > 1 ? argv[1] : "rtl:", &dev, &err), &err);
  check(pl_open("model:", &model, &err), &err);
  check(pl_core_load("lightening", &core, &err), &err);
  for (int i = 0; i < M * K; i++) a[i] = (int8_t)(i * 37);
  for (int i = 0; i < N * K; i++) b[0][i] = (int8_t)(i * 91), b[1][i] = (int8_t)(i * 53);

  compare("first", &core, 1, b[0], 1);
  compare("again", &core, 0, b[0], 1);
  compare("another tag", &core, 0, b[1], 2);
  core.image.reg[PL_REG_SEED]++;
  compare("another seed", &core, 1, b[1], 2);
  puts("4 jobs agree");
  pl_close(dev);
  pl_close(model);
  return 0;
}
