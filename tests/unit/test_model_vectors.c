/* test_model_vectors.c: every instruction set that this machine has gives the bits of the plain C (host/model/vectors.h).
 *   random registers and shapes, whole and ragged groups of columns, one row to many, reads of 1 to 700 channels
 *   registers at the ends of what the lanes hold: largest noise, saturated variance, extreme ADCs, and just beyond
 *   encodings alone, of every number of channels up to three vectors
 *   the choice: names, what is not there, PHOTOLANE_ISA
 */
#include "model/operand.h"
#include "model/vectors.h"
#include "test_model_support.h"

enum { SETS_MAX = 8 };

/* The sets that are there, scalar left out. */
static int sets(const char *names[SETS_MAX]) {
  int count = 0, there;
  const char *name;
  for (int i = 0; (there = pl_model_isa_at(i, &name)) >= 0; i++)
    if (there && strcmp(name, "scalar")) names[count++] = name;
  return count;
}

/* The job by plain C, then by each set: results and clips must be the same. Returns whether the lanes could hold it. */
static int same_on_all(model_job *job, const char *what, int number) {
  const char *names[SETS_MAX];
  const int count = sets(names);
  const size_t size = (size_t)job->r.rows * (size_t)job->r.cols * sizeof *job->c;
  ck_assert_int_eq(pl_model_set_isa("scalar"), 0);
  const int64_t clips = job_run(job);
  int32_t *expected = malloc(size);
  memcpy(expected, job->c, size);
  for (int i = 0; i < count; i++) {
    ck_assert_int_eq(pl_model_set_isa(names[i]), 0);
    memset(job->c, 0x55, size);
    const int64_t got = job_run(job);
    for (size_t at = 0; at < size / sizeof *expected; at++)
      if (job->c[at] != expected[at])
        ck_abort_msg("%s %d on %s: effects %03x, %d x %d x %d, %d channels: row %zu column %zu: expected %d, got %d", what,
                     number, names[i], job->r.effects, job->r.rows, job->r.cols, job->r.depth, job->r.channels,
                     at / (size_t)job->r.cols, at % (size_t)job->r.cols, expected[at], job->c[at]);
    if (got != clips)
      ck_abort_msg("%s %d on %s: %lld clipped, got %lld", what, number, names[i], (long long)clips, (long long)got);
  }
  free(expected);
  pl_model_set_isa(NULL);
  return pl_reads_fit(&job->r);
}

START_TEST(random_jobs) {
  uint64_t state = test_seed("random_jobs");
  int fit = 0;
  enum { CASES = 1500 };
  for (int i = 0; i < CASES; i++) {
    pl_model_regs r = draw_regs(&state, i % 2 ? ALL_EFFECTS : (uint32_t)draw64(&state) & ALL_EFFECTS);
    if (i % 3 == 0) r.channels = (int)draw_in(&state, 1, 700);
    if (i % 4 == 0) r.rows = (int)draw_in(&state, 1, 140);
    r.cols = (int)draw_in(&state, 1, 70);
    r.depth = (int)draw_in(&state, 1, 6 * r.channels + 5);
    if (i % 5 == 0) r.col0 = (1 << 20) - (uint32_t)r.cols; /* the last columns there are */
    model_job job = job_new(&state, r);
    fit += same_on_all(&job, "case", i);
    job_free(&job);
  }
  printf("random_jobs: %d of %d fit the lanes\n", fit, CASES);
  ck_assert_msg(fit > CASES / 2 && fit < CASES, "both ways must be tried");
}
END_TEST

/* Registers at an end or beyond it, one after the other and in random company. */
static void to_an_end(uint64_t *state, pl_model_regs *r) {
  switch (draw_in(state, 0, 9)) {
    case 0: r->thermal_var = UINT32_MAX; break;
    case 1: r->phase_gain = 65535, r->phase_shift = (int)draw_in(state, 0, 4); break;
    case 2: r->shot_gain = 65535, r->shot_shift = (int)draw_in(state, 0, 3); break;
    case 3: r->sigma_exp = (int)draw_in(state, 8, 11); break;
    case 4: r->output_sigma = 65535; break;
    case 5: r->adc_gain = 65535, r->adc_shift = (int)draw_in(state, 1, 47); break;
    case 6: r->adc_gain = 1, r->adc_shift = (int)draw_in(state, 1, 47); break;
    case 7: r->adc_offset = draw_in(state, 0, 1) ? INT32_MAX : INT32_MIN; break;
    case 8: r->adc_offset = (int32_t)draw_in(state, -1000000000, 1000000000); break;
    default:
      r->phase_gain = r->shot_gain = 0; /* a variance near a square, where the root turns over */
      r->thermal_var = (uint32_t)draw_in(state, 0, 65535);
      r->thermal_var = r->thermal_var * r->thermal_var + r->thermal_var + (uint32_t)draw_in(state, 0, 2);
  }
}

START_TEST(ends) {
  uint64_t state = test_seed("ends");
  int fit = 0;
  enum { CASES = 2000 };
  for (int i = 0; i < CASES; i++) {
    pl_model_regs r = draw_regs(&state, ALL_EFFECTS);
    for (int n = (int)draw_in(&state, 1, 3); n > 0; n--) to_an_end(&state, &r);
    r.cols = (int)draw_in(&state, 1, 40);
    model_job job = job_new(&state, r);
    fit += same_on_all(&job, "end", i);
    job_free(&job);
  }
  printf("ends: %d of %d fit the lanes\n", fit, CASES);
  ck_assert(fit > CASES / 10 && fit < CASES - CASES / 10);
}
END_TEST

/* Every bit of the fields, with codes all of one kind too. */
START_TEST(encodings) {
  uint64_t state = test_seed("encodings");
  const char *names[SETS_MAX];
  const int count = sets(names);
  for (int channels = 1; channels <= 200; channels++) {
    pl_model_regs r = draw_regs(&state, ALL_EFFECTS & ~(uint32_t)PL_EFFECT_CROSSTALK);
    r.channels = r.depth = channels;
    r.rows = 3;
    model_job job = job_new(&state, r);
    if (channels % 3 == 0) memset(job.a, channels % 2 ? -128 : 127, (size_t)(r.rows * r.depth));
    pl_operand expected, got;
    ck_assert(!pl_operand_alloc(&expected, &r, 0, r.rows) && !pl_operand_alloc(&got, &r, 0, r.rows));
    pl_model_set_isa("scalar");
    pl_operand_encode(&expected, &r, 0, job.a, r.depth, 0, r.rows, 0);
    const size_t size = (size_t)r.rows * expected.row_elements * sizeof *expected.field;
    for (int i = 0; i < count; i++) {
      pl_model_set_isa(names[i]);
      pl_operand_encode(&got, &r, 0, job.a, r.depth, 0, r.rows, 0);
      ck_assert_msg(!memcmp(got.field, expected.field, size), "%d channels on %s: the fields differ", channels, names[i]);
    }
    pl_operand_free(&expected);
    pl_operand_free(&got);
    job_free(&job);
  }
  pl_model_set_isa(NULL);
}
END_TEST

START_TEST(choice) {
  const char *name;
  ck_assert_int_eq(pl_model_isa_at(0, &name), pl_model_isa_at(0, &name));
  ck_assert_int_eq(pl_model_isa_at(-1, &name), -1);
  ck_assert_int_eq(pl_model_set_isa("mmx"), -1);
  ck_assert_int_eq(pl_model_set_isa("scalar"), 0);
  ck_assert_str_eq(pl_model_isa(), "scalar");
  ck_assert_int_eq(pl_model_set_isa("mmx"), -1); /* leaves the choice alone */
  ck_assert_str_eq(pl_model_isa(), "scalar");
  ck_assert(!pl_vectors_chosen()->reads);
  ck_assert_int_eq(pl_model_set_isa(NULL), 0);
  int there, i = 0;
  while (!(there = pl_model_isa_at(i, &name))) i++;
  ck_assert_str_eq(pl_model_isa(), name);
  printf("choice: %s is the best here\n", name);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, random_jobs);
  tcase_add_test(tests, ends);
  tcase_add_test(tests, encodings);
  tcase_add_test(tests, choice);
}

int main(void) { return run_suite("model_vectors", fill); }
