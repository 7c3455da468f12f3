/* test_model_rns.c: the kind `rns` of the golden model.
 *   steps   block floating point, sine, angle, levels, forward and reverse conversion, each against its definition
 *   jobs    the blocks equal the reads one by one; exact without noise; the same bits for any split; each effect alone
 * test_model_rns_redundancy.c has the redundant moduli.
 */
#include <math.h>

#include "model/operand.h"
#include "rns_support.h"

START_TEST(block_floating_point) {
  static const struct { int bits, largest, shift, code, mantissa; } cases[] = {
      {4, 15, 0, -15, -15},   {4, 16, 1, 16, 8},         {4, -16, 1, -15, -7},    {4, 127, 3, -127, -15},
      {4, -128, 4, -128, -8}, {4, -128, 4, -15, 0},      {4, -128, 4, 127, 7},    {8, -128, 0, -128, -128},
      {7, -128, 1, -127, -63}, {1, -128, 7, -128, -1},   {1, 127, 6, -127, -1},   {1, 127, 6, 63, 0},
      {3, 0, 0, 0, 0},        {1, 1, 0, -1, -1},         {2, 4, 1, -3, -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int8_t codes[3] = {0, (int8_t)cases[i].largest, (int8_t)(cases[i].code / 2)};
    const int shift = pl_bfp_shift(codes, 3, cases[i].bits);
    ck_assert_msg(shift == cases[i].shift, "case %zu: shift %d", i, shift);
    ck_assert_msg(pl_bfp_mantissa(cases[i].code, shift) == cases[i].mantissa, "case %zu: mantissa %d", i,
                  pl_bfp_mantissa(cases[i].code, shift));
  }
  for (int bits = 1; bits <= 8; bits++)
    for (int code = -128; code < 128; code++) { /* alone in its group: cut towards zero, and no more than it must */
      const int8_t group[1] = {(int8_t)code};
      const int shift = pl_bfp_shift(group, 1, bits), m = pl_bfp_mantissa(code, shift);
      ck_assert_int_eq(m, code / (1 << shift)); /* C divides towards zero */
      ck_assert_int_lt(abs(m), 1 << bits);
      ck_assert(shift == 0 || abs(m) >= 1 << (bits - 1));
    }
}
END_TEST

/* Groups are one row in one read: a large code in a group cuts its neighbours there and nowhere else, in tails too. */
START_TEST(groups_of_block_floating_point) {
  pl_model_regs r = plain_rns(PL_EFFECT_BFP, 8);
  r.bfp_bits = 3;
  r.channels = 3;
  r.depth = 8; /* reads of 3, 3 and 2 */
  const int8_t a[8] = {-128, 31, 5, 7, -7, 3, 9, -9}, b[8] = {1, 1, 1, 1, 1, 1, 20, 3};
  static const int32_t code[3] = {-4 * 32, 7 - 7 + 3, 4 * 5 * 8};
  static const int shift_a[3] = {5, 0, 1}, shift_b[3] = {0, 0, 2};
  int32_t total = 0, c;
  for (int s = 0; s < 3; s++) {
    const pl_read read = pl_model_read(&r, a, b, 0, 0, s);
    ck_assert_int_eq(read.shift_a, shift_a[s]);
    ck_assert_int_eq(read.shift_b, shift_b[s]);
    ck_assert_int_eq(read.code, code[s]);
    total += read.code;
  }
  ck_assert_int_eq(pl_model_gemm(&r, a, 8, b, 8, &c, 1, NULL), 0);
  ck_assert_int_eq(c, total);
}
END_TEST

/* The chord between table entries is off by less than 0.1, and two roundings by half a unit each. */
START_TEST(sine) {
  for (uint32_t a = 0; a < 65536; a++) {
    const double exact = ldexp(sin(2 * M_PI * a / 65536), 14);
    if (fabs(pl_rns_sin16(a) - exact) > 1.1) ck_abort_msg("a = %u: %d, not %f", a, pl_rns_sin16(a), exact);
    ck_assert_int_eq(pl_rns_sin16(a + 65536), pl_rns_sin16(a));
    ck_assert_int_eq(pl_rns_sin16((a + 32768) & 0xffff), -pl_rns_sin16(a));
  }
  static const int32_t axes[4] = {0, 16384, 0, -16384};
  for (uint32_t q = 0; q < 4; q++) ck_assert_int_eq(pl_rns_sin16(q << 14), axes[q]);
}
END_TEST

/* After 16 turns atan(2^-15) = 5.1 units of 2^-20 turn are left, 16 roundings of H add at most 8, and 2 * 16 cut
 * coordinates act as 1/amplitude. A quarter of a level of modulus 263 is 997 units. */
START_TEST(angle) {
  uint64_t state = test_seed("angle");
  for (int i = 0; i < 2000000; i++) {
    const double amplitude = ldexp(1.99, (int)draw_in(&state, 12, 19));
    const double phi = 2 * M_PI * (double)draw64(&state) / 0x1p64;
    const int32_t x = (int32_t)lround(amplitude * cos(phi)), y = (int32_t)lround(amplitude * sin(phi));
    const double exact = ldexp(atan2(y, x) / (2 * M_PI), 20);
    const double bound = 14 + ldexp(16, 20) / (2 * M_PI) / (amplitude * 1.64);
    const uint32_t t = pl_rns_atan20(y, x);
    ck_assert_uint_lt(t, 1u << 20);
    if (fabs(remainder(t - exact, 1 << 20)) > bound) ck_abort_msg("atan20(%d, %d) = %u, not %f", y, x, t, exact);
  }
  const int32_t top = 1 << 19; /* corners and axes: the widest values */
  ck_assert_double_eq_tol(pl_rns_atan20(top, -top), 3 << 17, 20);
  ck_assert_double_eq_tol(pl_rns_atan20(-top, -top), 5 << 17, 20);
  ck_assert_double_eq_tol(remainder(pl_rns_atan20(0, top), 1 << 20), 0, 20);
  ck_assert_double_eq_tol(pl_rns_atan20(0, -top), 1 << 19, 20);
}
END_TEST

/* Without noise every residue of every modulus arrives, with no converters and with these or more bits; with one bit
 * less some do not. A residue needs one bit less than its own width: I and Q have it twice. */
START_TEST(levels) {
  static const int least[5][5] = {{3, 3, 3, 4, 4}, {4, 4, 4, 4, 4}, {5, 5, 5, 5, 5}, {6, 6, 6, 6, 6}, {7, 7, 7, 7, 7}};
  for (int k = 4; k <= 8; k++)
    for (int i = 0; i < 5; i++)
      for (int bits = 2; bits <= 17; bits++) {
        pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | (bits > 16 ? PL_EFFECT_PHASE : PL_EFFECT_ADC), k);
        if (bits <= 16) fit_adc(&r, bits); /* else phase noise of strength 0, with no converter */
        int wrong = 0, clipped = 0;
        for (int32_t residue = 0; residue < pl_rns_modulus_of(k, i); residue++)
          wrong += pl_rns_channel(&r, i, residue, 1, 2, 3, &clipped) != residue;
        ck_assert_msg((wrong == 0) == (bits >= least[k - 4][i]), "modulus %d, %d bits: %d wrong",
                      pl_rns_modulus_of(k, i), bits, wrong);
        ck_assert_int_eq(clipped, 0);
      }
}
END_TEST

START_TEST(forward_conversion) {
  uint64_t state = test_seed("forward_conversion");
  for (int k = 4; k <= 8; k++)
    for (int i = 0; i < 5; i++) {
      const int32_t m = pl_rns_modulus_of(k, i), last = 1 << 26;
      for (int n = -100000; n < 200000; n++) {
        const int32_t y = n < 100000 ? n : (int32_t)draw_in(&state, -last, last);
        if (pl_rns_residue(k, i, y) != (y % m + m) % m) ck_abort_msg("%d mod %d", y, m);
      }
      for (int32_t y = last - 3 * m; y <= last; y++) {
        ck_assert_int_eq(pl_rns_residue(k, i, y), y % m);
        ck_assert_int_eq(pl_rns_residue(k, i, -y), (m - y % m) % m);
      }
    }
}
END_TEST

START_TEST(reverse_conversion) {
  for (int k = 4; k <= 8; k++) {
    const int32_t range = base_range(k);
    ck_assert_int_eq(range, pl_rns_modulus_of(k, 0) * pl_rns_modulus_of(k, 1) * pl_rns_modulus_of(k, 2));
    for (int32_t x = -range / 2; x < range / 2; x++) {
      int32_t residue[3];
      for (int i = 0; i < 3; i++) residue[i] = pl_rns_residue(k, i, x);
      if (pl_rns_reverse(k, residue[0], residue[1], residue[2]) != x) ck_abort_msg("k %d: %d", k, x);
    }
  }
}
END_TEST

/* The job by single reads. Returns the clipped ones. */
static int64_t by_reads(const model_job *job, int32_t *c, pl_model_errors *errors) {
  const pl_model_regs *r = &job->r;
  int64_t clipped = 0;
  for (int m = 0; m < r->rows; m++)
    for (int n = 0; n < r->cols; n++) {
      uint32_t total = 0;
      for (int s = 0; s * r->channels < r->depth; s++) {
        const pl_read read = pl_model_read(r, job->a + m * r->depth, job->b + n * r->depth, m, n, s);
        total += (uint32_t)read.code;
        clipped += read.clipped;
        errors->detected += read.rns.detected;
        errors->corrected += read.rns.corrected;
      }
      c[m * r->cols + n] = (int32_t)total;
    }
  return clipped;
}

/* Runs the job, whole and with an encoded B, and read by read. */
static void check_job(model_job *job, int number, pl_model_errors *sum) {
  const pl_model_regs *r = &job->r;
  const size_t count = (size_t)r->rows * (size_t)r->cols;
  int32_t *expected = malloc(count * sizeof *expected);
  pl_model_errors want = {0}, got = {0}, again = {0};
  const int64_t clips = by_reads(job, expected, &want);
  for (int encoded = 0; encoded < 2; encoded++) {
    int64_t clipped;
    pl_operand b;
    if (encoded) {
      ck_assert_int_eq(pl_operand_alloc(&b, r, 1, r->cols), 0);
      pl_operand_encode(&b, r, 1, job->b, r->depth, 0, r->cols, 0);
      clipped = pl_model_gemm_encoded(r, job->a, r->depth, &b, 0, job->c, r->cols, &again);
      pl_operand_free(&b);
    } else {
      clipped = pl_model_gemm(r, job->a, r->depth, job->b, r->depth, job->c, r->cols, &got);
    }
    for (size_t i = 0; i < count; i++)
      if (job->c[i] != expected[i])
        ck_abort_msg("case %d, effects %05x, k %d: output %zu: expected %d, got %d", number, r->effects, r->rns_k, i,
                     expected[i], job->c[i]);
    ck_assert_int_eq(clipped, clips);
  }
  ck_assert_msg(!memcmp(&want, &got, sizeof want) && !memcmp(&want, &again, sizeof want), "case %d: counters", number);
  sum->detected += got.detected;
  sum->corrected += got.corrected;
  free(expected);
}

START_TEST(blocks_equal_reads) {
  uint64_t state = test_seed("blocks_equal_reads");
  pl_model_errors sum = {0};
  for (int i = 0; i < 600; i++) {
    pl_model_regs r = draw_rns(&state, i % 2 ? PL_EFFECT_RESIDUES : 0, RNS_EFFECTS);
    if (i % 10 == 0) r.cols = 200; /* more than a block */
    model_job job = job_new(&state, r);
    check_job(&job, i, &sum);
    job_free(&job);
  }
  printf("blocks_equal_reads: %lld detected, %lld corrected\n", (long long)sum.detected, (long long)sum.corrected);
  ck_assert(sum.detected > 100 && sum.corrected > 100);
}
END_TEST

/* The integer product of the codes, modulo 2^32. */
static void check_exact(const model_job *job, const char *what) {
  const pl_model_regs *r = &job->r;
  for (int m = 0; m < r->rows; m++)
    for (int n = 0; n < r->cols; n++) {
      int32_t sum = 0;
      for (int k = 0; k < r->depth; k++) sum += job->a[m * r->depth + k] * job->b[n * r->depth + k];
      if (sum != job->c[m * r->cols + n])
        ck_abort_msg("%s: k %d, %d channels, depth %d: %d, not %d", what, r->rns_k, r->channels, r->depth,
                     job->c[m * r->cols + n], sum);
    }
}

/* Noise off: int8 products of any length through k = 7 and 8 are the integer product, with converters too if they are
 * fine enough. 63 and 511 channels are the most whose sums always fit. */
START_TEST(exact_without_noise) {
  uint64_t state = test_seed("exact_without_noise");
  static const int depths[] = {1, 63, 64, 511, 1000, 4096, 65536};
  for (int i = 0; i < 56; i++) {
    pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | (i & 1 ? PL_EFFECT_ADC : 0) |
                                    (i & 2 ? PL_EFFECT_RANGE_CHECK : 0) |
                                    (i & 4 ? PL_EFFECT_REDUNDANCY | PL_EFFECT_BFP : 0),
                                7 + i % 2);
    r.depth = depths[i / 8];
    r.redundant = 1 + i / 8 % 2;
    r.channels = i % 3 ? (r.rns_k == 7 ? 63 : 511) : 16;
    r.rows = 3;
    r.cols = 4;
    model_job job = job_new(&state, r);
    if (i % 4 > 1) memset(job.a, -128, (size_t)r.rows * (size_t)r.depth); /* the widest sums */
    if (i % 4 > 1) memset(job.b, i % 4 == 2 ? -128 : 127, (size_t)r.cols * (size_t)r.depth);
    pl_model_errors errors = {0};
    ck_assert_int_eq(pl_model_gemm(&r, job.a, r.depth, job.b, r.depth, job.c, r.cols, &errors), 0);
    ck_assert_int_eq(errors.detected + errors.corrected, 0);
    check_exact(&job, "exact_without_noise");
    job_free(&job);
  }
}
END_TEST

/* With residues and block floating point off nothing else can change the product. */
START_TEST(exact_without_residues) {
  uint64_t state = test_seed("exact_without_residues");
  for (int i = 0; i < 100; i++) {
    model_job job = job_new(&state, draw_rns(&state, 0, RNS_EFFECTS & ~(PL_EFFECT_RESIDUES | PL_EFFECT_BFP)));
    pl_model_errors sum = {0};
    check_job(&job, i, &sum);
    ck_assert_int_eq(sum.detected + sum.corrected, 0);
    check_exact(&job, "exact_without_residues");
    job_free(&job);
  }
}
END_TEST

/* Each noise alone, far beyond what a level bears, must change the product; without noise no check may. */
START_TEST(every_effect_alone) {
  static const uint32_t effects[] = {0, PL_EFFECT_PHASE, PL_EFFECT_THERMAL, PL_EFFECT_ADC, PL_EFFECT_BFP,
                                     PL_EFFECT_RANGE_CHECK, PL_EFFECT_REDUNDANCY};
  uint64_t state = test_seed("every_effect_alone");
  for (size_t e = 0; e < sizeof effects / sizeof *effects; e++) {
    pl_model_regs r = plain_rns(PL_EFFECT_RESIDUES | effects[e], 8);
    for (int i = 0; i < 5; i++) r.level_sigma[i] = 8192;
    r.iq_sigma = 8192;
    r.bfp_bits = 4;
    r.redundant = 2;
    fit_adc(&r, 4);
    r.rows = r.cols = 8;
    model_job job = job_new(&state, r), exact = job;
    exact.c = malloc(64 * sizeof *exact.c);
    exact.r.effects = 0;
    pl_model_errors sum = {0};
    check_job(&job, (int)e, &sum);
    job_run(&exact);
    const int changes = memcmp(job.c, exact.c, 64 * sizeof *job.c) != 0, noisy = e >= 1 && e <= 4;
    ck_assert_msg(changes == noisy, "effect %05x: %s", effects[e], changes ? "changes" : "does not change");
    free(exact.c);
    job_free(&job);
  }
}
END_TEST

/* Any split along rows, columns and reads gives the same bits and counters. */
START_TEST(splits) {
  uint64_t state = test_seed("splits");
  for (int i = 0; i < 60; i++) {
    pl_model_regs r = draw_rns(&state, RNS_EFFECTS, 0);
    r.rows = (int)draw_in(&state, 2, 6);
    r.cols = (int)draw_in(&state, 2, 12);
    r.depth = r.channels * (int)draw_in(&state, 2, 4) + 1;
    model_job job = job_new(&state, r);
    pl_model_errors whole = {0}, parts = {0};
    int64_t clipped = pl_model_gemm(&r, job.a, r.depth, job.b, r.depth, job.c, r.cols, &whole);
    const int row = (int)draw_in(&state, 1, r.rows - 1), col = (int)draw_in(&state, 1, r.cols - 1);
    const int reads = (int)draw_in(&state, 1, r.depth / r.channels), depth = reads * r.channels;
    int32_t sum[6][12] = {0};
    for (int part = 0; part < 8; part++) {
      const int m0 = part & 1 ? row : 0, n0 = part & 2 ? col : 0, k0 = part & 4 ? depth : 0;
      pl_model_regs p = r;
      p.row0 += (uint32_t)m0, p.col0 += (uint32_t)n0, p.sum0 += part & 4 ? (uint32_t)reads : 0;
      p.rows = part & 1 ? r.rows - row : row;
      p.cols = part & 2 ? r.cols - col : col;
      p.depth = part & 4 ? r.depth - depth : depth;
      int32_t c[6 * 12];
      clipped -= pl_model_gemm(&p, job.a + m0 * r.depth + k0, r.depth, job.b + n0 * r.depth + k0, r.depth, c, p.cols,
                               &parts);
      for (int m = 0; m < p.rows; m++)
        for (int n = 0; n < p.cols; n++)
          sum[m0 + m][n0 + n] = (int32_t)((uint32_t)sum[m0 + m][n0 + n] + (uint32_t)c[m * p.cols + n]);
    }
    for (int m = 0; m < r.rows; m++) ck_assert_mem_eq(sum[m], job.c + m * r.cols, (size_t)r.cols * sizeof *job.c);
    ck_assert_int_eq(clipped, 0);
    ck_assert_mem_eq(&whole, &parts, sizeof whole);
    job_free(&job);
  }
}
END_TEST

/* A kept B is right for another job as long as its mantissas are the same: only what they depend on is in the key. */
START_TEST(operand_key) {
  pl_model_regs r = plain_rns(RNS_EFFECTS, 5), other = r, key[2];
  other.seed++, other.job++, other.col0 += 5, other.sum0 += 5, other.rns_k++;
  other.effects &= ~(uint32_t)PL_EFFECT_PHASE;
  pl_operand_key(&r, &key[0]);
  pl_operand_key(&other, &key[1]);
  ck_assert_mem_eq(&key[0], &key[1], sizeof key[0]);
  for (int i = 0; i < 4; i++) {
    other = r;
    if (i == 0) other.bfp_bits--;
    if (i == 1) other.effects &= ~(uint32_t)PL_EFFECT_BFP;
    if (i == 2) other.channels--;
    if (i == 3) other.kind = PL_KIND_COHERENT;
    pl_operand_key(&other, &key[1]);
    ck_assert_msg(memcmp(&key[0], &key[1], sizeof key[0]), "change %d is not in the key", i);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, block_floating_point);
  tcase_add_test(tests, groups_of_block_floating_point);
  tcase_add_test(tests, sine);
  tcase_add_test(tests, angle);
  tcase_add_test(tests, levels);
  tcase_add_test(tests, forward_conversion);
  tcase_add_test(tests, reverse_conversion);
  tcase_add_test(tests, blocks_equal_reads);
  tcase_add_test(tests, exact_without_noise);
  tcase_add_test(tests, exact_without_residues);
  tcase_add_test(tests, every_effect_alone);
  tcase_add_test(tests, splits);
  tcase_add_test(tests, operand_key);
}

int main(void) { return run_suite("model_rns", fill); }
