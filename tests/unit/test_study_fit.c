/* test_study_fit.c: the parts of a calibration alone: quantiles, least squares, what rounding may do, moments of
 * exact and of failing devices, states of parameters, files. The whole of it is closed in
 * tests/stats/test_calibrate.c. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/rns.h"
#include "study/fit.h"
#include "study/rns_chance.h"

/* ---- Statistics ---- */

START_TEST(quantiles) {
  for (double tail = 0.4; tail > 1e-9; tail /= 3) {
    const double z = gsl_cdf_ugaussian_Qinv(tail);
    ck_assert_double_eq_tol(pl_normal_quantile(tail), z, 1e-8);
    if (tail > 1e-6)
      ck_assert_double_eq_tol(pl_student_quantile(tail, 63), gsl_cdf_tdist_Qinv(tail, 63), 0.004 * z);
  }
  ck_assert_double_eq_tol(pl_normal_quantile(0.5), 0, 1e-8);
  ck_assert_double_eq_tol(pl_normal_quantile(0.975), -1.959964, 1e-5);
}
END_TEST

START_TEST(least_squares) {
  /* A line through four points with unlike errors: sums written out by hand. */
  const double x[] = {0, 1, 2, 5}, y[] = {1, 3.5, 4.5, 11.5}, e[] = {0.5, 1, 0.25, 2};
  double s = 0, sx = 0, sxx = 0, sy = 0, sxy = 0;
  pl_lsq lsq;
  pl_lsq_result r;
  pl_lsq_start(&lsq, 2);
  for (int i = 0; i < 4; i++) {
    const double w = 1 / (e[i] * e[i]), row[] = {1, x[i]};
    s += w, sx += w * x[i], sxx += w * x[i] * x[i], sy += w * y[i], sxy += w * x[i] * y[i];
    pl_lsq_add(&lsq, row, y[i], e[i]);
  }
  const double d = s * sxx - sx * sx, a = (sxx * sy - sx * sxy) / d, b = (s * sxy - sx * sy) / d;
  double chi2 = 0;
  for (int i = 0; i < 4; i++) chi2 += pow((y[i] - a - b * x[i]) / e[i], 2);
  ck_assert_int_eq(pl_lsq_solve(&lsq, &r), 0);
  ck_assert_double_eq_tol(r.value[0], a, 1e-12);
  ck_assert_double_eq_tol(r.value[1], b, 1e-12);
  ck_assert_double_eq_tol(r.covariance[0][0], sxx / d, 1e-12);
  ck_assert_double_eq_tol(r.covariance[0][1], -sx / d, 1e-12);
  ck_assert_double_eq_tol(r.covariance[1][1], s / d, 1e-12);
  ck_assert_double_eq_tol(r.chi2, chi2, 1e-9);
}
END_TEST

START_TEST(what_least_squares_cannot_tell) {
  pl_lsq lsq;
  pl_lsq_result r;
  pl_lsq_start(&lsq, 2);
  ck_assert_int_eq(pl_lsq_solve(&lsq, &r), -1); /* nothing observed */
  pl_lsq_add(&lsq, (const double[]){1, 2}, 3, 1);
  ck_assert_int_eq(pl_lsq_solve(&lsq, &r), -1); /* one equation for two */
  pl_lsq_add(&lsq, (const double[]){2, 4}, 6, 1);
  ck_assert_int_eq(pl_lsq_solve(&lsq, &r), -1); /* the same once more */
  pl_lsq_add(&lsq, (const double[]){1, -1}, 0, 1e-4); /* errors of very different size are no obstacle */
  ck_assert_int_eq(pl_lsq_solve(&lsq, &r), 0);
  ck_assert_double_eq_tol(r.value[0], 1, 1e-6);
}
END_TEST

/* Moments of a normal deviate rounded to whole numbers, by summing over them. */
static void rounded(double mean, double sigma, double *m, double *v) {
  double square = 0;
  *m = 0;
  for (int i = -40; i <= 40; i++) {
    const double p = 0.5 * (erfc((i - 0.5 - mean) / sigma * M_SQRT1_2) - erfc((i + 0.5 - mean) / sigma * M_SQRT1_2));
    *m += p * i;
    square += p * i * i;
  }
  *v = square - *m * *m;
}

START_TEST(rounding_stays_within_its_bound) {
  for (double sigma = 0.05; sigma < 3; sigma *= 1.2)
    for (double mean = -0.5; mean < 0.5; mean += 0.03) {
      double m, v, of_mean, of_variance;
      rounded(mean, sigma, &m, &v);
      pl_probe_rounding(1, 1e-9, sigma * sigma + 1.0 / 12, 1e6, &of_mean, &of_variance);
      ck_assert_msg(fabs(m - mean) <= of_mean + 1e-9, "mean %g sigma %g: off by %g, bound %g", mean, sigma, m - mean,
                    of_mean);
      const double off = v - 1.0 / 12 - sigma * sigma;
      ck_assert_msg(fabs(off) <= of_variance + 1e-9, "mean %g sigma %g: variance off by %g, bound %g", mean, sigma, off,
                    of_variance);
    }
  /* No read of a million differs: in the middle of a step one in 7e-6 * 16 would have at the bound. */
  double of_mean, of_variance;
  pl_probe_rounding(2, 0.25, 0, 1e6, &of_mean, &of_variance);
  ck_assert_double_eq(of_mean, 1);
  ck_assert_double_eq_tol(2 * gsl_cdf_ugaussian_Q(1 / sqrt(of_variance)), 7.0 * 16 / 1e6, 1e-8);
}
END_TEST

/* ---- States ---- */

START_TEST(states) {
  pl_fit *fit = calloc(1, sizeof *fit);
  ck_assert_int_eq(pl_fit_judge(pl_fit_add(fit, "a", -1, "", 1, 0.5, 1.5, 1), 0, 1), 1);
  ck_assert_int_eq(fit->list[0].state, PL_FIT_ON);
  ck_assert_int_eq(pl_fit_judge(pl_fit_add(fit, "b", -1, "", 1, -0.5, 1.5, 1), 0, 2), 0);
  ck_assert_int_eq(fit->list[1].state, PL_FIT_OFF);
  ck_assert_int_eq(pl_fit_judge(pl_fit_add(fit, "c", -1, "", 1, -0.5, 1.5, 1), 0, 1), 0);
  ck_assert_int_eq(fit->list[2].state, PL_FIT_UNRESOLVED);
  ck_assert_int_eq(pl_fit_add_rms(fit, "d", "", (pl_moment){-1, 1}, 2, 10, 0), 0);
  ck_assert_double_eq(fit->list[3].value, 0);
  ck_assert_double_eq_tol(fit->list[3].high, 2 * sqrt(pl_fit_half(1, 1) - 1), 1e-9);
  for (int i = 0; i < 3; i++)
    pl_fit_add(fit, "table", i, "", 0, 0, 0, 0)->state = i == 2 ? PL_FIT_ON : PL_FIT_OFF;
  int seen;
  ck_assert_int_eq(pl_fit_entries(fit, 4, &seen), 3);
  ck_assert_int_eq(seen, 1);
  ck_assert_int_eq(pl_fit_entries(fit, 1, &seen), 1);
  ck_assert_int_eq(seen, 0);
  ck_assert_ptr_eq(pl_fit_find(fit, "table", 1), &fit->list[5]);
  ck_assert_ptr_null(pl_fit_find(fit, "table", 7));
  ck_assert(pl_fit_half(1, 100) > pl_fit_half(1, 1) && pl_fit_half(1, 1) > 3.29);
  pl_fit_free(fit);
}
END_TEST

START_TEST(balanced_vectors) {
  for (int wavelengths = 1; wavelengths <= 32; wavelengths++)
    for (int channels = 2; channels <= 200; channels += 7) {
      const pl_sheet sheet = {.channels = channels, .wavelengths = wavelengths};
      const int length = pl_fit_length(&sheet, 64);
      int sum = 0, lit = 0, by_wavelength[32] = {0};
      ck_assert(length <= channels && (length == channels || (length >= 64 && length % (2 * wavelengths) == 0)));
      for (int k = 0; k < length; k++) {
        const int sign = pl_fit_balance(&sheet, length, k);
        sum += sign, lit += sign != 0, by_wavelength[k % wavelengths] += sign;
      }
      ck_assert_int_eq(sum, 0);
      ck_assert_int_gt(lit, 0);
      for (int i = 0; i < wavelengths && length >= 2 * wavelengths; i++) ck_assert_int_eq(by_wavelength[i], 0);
    }
}
END_TEST

/* ---- Devices ---- */

static pl_device *device(const char *uri, const pl_image *image) {
  pl_device *dev;
  pl_error err;
  ck_assert_msg(!pl_open(uri, &dev, &err), "%s", err.text);
  ck_assert_msg(!pl_configure(dev, image, &err), "%s", err.text);
  return dev;
}

START_TEST(moments_of_an_exact_device) {
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_CHANNELS] = 3;
  pl_device *dev = device("model:", &image);
  pl_prober p;
  pl_moments m;
  pl_error err;
  pl_prober_init(&p, dev, pl_sheet_of(&image), 1, 1);
  ck_assert_int_eq(p.reads, PL_PROBE_READS_MIN); /* fewer are no probe */
  const int8_t a[] = {1, -2, 3}, b[] = {4, 5, 127};
  ck_assert_msg(!pl_probe_moments(&p, a, b, PL_TALL, &m, &err), "%s", err.text);
  ck_assert_double_eq(m.mean.value, 4 - 10 + 381);
  ck_assert_double_eq(m.row.value, 0);
  ck_assert_double_eq(m.column.value, 0);
  ck_assert_double_eq(m.residual.value, 0);
  ck_assert(m.residual.error > 0 && m.residual.error < 0.05);
  pl_close(dev);
}
END_TEST

/* Encoding noise of A alone is what a row shares; of B, a column; thermal noise, nothing. The values are known. */
START_TEST(moments_separate_what_reads_share) {
  static const uint32_t effects[] = {PL_EFFECT_ENC_A, PL_EFFECT_ENC_B, PL_EFFECT_THERMAL};
  static const uint32_t bits[] = {8, 8, 8, 4}; /* with 4 bits rounding is as much as 5 % of the variance */
  for (int run = 0; run < 4; run++) {
    const int i = run < 3 ? run : 2;
    pl_image image;
    pl_image_reset(&image);
    image.reg[PL_REG_EFFECTS] = effects[i] | PL_EFFECT_ADC;
    image.reg[PL_REG_CHANNELS] = 4;
    image.reg[PL_REG_ADC_BITS] = bits[run];
    image.reg[PL_REG_ENC_SIGMA_A] = image.reg[PL_REG_ENC_SIGMA_B] = 5243; /* 0.02 */
    image.reg[PL_REG_THERMAL_VAR] = 1000000;                              /* 250 code^2 rms */
    pl_device *dev = device("model:", &image);
    pl_prober p;
    pl_moments m;
    pl_error err;
    pl_prober_init(&p, dev, pl_sheet_of(&image), 1 << 18, 7);
    const int8_t a[] = {96, 96, 96, 96}, b[] = {96, -96, 96, -96};
    ck_assert_msg(!pl_probe_moments(&p, a, b, i == 0 ? PL_TALL : PL_WIDE, &m, &err), "%s", err.text);
    const pl_moment *parts[] = {&m.row, &m.column, &m.residual};
    const double truth[] = {4 * pow(9216 * 0.02, 2), 4 * pow(9216 * 0.02, 2), 250.0 * 250};
    for (int j = 0; j < 3; j++) {
      const double expected = i == j ? truth[i] : 0, deviation = (parts[j]->value - expected) / parts[j]->error;
      ck_assert_msg(fabs(deviation) < 4.5, "run %d, part %d: %g, expected %g, %.1f errors", run, j, parts[j]->value,
                    expected, deviation);
      if (i == j) ck_assert_double_lt(parts[j]->error, 0.05 * expected);
    }
    pl_close(dev);
  }
}
END_TEST

static void expect_failure(const char *uri, const pl_image *image, pl_sheet sheet, pl_status status, const char *says) {
  pl_device *dev = device(uri, image);
  pl_prober p;
  pl_fit *fit = (pl_fit *)1;
  pl_error err = {0};
  pl_prober_init(&p, dev, sheet, PL_PROBE_READS_MIN, 1);
  ck_assert_int_eq(pl_fit_device(&p, &fit, &err), status);
  ck_assert_ptr_null(fit);
  ck_assert_msg(strstr(err.text, says) != NULL, "says: %s", err.text);
  pl_close(dev);
}

START_TEST(wrong_devices) {
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_CHANNELS] = 16;
  pl_sheet sheet = pl_sheet_of(&image);
  expect_failure("null:?fail=gemm", &image, sheet, PL_E_IO, "");
  expect_failure("null:?fail=gemm&after=20", &image, sheet, PL_E_IO, "");
  sheet.adc_bits = 8;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "names an ADC of 8 bits, but results do not follow");
  sheet.adc_bits = 0;
  sheet.dac_bits[1] = 5;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "gives operand B 5 bits, but its levels are those of 8");
  sheet.dac_bits[1] = 0;
  sheet.channels = 1;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "a single channel cannot be calibrated");
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_ADC;
  sheet.channels = 16;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "names no ADC, but results follow");
  sheet = pl_sheet_of(&image);
  sheet.adc_bits = 10;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "names an ADC of 10 bits, but the largest code is 127");
  image.reg[PL_REG_KIND] = sheet.kind = PL_KIND_INTENSITY;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "names an ADC of 10 bits, but the largest code is 127");
  image.reg[PL_REG_KIND] = PL_KIND_COHERENT;
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_ADC | PL_EFFECT_DAC_A;
  image.reg[PL_REG_DAC_BITS_A] = 6;
  sheet = pl_sheet_of(&image);
  sheet.dac_bits[0] = 8;
  expect_failure("model:", &image, sheet, PL_E_INPUT, "gives operand A 8 bits, but its levels are those of 6");
}
END_TEST

/* ---- Files ---- */

static char *contents(const char *path) {
  static char text[2][65536];
  static int which;
  FILE *f = fopen(path, "rb");
  ck_assert_ptr_nonnull(f);
  which = !which;
  text[which][fread(text[which], 1, sizeof text[0] - 1, f)] = 0;
  fclose(f);
  return text[which];
}

START_TEST(files) {
  char folder[] = "/tmp/photolane-fit-XXXXXX", path[256], other[256];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/fit.cfg", folder);
  snprintf(other, sizeof other, "%s/fit.cfg.new", folder);
  pl_fit *fit = calloc(1, sizeof *fit);
  pl_core core;
  pl_error err;
  fit->sheet = (pl_sheet){.kind = PL_KIND_INTENSITY, .channels = 5, .adc_bits = 7};
  fit->effects = PL_EFFECT_ADC | PL_EFFECT_SHOT | PL_EFFECT_GAIN;
  pl_fit_add(fit, "photons_per_mac", -1, "photons", 20, 19, 21, 1);
  for (int i = 0; i < 3; i++) pl_fit_add(fit, "channel_gains", i, "", 1 + i / 8.0, 1, 2, 1);
  pl_fit_judge(pl_fit_add(fit, "systematic_error_rms", -1, "", 0, 0, 1e-3, 1), 0, 1);
  ck_assert_msg(!pl_fit_write(fit, path, &err), "%s", err.text);
  ck_assert_msg(!pl_core_load(path, &core, &err), "%s", err.text);
  ck_assert_uint_eq(core.image.reg[PL_REG_EFFECTS], fit->effects);
  ck_assert_uint_eq(core.image.reg[PL_REG_WAVELENGTHS], 3);
  ck_assert_int_eq((int32_t)core.image.reg[PL_REG_DISPERSION + 2], 8192);
  ck_assert_ptr_nonnull(strstr(contents(path), "systematic_error_rms                 0.001"));
  ck_assert_int_eq(access(other, F_OK), -1);

  /* The same bytes again; a fit that no description can hold leaves the old file as it was. */
  char first[65536];
  strcpy(first, contents(path));
  ck_assert(!pl_fit_write(fit, path, &err));
  ck_assert_str_eq(contents(path), first);
  fit->list[1].value = 7;
  ck_assert_int_eq(pl_fit_write(fit, path, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "channel_gains[0] is 7"));
  ck_assert_str_eq(contents(path), first);
  ck_assert_int_eq(access(other, F_OK), -1);
  fit->list[1].value = 1;
  ck_assert_int_eq(pl_fit_write(fit, "/dev/null", &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "no regular file"));
  ck_assert_int_eq(pl_fit_write(fit, "/nowhere/at/all.cfg", &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
  remove(path);
  rmdir(folder);
  pl_fit_free(fit);
}
END_TEST

/* ---- Residues ---- */

/* Predicted chances against counts of the golden model, residue by residue. */
START_TEST(chances_of_wrong_residues) {
  static const struct {
    uint32_t effects, noise;
    int bits;
  } cases[] = {{PL_EFFECT_THERMAL | PL_EFFECT_ADC, 8000, 6}, {PL_EFFECT_PHASE | PL_EFFECT_ADC, 6000, 6},
               {PL_EFFECT_THERMAL, 9000, 8}, {PL_EFFECT_PHASE, 7000, 8},
               {PL_EFFECT_PHASE | PL_EFFECT_THERMAL | PL_EFFECT_ADC, 5000, 7}};
  enum { READS = 40000 };
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    pl_image image;
    pl_image_reset(&image);
    image.reg[PL_REG_KIND] = PL_KIND_RNS;
    image.reg[PL_REG_EFFECTS] = cases[n].effects | PL_EFFECT_RESIDUES;
    image.reg[PL_REG_RNS_K] = 5;
    image.reg[PL_REG_ADC_BITS] = (uint32_t)cases[n].bits;
    const pl_range range = pl_range_for(1.25 * 4096, cases[n].bits);
    image.reg[PL_REG_ADC_GAIN] = range.gain;
    image.reg[PL_REG_ADC_SHIFT] = range.shift;
    image.reg[PL_REG_IQ_SIGMA] = cases[n].noise;
    for (int i = 0; i < 3; i++) image.reg[PL_REG_LEVEL_SIGMA + i] = cases[n].noise;
    const pl_sheet sheet = pl_sheet_of(&image);
    const pl_rns_noise noise = {cases[n].effects & PL_EFFECT_PHASE ? ldexp(cases[n].noise, -20) : 0,
                                cases[n].effects & PL_EFFECT_THERMAL ? ldexp(cases[n].noise, -18) : 0};
    pl_rns_receiver receiver;
    pl_model_regs regs;
    pl_error err;
    ck_assert(!pl_rns_receiver_init(&receiver, &sheet, &err));
    pl_model_unpack(&image, &regs);
    double wrong = 0, expected = 0, largest = 0;
    for (int i = 0; i < 3; i++)
      for (int sent = 0; sent < receiver.modulus[i]; sent++) {
        const double p = pl_rns_wrong_chance(&receiver, i, sent, noise);
        int count = 0, clipped;
        for (uint32_t row = 0; row < READS; row++)
          count += pl_rns_channel(&regs, i, sent, row, (uint32_t)sent, 0, &clipped) != sent;
        const double z = fabs(count - READS * p) / sqrt(READS * p + 1);
        wrong += count, expected += READS * p, largest = z > largest ? z : largest;
      }
    ck_assert_msg(largest < 5, "case %zu: a residue is %.1f errors off", n, largest);
    ck_assert_msg(fabs(wrong - expected) < 4.5 * sqrt(expected) + 0.01 * expected, "case %zu: %g wrong, %g expected", n,
                  wrong, expected);
    ck_assert_double_gt(expected, 1000);
    pl_rns_receiver_free(&receiver);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("study_fit");
  TCase *tests = tcase_create("study_fit");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, quantiles);
  tcase_add_test(tests, least_squares);
  tcase_add_test(tests, what_least_squares_cannot_tell);
  tcase_add_test(tests, rounding_stays_within_its_bound);
  tcase_add_test(tests, states);
  tcase_add_test(tests, balanced_vectors);
  tcase_add_test(tests, moments_of_an_exact_device);
  tcase_add_test(tests, moments_separate_what_reads_share);
  tcase_add_test(tests, wrong_devices);
  tcase_add_test(tests, files);
  tcase_add_test(tests, chances_of_wrong_residues);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
