/* derive.c: from physical units to the register image: the only place where this happens.
 *
 * Notation: x, w operands in codes; F = photons_full_scale; the detector's LSB is 1/4 code^2; a variance unit of the
 * receiver is (2^sigma_exp LSB)^2 = 4^sigma_exp / 16 code^4. docs/signal-chain.md says what the registers do.
 *
 * Sources: LT = Zhu et al., "Lightening-Transformer", HPCA 2024, arXiv 2305.19533, with the noise model of the
 * authors' published code; the shot and thermal terms are ours (elementary photon counting).
 */
#include <math.h>
#include <string.h>

#include "physics/physics.h"

#define PI 3.14159265358979323846
#define FULL_CODE 127.0 /* the code whose light is the "full scale" of photons_full_scale */

void pl_physics_reset(pl_physics *p) {
  memset(p, 0, sizeof *p);
  p->channels = 64;
  p->wavelengths = 12;
  p->wavelength_spacing_nm = 0.4;
  p->dac_bits_a = p->dac_bits_b = p->adc_bits = 8;
}

/* ---- Coupler (LT, authors' code): coupling length over wavelength of a directional coupler with a 100 nm gap ---- */

static double coupling_length(double um) {
  const double a = -5.44, b = 3.53, c = 0.185, d = 0.15, gap_um = 0.1;
  return (a * (um - 1.55) + b) * exp(gap_um / (c * (um - 1.55) + d));
}

double pl_coupler_imbalance(double wavelength_um) {
  double angle = PI / 4 * coupling_length(1.55) / coupling_length(wavelength_um); /* 45 degrees = 50:50 at 1550 nm */
  double kappa = sin(angle) * sin(angle);
  return 2 * kappa - 1;
}

double pl_grid_um(int i, int count, double spacing_nm) {
  int place = i - count / 2;
  if (count % 2 == 0 && place >= 0) place++;
  return 1.55 + spacing_nm * 1e-3 * place;
}

/* ---- Scaled numbers ---- */

/* value * 2^fraction, rounded; 0..max. */
static pl_status fixed(double value, int fraction, double max, const char *what, uint32_t *word, pl_error *err) {
  double scaled = nearbyint(ldexp(value, fraction));
  if (!(scaled >= 0 && scaled <= max))
    return pl_fail(err, PL_E_INPUT, "%s is %g but registers hold 0 to %g", what, value, ldexp(max, -fraction));
  *word = (uint32_t)scaled;
  return PL_OK;
}

/* factor as gain / 2^shift, with as large a gain as 16 bits hold: 32768..65535 unless the shift ends at 47.
 * factor must be below 65535.5. */
static void mantissa(double factor, uint32_t *gain, uint32_t *shift) {
  enum { SHIFT_MAX = 47 };
  int exponent;
  *gain = *shift = 0;
  if (factor <= 0) return;
  frexp(factor, &exponent);
  int s = 16 - exponent;
  double g = nearbyint(ldexp(factor, s));
  if (g > 65535) g = nearbyint(ldexp(factor, --s)); /* 65535.5 and above rounds to 17 bits */
  if (s > SHIFT_MAX) g = nearbyint(ldexp(factor, s = SHIFT_MAX));
  if (s < 0) g = nearbyint(ldexp(factor, s = 0));
  *gain = (uint32_t)g;
  *shift = (uint32_t)s;
}

/* ---- Receiver noise ---- */

/* Variances in code^4: per sum of squared products, per light (sum x^2 + sum w^2), and constant. */
typedef struct {
  double per_power, per_light, constant;
} receiver;

static receiver receiver_noise(const pl_physics *p) {
  receiver r = {0};
  if (p->effects & PL_EFFECT_PHASE) {
    /* A product is x*w*cos(error), error normal with sigma s. Var[cos] = (1 - exp(-s^2))^2 / 2. */
    double s = p->phase_noise_rms_deg * PI / 180, lost = -expm1(-s * s);
    r.per_power = lost * lost / 2;
  }
  if (p->effects & PL_EFFECT_SHOT) {
    /* Both outputs of a coupler together carry (x^2 + w^2)/2 in units of F / 127^2 photons, the difference carries x*w.
     * Poisson counts: the variance of the difference is the mean of the sum. Back to code^2 with (127^2 / F)^2. */
    r.per_light = FULL_CODE * FULL_CODE / (2 * p->photons_full_scale);
  }
  if (p->effects & PL_EFFECT_THERMAL) {
    double sigma = p->thermal_noise_rms_photons * FULL_CODE * FULL_CODE / p->photons_full_scale;
    r.constant = sigma * sigma;
  }
  return r;
}

/* The largest magnitude of an encoded operand, code: the encoder clips at 4095/16, a Gaussian ends at 6.4 sigma. */
static double largest_field(const pl_physics *p, uint32_t effect, double rms) {
  double field = 128 * (1 + (p->effects & effect ? 6.4 * rms : 0));
  return field < 4095 / 16.0 ? field : 4095 / 16.0;
}

/* Sets the receiver's registers. sigma_exp is the smallest at which no read of `channels` products at the largest
 * operands saturates the 32-bit variance: the finest sigma that is always right. */
static pl_status set_receiver(const pl_physics *p, pl_image *image, pl_error *err) {
  receiver r = receiver_noise(p);
  double x = largest_field(p, PL_EFFECT_ENC_A, p->encoding_noise_rms_a);
  double w = largest_field(p, PL_EFFECT_ENC_B, p->encoding_noise_rms_b);
  double power = p->channels * x * x * w * w, light = p->channels * (x * x + w * w);
  double largest = r.per_power * power + r.per_light * light + r.constant; /* code^4 */

  for (int e = 0; e <= 15; e++) {
    double unit = ldexp(1, 2 * e) / 16; /* code^4 per variance unit */
    /* The registers count squared products in 256 code^4 (P) and light in code^2 (L). */
    double phase = 256 * r.per_power / unit, shot = r.per_light / unit, thermal = r.constant / unit;
    if (largest / unit * (1 + 1e-4) > 4294967295.0 || phase > 65535 || shot > 65535) continue;
    image->reg[PL_REG_SIGMA_EXP] = (uint32_t)e;
    mantissa(phase, &image->reg[PL_REG_PHASE_GAIN], &image->reg[PL_REG_PHASE_SHIFT]);
    mantissa(shot, &image->reg[PL_REG_SHOT_GAIN], &image->reg[PL_REG_SHOT_SHIFT]);
    image->reg[PL_REG_THERMAL_VAR] = (uint32_t)nearbyint(thermal);
    return PL_OK;
  }
  return pl_fail(err, PL_E_INPUT,
                 "the receiver noise of %g code^2 rms at full scale is more than registers hold: give more "
                 "photons_full_scale",
                 sqrt(largest));
}

/* ---- The whole image ---- */

static pl_status set_adc(const pl_physics *p, pl_image *image, pl_error *err) {
  image->reg[PL_REG_ADC_BITS] = (uint32_t)p->adc_bits;
  double full_scale = p->adc_full_scale_code2 > 0 ? p->adc_full_scale_code2 : p->channels * FULL_CODE * FULL_CODE;
  pl_range range = pl_range_for(full_scale, p->adc_bits);
  image->reg[PL_REG_ADC_GAIN] = range.gain;
  image->reg[PL_REG_ADC_SHIFT] = range.shift;
  double offset = nearbyint(p->adc_offset_code2 * 4);
  if (!(fabs(offset) <= INT32_MAX))
    return pl_fail(err, PL_E_INPUT, "adc_offset_code2 is %g but registers hold -536870911 to 536870911",
                   p->adc_offset_code2);
  image->reg[PL_REG_ADC_OFFSET] = (uint32_t)(int32_t)offset;
  return PL_OK;
}

pl_status pl_physics_derive(const pl_physics *p, pl_image *image, pl_error *err) {
  pl_status status;
  uint32_t *reg = image->reg;
  if ((p->effects & (PL_EFFECT_SHOT | PL_EFFECT_THERMAL)) && !(p->photons_full_scale > 0))
    return pl_fail(err, PL_E_INPUT, "shot and thermal noise need photons_full_scale above 0");
  if (p->channels < 1 || p->channels > 4096 || p->wavelengths < 1 || p->wavelengths > 32)
    return pl_fail(err, PL_E_INPUT, "a core has 1 to 4096 channels and 1 to 32 wavelengths, not %d and %d", p->channels,
                   p->wavelengths);

  pl_image_reset(image);
  reg[PL_REG_EFFECTS] = p->effects;
  reg[PL_REG_SEED] = p->seed;
  reg[PL_REG_CHANNELS] = (uint32_t)p->channels;
  reg[PL_REG_WAVELENGTHS] = (uint32_t)p->wavelengths;
  reg[PL_REG_DAC_BITS_A] = (uint32_t)p->dac_bits_a;
  reg[PL_REG_DAC_BITS_B] = (uint32_t)p->dac_bits_b;

  if (p->effects & PL_EFFECT_ENC_A &&
      (status = fixed(p->encoding_noise_rms_a, 18, 65535, "encoding_noise_rms_a", &reg[PL_REG_ENC_SIGMA_A], err)))
    return status;
  if (p->effects & PL_EFFECT_ENC_B &&
      (status = fixed(p->encoding_noise_rms_b, 18, 65535, "encoding_noise_rms_b", &reg[PL_REG_ENC_SIGMA_B], err)))
    return status;
  if (p->effects & PL_EFFECT_OUTPUT &&
      (status = fixed(p->output_noise_rms, 16, 65535, "output_noise_rms", &reg[PL_REG_OUTPUT_SIGMA], err)))
    return status;
  if (p->effects & PL_EFFECT_PHASE) {
    double s = p->phase_noise_rms_deg * PI / 180; /* E[cos] = exp(-s^2/2) */
    status = fixed(-expm1(-s * s / 2), 24, 1048575, "the phase noise's mean loss 1 - exp(-s^2/2)",
                   &reg[PL_REG_PHASE_LOSS], err);
    if (status) return status;
  }
  if (p->effects & PL_EFFECT_DISPERSION)
    for (int i = 0; i < p->wavelengths; i++) {
      double e = pl_coupler_imbalance(pl_grid_um(i, p->wavelengths, p->wavelength_spacing_nm));
      if (!(fabs(e) <= 0.5))
        return pl_fail(err, PL_E_INPUT,
                       "the coupler's imbalance at wavelength %d is %g but registers hold -0.5 to 0.5: use "
                       "a smaller wavelength_spacing_nm", i, e);
      reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)nearbyint(ldexp(e, 15));
    }
  if ((status = set_receiver(p, image, err))) return status;
  if ((status = set_adc(p, image, err))) return status;
  return pl_image_check(image, err);
}
