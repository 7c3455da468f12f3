/* test_model_order.c: the order of the stages. For each pair of neighbours the result is computed here, from the page's
 * formulas, in the right order and with the two swapped: the model must give the first, in cases where they differ.
 *
 * One detector read of three channels, at many places (row = column); the deviates come from the page's coordinates.
 */
#include <math.h>

#include "test_model_support.h"

enum { CHANNELS = 3, PLACES = 200 };

static const int8_t A[CHANNELS] = {101, -77, 58}, B[CHANNELS] = {-90, 63, 117};
static const int E[CHANNELS] = {9000, -5000, 12000};

static double rnd(double x, int s) { return floor(x / ldexp(1, s) + 0.5); } /* exact below 2^53 */

static pl_model_regs setting(uint32_t effects, uint32_t at) {
  return (pl_model_regs){.effects = effects, .seed = 11, .job = 12, .channels = CHANNELS, .wavelengths = CHANNELS,
                         .dac_bits_a = 4, .dac_bits_b = 8, .enc_sigma_a = 20000, .enc_sigma_b = 0, .crosstalk = 12000,
                         .phase_loss = 300000, .output_sigma = 6000, .shot_gain = 3, .thermal_var = 250000,
                         .sigma_exp = 2, .adc_bits = 12, .adc_gain = 41000, .adc_shift = 22, .adc_offset = 3333, .row0 = at, .col0 = at,
                         .rows = 1, .cols = 1, .depth = CHANNELS, .dispersion = {9000, -5000, 12000}};
}

static double deviate(int effect, uint32_t row, uint32_t column, int word) {
  uint32_t words[2];
  pl_noise_block(11, 12, effect, row, column, 0, words);
  return pl_gauss(words[word]);
}

/* The stages as functions of real numbers that hold integers. */
static double dac4(double code) { return fmin(7, floor(code / 16 + 0.5)) * 16; }
static double encode(double xq, int channel, uint32_t at) {
  const double sigma = rnd(fabs(xq) * 20000, 12);
  return xq + rnd(deviate(1, at, (uint32_t)channel / 2, channel % 2) * sigma, 17);
}
static double lose(double v) { return v - rnd(v * 300000, 24); }
static double spread(double v, uint32_t at) {
  return v + rnd(deviate(3, at, at, 0) * floor(fabs(v) * 6000 / 65536), 11);
}
static double receive(double v, double sigma, uint32_t at) {
  return v + rnd(deviate(3, at, at, 1) * sigma * 4, 11);
}
static double convert(double v) { return rnd((v + 3333) * 41000, 22); }

/* Clean fields, y6 and dispersion of the read. */
static double clean_y6(void) {
  double y = 0;
  for (int i = 0; i < CHANNELS; i++) y += 256.0 * A[i] * B[i];
  return rnd(y, 6);
}
static double dispersed(void) {
  double d = 0;
  for (int i = 0; i < CHANNELS; i++) d += rnd(256.0 * A[i] * A[i] * E[i], 16) - rnd(256.0 * B[i] * B[i] * E[i], 16);
  return rnd(d, 6);
}

typedef struct { double right, swapped; } pair;

/* Detector values */

static pair dac_then_encoding(uint32_t at) {
  pair p = {0, 0};
  for (int i = 0; i < CHANNELS; i++) {
    p.right += encode(dac4(A[i]) * 16, i, at) * B[i] * 16;
    p.swapped += dac4(encode(A[i] * 16, i, at) / 16) * 16 * B[i] * 16;
  }
  return (pair){rnd(p.right, 6), rnd(p.swapped, 6)};
}

static pair encoding_then_square(uint32_t at) {
  double y = 0, noisy = 0, clean = 0;
  for (int i = 0; i < CHANNELS; i++) {
    const double field = encode(A[i] * 16, i, at);
    y += field * B[i] * 16;
    noisy += floor(field * field / 256) + B[i] * B[i];
    clean += A[i] * A[i] + B[i] * B[i];
  }
  return (pair){receive(rnd(y, 6), floor(sqrt(3 * noisy) + 0.5), at),
                receive(rnd(y, 6), floor(sqrt(3 * clean) + 0.5), at)};
}

/* Crosstalk acts on fields with their noise, of the field before as it was before crosstalk. */
static double leak(double x, double before) { return x + rnd(before * 12000, 15); }
static double leaked_b(int i) { return i ? leak(B[i] * 16, B[i - 1] * 16) : B[i] * 16; }

static pair encoding_then_crosstalk(uint32_t at) {
  double noisy[CHANNELS], clean[CHANNELS];
  pair p = {0, 0};
  for (int i = 0; i < CHANNELS; i++) {
    noisy[i] = encode(A[i] * 16, i, at);
    clean[i] = A[i] * 16;
    p.right += (i ? leak(noisy[i], noisy[i - 1]) : noisy[i]) * leaked_b(i);
    p.swapped += encode(i ? leak(clean[i], clean[i - 1]) : clean[i], i, at) * leaked_b(i);
  }
  return (pair){rnd(p.right, 6), rnd(p.swapped, 6)};
}

static pair crosstalk_of_fields_before_it(uint32_t at) {
  double chain = 0, before = 0;
  pair p = {0, 0};
  for (int i = 0; i < CHANNELS; i++) {
    const double x = encode(A[i] * 16, i, at);
    p.right += (i ? leak(x, before) : x) * leaked_b(i);
    chain = i ? leak(x, chain) : x;
    p.swapped += chain * leaked_b(i);
    before = x;
  }
  return (pair){rnd(p.right, 6), rnd(p.swapped, 6)};
}

static pair crosstalk_then_square(uint32_t at) {
  double y = 0, leaked = 0, own = 0;
  for (int i = 0; i < CHANNELS; i++) {
    const double x = i ? leak(A[i] * 16, A[i - 1] * 16) : A[i] * 16, w = leaked_b(i);
    y += x * w;
    leaked += floor(x * x / 256) + floor(w * w / 256);
    own += A[i] * A[i] + B[i] * B[i];
  }
  return (pair){receive(rnd(y, 6), floor(sqrt(3 * leaked) + 0.5), at),
                receive(rnd(y, 6), floor(sqrt(3 * own) + 0.5), at)};
}

static pair sum_then_rounding(uint32_t at) {
  double y = 0, rounded = 0;
  for (int i = 0; i < CHANNELS; i++) {
    const double product = encode(A[i] * 16, i, at) * B[i] * 16;
    y += product;
    rounded += rnd(product, 6);
  }
  return (pair){rnd(y, 6), rounded};
}

static pair sum_then_phase(uint32_t at) {
  double y = 0, swapped = 0;
  for (int i = 0; i < CHANNELS; i++) {
    const double product = encode(A[i] * 16, i, at) * B[i] * 16;
    y += product;
    swapped += lose(product / 64);
  }
  return (pair){lose(rnd(y, 6)), rnd(swapped, 0)};
}

static pair phase_then_dispersion(uint32_t at) {
  (void)at; /* the read has one value */
  return (pair){lose(clean_y6()) + dispersed(), lose(clean_y6() + dispersed())};
}

static pair dispersion_then_output(uint32_t at) {
  return (pair){spread(clean_y6() + dispersed(), at), spread(clean_y6(), at) + dispersed()};
}

static pair phase_then_output(uint32_t at) {
  return (pair){spread(lose(clean_y6()), at), lose(spread(clean_y6(), at))};
}

static pair output_then_receiver(uint32_t at) {
  return (pair){receive(spread(clean_y6(), at), 500, at), spread(receive(clean_y6(), 500, at), at)};
}

/* Codes */

static pair receiver_then_adc(uint32_t at) {
  return (pair){convert(receive(clean_y6(), 500, at)), receive(convert(clean_y6()), 500, at)};
}

static pair offset_then_gain(uint32_t at) {
  const double v = receive(clean_y6(), 500, at);
  return (pair){convert(v), rnd(v * 41000 + 3333, 22)};
}

static void check(pair (*compute)(uint32_t), uint32_t effects, int codes, int least) {
  int differ = 0;
  for (uint32_t at = 0; at < PLACES; at++) {
    const pl_model_regs r = setting(effects, at);
    const pl_read read = pl_model_read(&r, A, B, 0, 0, 0);
    const double got = codes ? read.code : read.detector;
    const pair p = compute(at);
    ck_assert_msg(got == p.right, "place %u: expected %.0f, got %.0f (swapped: %.0f)", at, p.right, got, p.swapped);
    differ += p.right != p.swapped;
  }
  ck_assert_msg(differ >= least, "only %d of %d cases tell the order", differ, PLACES);
}

#define ORDER(name, effects, codes, least) \
  START_TEST(order_##name) { check(name, effects, codes, least); } \
  END_TEST

ORDER(dac_then_encoding, PL_EFFECT_DAC_A | PL_EFFECT_ENC_A, 0, 20)
ORDER(encoding_then_square, PL_EFFECT_ENC_A | PL_EFFECT_SHOT, 0, 20)
ORDER(encoding_then_crosstalk, PL_EFFECT_ENC_A | PL_EFFECT_CROSSTALK, 0, 20)
ORDER(crosstalk_of_fields_before_it, PL_EFFECT_ENC_A | PL_EFFECT_CROSSTALK, 0, 20)
ORDER(crosstalk_then_square, PL_EFFECT_CROSSTALK | PL_EFFECT_SHOT, 0, 20)
ORDER(sum_then_rounding, PL_EFFECT_ENC_A, 0, 20)
ORDER(sum_then_phase, PL_EFFECT_ENC_A | PL_EFFECT_PHASE, 0, 20)
ORDER(phase_then_dispersion, PL_EFFECT_PHASE | PL_EFFECT_DISPERSION, 0, 20)
ORDER(dispersion_then_output, PL_EFFECT_DISPERSION | PL_EFFECT_OUTPUT, 0, 20)
ORDER(phase_then_output, PL_EFFECT_PHASE | PL_EFFECT_OUTPUT, 0, 20)
ORDER(output_then_receiver, PL_EFFECT_OUTPUT | PL_EFFECT_THERMAL, 0, 20)
ORDER(receiver_then_adc, PL_EFFECT_THERMAL | PL_EFFECT_ADC, 1, 20)
ORDER(offset_then_gain, PL_EFFECT_THERMAL | PL_EFFECT_ADC, 1, 20)

/* The ADC acts on each read, the accumulator adds codes: not the ADC on the accumulated light. */
START_TEST(order_adc_then_accumulation) {
  int differ = 0;
  for (uint32_t at = 0; at < PLACES; at++) {
    pl_model_regs r = setting(PL_EFFECT_ADC, at);
    int8_t a[2 * CHANNELS], b[2 * CHANNELS];
    double v[2] = {0, 0};
    for (int i = 0; i < 2 * CHANNELS; i++) {
      a[i] = A[i % CHANNELS];
      b[i] = (int8_t)(B[i % CHANNELS] ^ (int)(at & 0x7f));
      v[i / CHANNELS] += 4.0 * a[i] * b[i];
    }
    r.depth = 2 * CHANNELS;
    r.channels = CHANNELS;
    int32_t c;
    ck_assert_int_eq(pl_model_gemm(&r, a, 0, b, 0, &c, 0, NULL), 0);
    ck_assert_double_eq(c, convert(v[0]) + convert(v[1]));
    differ += c != convert(v[0] + v[1]);
  }
  ck_assert_int_gt(differ, 20);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, order_dac_then_encoding);
  tcase_add_test(tests, order_encoding_then_square);
  tcase_add_test(tests, order_encoding_then_crosstalk);
  tcase_add_test(tests, order_crosstalk_of_fields_before_it);
  tcase_add_test(tests, order_crosstalk_then_square);
  tcase_add_test(tests, order_sum_then_rounding);
  tcase_add_test(tests, order_sum_then_phase);
  tcase_add_test(tests, order_phase_then_dispersion);
  tcase_add_test(tests, order_dispersion_then_output);
  tcase_add_test(tests, order_phase_then_output);
  tcase_add_test(tests, order_output_then_receiver);
  tcase_add_test(tests, order_receiver_then_adc);
  tcase_add_test(tests, order_offset_then_gain);
  tcase_add_test(tests, order_adc_then_accumulation);
}

int main(void) { return run_suite("model_order", fill); }
