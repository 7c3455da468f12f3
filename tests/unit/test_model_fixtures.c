/* test_model_fixtures.c: the golden model against the fixtures of tests/data/golden, which a second implementation of
 * signal-chain.md has written (make_golden.py there): whole jobs, and every read alone. */
#include "golden_file.h"
#include "test_model_support.h"

static void each(void (*check)(const char *name, const golden_file *g, const pl_model_regs *r)) {
  struct dirent **names;
  const int count = golden_list(&names);
  ck_assert_msg(count >= 90, "%d fixtures in %s; run from the top of the tree", count, golden_folder());
  for (int i = 0; i < count; i++) {
    golden_file g;
    pl_model_regs r;
    pl_error err;
    const int wrong = golden_read(names[i]->d_name, &g);
    ck_assert_msg(!wrong, "%s: line %d", names[i]->d_name, wrong);
    ck_assert_msg(!pl_image_check(&g.image, &err), "%s: %s", names[i]->d_name, err.text);
    pl_model_unpack(&g.image, &r);
    check(names[i]->d_name, &g, &r);
    golden_free(&g);
    free(names[i]);
  }
  free(names);
}

static void check_job(const char *name, const golden_file *g, const pl_model_regs *r) {
  pl_model_errors errors = {0};
  int32_t *c = malloc((size_t)g->m * (size_t)g->n * sizeof *c);
  const int64_t clipped = pl_model_gemm(r, g->a, g->k, g->b, g->k, c, g->n, &errors);
  for (int i = 0; i < g->m * g->n; i++)
    ck_assert_msg(c[i] == g->c[i], "%s: row %d column %d: expected %d, got %d", name, i / g->n, i % g->n, g->c[i],
                  c[i]);
  ck_assert_msg(clipped == g->clipped, "%s: expected %lld clipped reads, got %lld", name, (long long)g->clipped,
                (long long)clipped);
  ck_assert_msg(errors.detected == g->detected && errors.corrected == g->corrected,
                "%s: expected %lld detected and %lld corrected reads, got %lld and %lld", name, (long long)g->detected,
                (long long)g->corrected, (long long)errors.detected, (long long)errors.corrected);
  free(c);
}

static void check_reads(const char *name, const golden_file *g, const pl_model_regs *r) {
  int64_t clipped = 0, detected = 0, corrected = 0;
  for (int m = 0; m < g->m; m++)
    for (int n = 0; n < g->n; n++) {
      uint32_t sum = 0;
      for (int s = 0; s * r->channels < g->k; s++) {
        const pl_read read = pl_model_read(r, g->a + m * g->k, g->b + n * g->k, m, n, s);
        sum += (uint32_t)read.code;
        clipped += read.clipped;
        detected += read.rns.detected;
        corrected += read.rns.corrected;
      }
      ck_assert_msg((int32_t)sum == g->c[m * g->n + n], "%s: row %d column %d", name, m, n);
    }
  ck_assert_msg(clipped == g->clipped && detected == g->detected && corrected == g->corrected, "%s", name);
}

START_TEST(jobs) { each(check_job); }
END_TEST

START_TEST(reads) { each(check_reads); }
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, jobs);
  tcase_add_test(tests, reads);
}

int main(void) { return run_suite("model_fixtures", fill); }
