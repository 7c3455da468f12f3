/* test_physics_derive_rns.c: physical units to the registers of a residue core: each formula against a value worked out
 * by hand. What the golden model makes of them: tests/stats/test_l3_rns.c. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "physics/physics.h"

static pl_physics plain(uint32_t effects) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_RNS;
  p.effects = effects;
  p.moduli_k = 5;
  p.channels = 16;
  return p;
}

static pl_image derive(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  ck_assert_msg(!pl_physics_derive(p, &image, &err), "%s", err.text);
  ck_assert_uint_eq(image.reg[PL_REG_KIND], PL_KIND_RNS);
  return image;
}

/* The list of docs/signal-chain.md. */
START_TEST(moduli) {
  static const int want[5][5] = {{15, 16, 17, 19, 23}, {31, 32, 33, 35, 37}, {63, 64, 65, 67, 71},
                                 {127, 128, 129, 131, 133}, {255, 256, 257, 259, 263}};
  for (int k = 4; k <= 8; k++) {
    int got[5];
    pl_physics p = plain(PL_EFFECT_REDUNDANCY);
    p.moduli_k = k, p.redundant_moduli = 2;
    ck_assert_int_eq(pl_rns_moduli(&p, got), 5);
    ck_assert_mem_eq(got, want[k - 4], sizeof got);
    p.effects = 0;
    ck_assert_int_eq(pl_rns_moduli(&p, got), 3);
  }
  const pl_physics p = plain(0);
  ck_assert_double_eq(pl_moduli_range(&p), 16367);
}
END_TEST

START_TEST(noise) {
  pl_physics p = plain(PL_EFFECT_PHASE | PL_EFFECT_THERMAL | PL_EFFECT_REDUNDANCY);
  p.redundant_moduli = 1, p.phase_noise_rms_deg = 2, p.amplitude_snr = 66;
  pl_image image = derive(&p);
  for (int i = 0; i < 4; i++) ck_assert_uint_eq(image.reg[PL_REG_LEVEL_SIGMA + i], 5825); /* 2 / 360 * 2^20 = 5825.4 */
  ck_assert_uint_eq(image.reg[PL_REG_LEVEL_SIGMA + 4], 0);                               /* not in use */
  ck_assert_uint_eq(image.reg[PL_REG_IQ_SIGMA], 3972);                                   /* 2^18 / 66 */
  ck_assert_uint_eq(image.reg[PL_REG_REDUNDANT], 1);
  /* Mirage, Eq 14, at 16 multipliers: 5 digits modulo 31 and 32, 6 modulo 33 */
  p.phase_noise_rms_deg = 0, p.shifter_error_rms_turns = 0.001, p.ring_error_rms_turns = 0.0005;
  image = derive(&p);
  ck_assert_uint_eq(image.reg[PL_REG_LEVEL_SIGMA], 7847);     /* sqrt(16e-6 + 160 * 2.5e-7) * 2^20 */
  ck_assert_uint_eq(image.reg[PL_REG_LEVEL_SIGMA + 1], 7847);
  ck_assert_uint_eq(image.reg[PL_REG_LEVEL_SIGMA + 2], 8389); /* sqrt(16e-6 + 192 * 2.5e-7) * 2^20 */
}
END_TEST

/* Amplitude 1 is 2^14 at the converter; full scale stands at code 2^(bits-1). */
START_TEST(converters) {
  for (int bits = 2; bits <= 16; bits++) {
    pl_physics p = plain(PL_EFFECT_ADC);
    p.adc_bits = bits, p.adc_full_scale_amplitude = 1.25;
    const pl_image image = derive(&p);
    const double codes = 16384 * ldexp(image.reg[PL_REG_ADC_GAIN], -(int)image.reg[PL_REG_ADC_SHIFT]);
    ck_assert_double_eq_tol(codes / (ldexp(1, bits - 1) / 1.25), 1, 1e-4);
  }
}
END_TEST

START_TEST(range_limit) {
  pl_physics p = plain(PL_EFFECT_BFP);
  p.mantissa_bits = 4;
  ck_assert_uint_eq(derive(&p).reg[PL_REG_RANGE_LIMIT], 3600); /* 16 * 15^2 */
  ck_assert_uint_eq(derive(&p).reg[PL_REG_BFP_BITS], 4);
  p.mantissa_bits = 8; /* no code is beyond 128 */
  ck_assert_uint_eq(derive(&p).reg[PL_REG_RANGE_LIMIT], 16367);
  p.moduli_k = 8, p.effects = 0;
  ck_assert_uint_eq(derive(&p).reg[PL_REG_RANGE_LIMIT], 16 * 128 * 128);
  p.range_limit_code2 = 1234;
  ck_assert_uint_eq(derive(&p).reg[PL_REG_RANGE_LIMIT], 1234);
}
END_TEST

START_TEST(warning_of_sums_that_wrap) {
  char text[200];
  pl_physics p = plain(PL_EFFECT_RESIDUES | PL_EFFECT_BFP);
  p.mantissa_bits = 4, p.channels = 72; /* 72 * 225 = 16200 */
  pl_physics_warning(&p, text, sizeof text);
  ck_assert_str_eq(text, "");
  p.channels = 73;
  pl_physics_warning(&p, text, sizeof text);
  ck_assert_ptr_nonnull(strstr(text, "can reach 16425 but these moduli hold 16367"));
  p.effects = PL_EFFECT_BFP;
  pl_physics_warning(&p, text, sizeof text);
  ck_assert_str_eq(text, "");
}
END_TEST

static void refuse(const pl_physics *p, const char *says) {
  pl_image image;
  pl_error err = {0};
  ck_assert_int_eq(pl_physics_derive(p, &image, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
}

START_TEST(errors) {
  pl_physics p = plain(PL_EFFECT_THERMAL);
  refuse(&p, "an amplitude_snr above 0");
  p.amplitude_snr = 3;
  refuse(&p, "1 / amplitude_snr is 0.333333");
  p = plain(PL_EFFECT_PHASE);
  p.phase_noise_rms_deg = 23;
  refuse(&p, "the phase noise in turns is 0.0638889");
  p = plain(0);
  p.moduli_k = 9;
  refuse(&p, "moduli_k of 4 to 8");
  p = plain(0);
  p.redundant_moduli = 3;
  refuse(&p, "0 to 2 redundant_moduli");
  p = plain(0);
  p.range_limit_code2 = 1e9;
  refuse(&p, "range_limit_code2 is 1e+09");
  p = plain(PL_EFFECT_SHOT);
  refuse(&p, "the effect shot is on, which a core of kind rns does not have");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("derive_rns");
  TCase *tests = tcase_create("derive_rns");
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, moduli);
  tcase_add_test(tests, noise);
  tcase_add_test(tests, converters);
  tcase_add_test(tests, range_limit);
  tcase_add_test(tests, warning_of_sums_that_wrap);
  tcase_add_test(tests, errors);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
