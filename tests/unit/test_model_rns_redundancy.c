/* test_model_rns_redundancy.c: redundant moduli of the kind `rns`: what is detected, corrected and lost.
 *   oracle  plurality by brute force: the numbers of all triples of the five residues, and how many residues agree
 *   single errors are corrected with two redundant moduli and detected with one, every one of them for k = 4 and 5
 *   double errors end as the plurality rule says; the range check; errors injected into one channel are counted
 */
#include "rns_support.h"

/* The number below m0 m1 m2 with three residues, centred, by the textbook's sum with inverses found by trial. */
static int64_t crt(const int32_t *m, const int32_t *residue) {
  const int64_t product = (int64_t)m[0] * m[1] * m[2];
  int64_t x = 0;
  for (int i = 0; i < 3; i++) {
    const int64_t others = product / m[i];
    int64_t inverse = 1;
    while (others % m[i] * inverse % m[i] != 1) inverse++;
    x = (x + others * inverse % product * residue[i]) % product;
  }
  return 2 * x > product - 1 ? x - product : x;
}

/* The legal number that at least four of the five residues agree with; *agree: how many do. Returns 0 and *agree = 0 if
 * there is none. Two such numbers would share three residues, and in the legal range these leave one number. */
static int32_t plurality(int k, int32_t limit, const int32_t *residue, int *agree) {
  int32_t m[5], best = 0;
  for (int i = 0; i < 5; i++) m[i] = pl_rns_modulus_of(k, i);
  *agree = 0;
  for (int a = 0; a < 5; a++)
    for (int b = a + 1; b < 5; b++)
      for (int c = b + 1; c < 5; c++) {
        const int32_t triple[3] = {m[a], m[b], m[c]}, some[3] = {residue[a], residue[b], residue[c]};
        const int64_t x = crt(triple, some);
        if (x > limit || x < -limit) continue;
        int count = 0;
        for (int i = 0; i < 5; i++) count += (x % m[i] + m[i]) % m[i] == residue[i];
        if (count < 4) continue;
        ck_assert(*agree == 0 || x == best);
        best = (int32_t)x;
        *agree = count;
      }
  return best;
}

static void send(int k, int32_t x, int32_t *residue) {
  for (int i = 0; i < 5; i++) residue[i] = pl_rns_residue(k, i, x);
}

static int32_t check(const pl_model_regs *r, const int32_t *residue, int *detected, int *corrected) {
  return pl_rns_check(r, residue, pl_rns_reverse(r->rns_k, residue[0], residue[1], residue[2]), detected, corrected);
}

/* Residue i of x off by `error`. */
static void single_error(const pl_model_regs *r, int32_t x, int i, int error) {
  int32_t residue[5];
  int detected, corrected;
  send(r->rns_k, x, residue);
  residue[i] = (residue[i] + error) % pl_rns_modulus_of(r->rns_k, i);
  const int32_t value = check(r, residue, &detected, &corrected);
  const int two = r->redundant == 2; /* with one, the second redundant residue does not exist */
  const int right = two ? value == x && corrected && !detected
                  : i == 4 ? value == x && !corrected && !detected : value == 0 && detected && !corrected;
  if (!right) ck_abort_msg("k %d: %d, residue %d off by %d: %d, detected %d, corrected %d", r->rns_k, x, i, error,
                           value, detected, corrected);
}

START_TEST(single_errors) {
  uint64_t state = test_seed("single_errors");
  for (int k = 4; k <= 8; k++)
    for (int redundant = 1; redundant <= 2; redundant++) {
      pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | PL_EFFECT_REDUNDANCY, k);
      r.redundant = redundant;
      const int32_t limit = r.range_limit;
      for (int32_t n = k < 6 ? -limit : 0; n <= (k < 6 ? limit : 20000); n++)
        for (int i = 0; i < 5; i++) {
          const int32_t m = pl_rns_modulus_of(k, i), x = k < 6 ? n : (int32_t)draw_in(&state, -limit, limit);
          for (int error = 1; error < m; error += k < 6 ? 1 : (int)draw_in(&state, 1, m)) single_error(&r, x, i, error);
        }
    }
}
END_TEST

START_TEST(no_error) {
  uint64_t state = test_seed("no_error");
  for (int k = 4; k <= 8; k++)
    for (int redundant = 0; redundant <= 2; redundant++)
      for (int n = 0; n < 20000; n++) {
        pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | PL_EFFECT_REDUNDANCY | PL_EFFECT_RANGE_CHECK, k);
        r.redundant = redundant;
        const int32_t limit = r.range_limit;
        const int32_t x = n == 0 ? limit : n == 1 ? -limit : (int32_t)draw_in(&state, -limit, limit);
        int32_t residue[5];
        int detected, corrected;
        send(k, x, residue);
        ck_assert_int_eq(check(&r, residue, &detected, &corrected), x);
        ck_assert_int_eq(detected + corrected, 0);
      }
}
END_TEST

/* Any residues at all, and two errors: as the oracle says, with every limit up to the whole range. */
START_TEST(plurality_rule) {
  uint64_t state = test_seed("plurality_rule");
  int64_t lost = 0, wrong = 0, total = 0;
  for (int n = 0; n < 200000; n++) {
    const int k = (int)draw_in(&state, 4, 8);
    pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | PL_EFFECT_REDUNDANCY, k);
    r.redundant = 2;
    if (n % 2) r.range_limit = (int32_t)draw_in(&state, 0, r.range_limit);
    const int32_t x = (int32_t)draw_in(&state, -r.range_limit, r.range_limit);
    int32_t residue[5];
    send(k, x, residue);
    const int first = (int)draw_in(&state, 0, 4), second = (first + (int)draw_in(&state, 1, 4)) % 5;
    for (int i = 0; i < 5; i++) {
      const int32_t m = pl_rns_modulus_of(k, i);
      if (n % 4 == 3 || i == first || i == second) residue[i] = (residue[i] + (int32_t)draw_in(&state, 1, m - 1)) % m;
    }
    int agree, detected, corrected;
    const int32_t expected = plurality(k, r.range_limit, residue, &agree);
    const int32_t got = check(&r, residue, &detected, &corrected);
    if (got != expected || detected != (agree == 0) || corrected != (agree == 4))
      ck_abort_msg("k %d, limit %d, residues %d %d %d %d %d: %d (%d agree), got %d (detected %d, corrected %d)", k,
                   r.range_limit, residue[0], residue[1], residue[2], residue[3], residue[4], expected, agree, got,
                   detected, corrected);
    total++;
    lost += detected;
    wrong += !detected;
  }
  printf("plurality_rule: of %lld reads with two or more errors %lld are detected, %lld pass as another number\n",
         (long long)total, (long long)lost, (long long)wrong);
  ck_assert_int_gt(lost, 1000);
  ck_assert_int_gt(wrong, 100);
}
END_TEST

/* A legal range beyond M/2 is no use to X, which wraps, but X_0 of larger moduli reaches further: the page's order. */
START_TEST(order_beyond_the_range) {
  pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | PL_EFFECT_REDUNDANCY, 4);
  r.redundant = 2;
  r.range_limit = 1 << 20;
  for (int32_t x = -2583; x <= 2583; x++) { /* M = 4080; moduli 16, 17 and 19 reach to 2583 */
    int32_t residue[5];
    int detected, corrected;
    send(4, x, residue);
    const int32_t value = check(&r, residue, &detected, &corrected);
    ck_assert_int_eq(value, x);
    ck_assert_int_eq(corrected, x < -2040 || x > 2039);
    ck_assert_int_eq(detected, 0);
  }
}
END_TEST

START_TEST(range_check) {
  for (int on = 0; on < 2; on++)
    for (int k = 4; k <= 8; k++)
      for (int past = -1; past <= 2; past++)
        for (int sign = -1; sign <= 1; sign += 2) {
          pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | (on ? PL_EFFECT_RANGE_CHECK : 0), k);
          r.range_limit = 1000;
          const pl_rns_values v = pl_rns_read(&r, sign * (r.range_limit + past), 1, 2, 3);
          ck_assert_int_eq(v.reversed, sign * (1000 + past));
          ck_assert_int_eq(v.detected, on && past > 0);
          ck_assert_int_eq(v.value, on && past > 0 ? 0 : sign * (1000 + past));
          ck_assert_int_eq(v.corrected, 0);
        }
}
END_TEST

/* Sums beyond the range of the moduli come back wrapped; a redundant modulus sees it. */
START_TEST(sums_that_wrap) {
  pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES, 4);
  ck_assert_int_eq(pl_rns_read(&r, 2039, 0, 0, 0).value, 2039);
  ck_assert_int_eq(pl_rns_read(&r, 2040, 0, 0, 0).value, -2040);
  ck_assert_int_eq(pl_rns_read(&r, -2041, 0, 0, 0).value, 2039);
  ck_assert_int_eq(pl_rns_read(&r, 1 << 26, 0, 0, 0).value, (1 << 26) % 4080);
  r.effects |= PL_EFFECT_REDUNDANCY;
  for (r.redundant = 1; r.redundant <= 2; r.redundant++) ck_assert_int_eq(pl_rns_read(&r, 2041, 0, 0, 0).detected, 1);
}
END_TEST

/* Noise in one channel alone: every wrong residue is found, and nothing else. */
START_TEST(injected_errors_are_counted) {
  for (int redundant = 1; redundant <= 2; redundant++)
    for (int noisy = 0; noisy < 3 + redundant; noisy++) {
      pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | PL_EFFECT_REDUNDANCY | PL_EFFECT_PHASE, 5);
      r.redundant = redundant;
      r.level_sigma[noisy] = 10000; /* a level of modulus 33 is 31775 wide: 11 % errors */
      r.rows = r.cols = 32;
      r.depth = 4 * r.channels;
      r.bfp_bits = 4;
      r.effects |= PL_EFFECT_BFP;
      uint64_t state = 1;
      model_job job = job_new(&state, r);
      pl_model_errors errors = {0};
      ck_assert_int_eq(pl_model_gemm(&r, job.a, r.depth, job.b, r.depth, job.c, r.cols, &errors), 0);
      int64_t wrong = 0;
      for (int m = 0; m < r.rows; m++)
        for (int n = 0; n < r.cols; n++)
          for (int s = 0; s < 4; s++) {
            const pl_rns_values v = pl_model_read(&r, job.a + m * r.depth, job.b + n * r.depth, m, n, s).rns;
            ck_assert_int_eq(v.moduli, 3 + redundant);
            for (int i = 0; i < v.moduli; i++) {
              if (i != noisy) ck_assert_int_eq(v.received[i], v.sent[i]);
              wrong += v.received[i] != v.sent[i];
            }
            ck_assert_int_eq(v.value, v.detected ? 0 : v.sum);
          }
      ck_assert_msg(wrong > 300 && wrong < 700, "%lld errors", (long long)wrong); /* of 4096 */
      ck_assert_int_eq(redundant == 2 ? errors.corrected : errors.detected, wrong);
      ck_assert_int_eq(redundant == 2 ? errors.detected : errors.corrected, 0);
      job_free(&job);
    }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, single_errors);
  tcase_add_test(tests, no_error);
  tcase_add_test(tests, plurality_rule);
  tcase_add_test(tests, order_beyond_the_range);
  tcase_add_test(tests, range_check);
  tcase_add_test(tests, sums_that_wrap);
  tcase_add_test(tests, injected_errors_are_counted);
}

int main(void) { return run_suite("model_rns_redundancy", fill); }
