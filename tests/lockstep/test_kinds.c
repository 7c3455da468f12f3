/* test_kinds.c: one `rtl:` device as each kind of core: changing from kind to kind, the same bits for any array shape and
 * any pauses, a checker that sees every read, cycles near the ideal, and the refusal of a kind that is not built.
 *
 * The arrays are those `make rtl` builds. PL_TEST_SEED=N changes the seed; it is printed.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "array_support.h"

#include "../unit/rns_support.h"

static const char *const shapes[] = {"rtl:1x2x8", "rtl:4x4x8", "rtl:4x4x8x2", "rtl:8x8x16"};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static pl_device *open_device(const char *uri) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  return dev;
}

/* A job of `kind`, m x n x k, every effect on; its ADC range is in the image. */
typedef struct {
  pl_image image;
  pl_job job;
  model_job data;
} kind_job;

static kind_job draw_job(uint64_t *state, int kind, int m, int n, int k) {
  kind_job j;
  pl_model_regs r = kind == PL_KIND_RNS         ? draw_rns(state, RNS_EFFECTS, 0)
                    : kind == PL_KIND_INTENSITY ? draw_intensity(state, INTENSITY_EFFECTS)
                                                : draw_regs(state, ALL_EFFECTS);
  r.channels = (int)draw_in(state, 1, 80);
  r.rows = m, r.cols = n, r.depth = k, r.sum0 = 0;
  j.data = job_new(state, r);
  j.image = words_of(&r);
  j.job = (pl_job){.job = r.job, .row0 = r.row0, .col0 = r.col0, .m = m, .n = n, .k = k, .a = j.data.a, .lda = k,
                   .b = j.data.b, .ldb = k, .c = j.data.c, .ldc = n};
  return j;
}

static void configure(pl_device *dev, const kind_job *j) {
  pl_error err;
  ck_assert_msg(!pl_configure(dev, &j->image, &err), "%s", err.text);
}

/* Runs the job on `dev`, as it is configured, and compares it with the golden model; adds what it must count. */
static void run(pl_device *dev, kind_job *j, pl_counters *expected, const char *what) {
  const pl_model_regs *r = &j->data.r;
  const size_t outputs = (size_t)r->rows * (size_t)r->cols;
  int32_t *want = calloc(outputs, sizeof *want);
  ck_assert(want != NULL);
  pl_error err;
  ck_assert_msg(!pl_gemm(dev, &j->job, &err), "%s", err.text);
  pl_model_errors errors = {0};
  const int64_t clipped = pl_model_gemm(r, j->data.a, r->depth, j->data.b, r->depth, want, r->cols, &errors);
  for (size_t i = 0; i < outputs; i++)
    ck_assert_msg(want[i] == j->data.c[i], "%s, kind %s: output %zu: expected %d, got %d", what,
                  pl_kind_name((uint32_t)r->kind), i, want[i], j->data.c[i]);
  expected->reads += outputs * (size_t)((r->depth + r->channels - 1) / r->channels);
  expected->clipped += (uint64_t)clipped;
  expected->detected += (uint64_t)errors.detected;
  expected->corrected += (uint64_t)errors.corrected;
  free(want);
}

static pl_counters counters_of(pl_device *dev) {
  pl_counters counters;
  ck_assert(!pl_get_counters(dev, &counters, NULL));
  return counters;
}

/* Options and counters stay when the kind changes; what was in the buffers does not. */
START_TEST(kind_changes_with_the_registers) {
  uint64_t state = test_seed("kind_changes_with_the_registers");
  char uri[64];
  snprintf(uri, sizeof uri, "%s?check=1&stall=4", shapes[_i]);
  pl_device *dev = open_device(uri);
  pl_counters expected = {0};
  uint64_t cycles = 0;
  for (int i = 0; i < 7; i++) {
    const int kind = (i * 2 + i / 3) % PL_KINDS; /* every kind after every other, and twice the same */
    kind_job j = draw_job(&state, kind, 7, 9, 150);
    pl_identity id;
    configure(dev, &j);
    ck_assert(!pl_identify(dev, &id, NULL));
    ck_assert_str_eq(id.kind, pl_kind_name((uint32_t)kind));
    ck_assert_int_eq(id.checked, 1);
    run(dev, &j, &expected, uri);
    ck_assert_uint_gt(counters_of(dev).cycles, cycles);
    cycles = counters_of(dev).cycles;
    job_free(&j.data);
  }
  const pl_counters got = counters_of(dev);
  ck_assert_uint_eq(got.jobs, 7);
  ck_assert_uint_eq(got.reads, expected.reads);
  ck_assert_uint_eq(got.checked, expected.reads);
  ck_assert_uint_eq(got.clipped, expected.clipped);
  ck_assert_uint_eq(got.detected, expected.detected);
  ck_assert_uint_eq(got.corrected, expected.corrected);
  ck_assert_uint_gt(got.detected, 0);
  ck_assert_uint_gt(got.corrected, 0);
  pl_close(dev);
}
END_TEST

START_TEST(same_bits_for_any_shape) {
  uint64_t state = test_seed("same_bits_for_any_shape") + 1;
  for (int round = 0; round < 4; round++) {
    kind_job j = draw_job(&state, _i, (int)draw_in(&state, 1, 20), (int)draw_in(&state, 1, 40),
                          (int)draw_in(&state, 1, 300));
    for (int s = 0; s < SHAPES; s++) {
      pl_device *dev = open_device(shapes[s]);
      pl_counters expected = {0};
      configure(dev, &j);
      run(dev, &j, &expected, shapes[s]);
      ck_assert_uint_eq(counters_of(dev).reads, expected.reads);
      ck_assert_uint_eq(counters_of(dev).detected, expected.detected);
      pl_close(dev);
    }
    job_free(&j.data);
  }
}
END_TEST

/* Words or passes through the back end, whichever are more: at most 1.05 times that. */
START_TEST(cycles_are_near_the_ideal) {
  uint64_t state = test_seed("cycles_are_near_the_ideal") + 2;
  for (int s = 0; s < SHAPES; s++) {
    kind_job j = draw_job(&state, _i, 64, 128, 256);
    pl_device *dev = open_device(shapes[s]);
    pl_counters expected = {0};
    configure(dev, &j);
    run(dev, &j, &expected, shapes[s]);
    const pl_counters got = counters_of(dev);
    ck_assert_msg(got.cycles >= got.ideal_cycles && got.cycles <= got.ideal_cycles * 1.05, "%s: %llu cycles, ideal %llu",
                  shapes[s], (unsigned long long)got.cycles, (unsigned long long)got.ideal_cycles);
    pl_close(dev);
    job_free(&j.data);
  }
}
END_TEST

/* A shape of which only the coherent array exists: the others are refused in a sentence, and it goes on working. */
START_TEST(kind_that_is_not_built) {
  uint64_t state = test_seed("kind_that_is_not_built") + 3;
  char folder[] = "/tmp/photolane-kinds-XXXXXX", link[64], target[1024];
  const char *plugins = getenv("PHOTOLANE_PLUGINS");
  ck_assert(mkdtemp(folder) != NULL);
  snprintf(link, sizeof link, "%s/libphotolane-rtl-3x5x4.so", folder);
  snprintf(target, sizeof target, "%s/libphotolane-rtl-1x2x8.so", plugins ? plugins : "build/rtl");
  char *absolute = realpath(target, NULL);
  ck_assert_msg(absolute != NULL, "%s: run `make rtl` first", target);
  ck_assert_int_eq(symlink(absolute, link), 0);
  ck_assert_int_eq(setenv("PHOTOLANE_PLUGINS", folder, 1), 0);
  pl_device *dev = open_device("rtl:3x5x4");
  pl_error err;
  pl_counters expected = {0};
  for (int kind = PL_KINDS - 1; kind >= 0; kind--) {
    kind_job j = draw_job(&state, kind, 3, 4, 50);
    const pl_status status = pl_configure(dev, &j.image, &err);
    if (kind != PL_KIND_COHERENT) {
      char command[64];
      snprintf(command, sizeof command, "make rtl KINDS=%s SHAPES=3x5x4", pl_kind_name((uint32_t)kind));
      ck_assert_int_eq(status, PL_E_NODEV);
      ck_assert_msg(strstr(err.text, command) != NULL, "%s", err.text);
      ck_assert_int_eq(pl_gemm(dev, &j.job, &err), PL_E_NODEV);
    } else {
      ck_assert_int_eq(status, PL_OK);
      run(dev, &j, &expected, "after refusals");
    }
    job_free(&j.data);
  }
  pl_close(dev);
  unlink(link);
  rmdir(folder);
  free(absolute);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, kind_changes_with_the_registers, 0, SHAPES);
  tcase_add_loop_test(tests, same_bits_for_any_shape, 0, PL_KINDS);
  tcase_add_loop_test(tests, cycles_are_near_the_ideal, 0, PL_KINDS);
  tcase_add_test(tests, kind_that_is_not_built);
}

int main(void) { return run_suite("kinds", fill); }
