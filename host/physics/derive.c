/* derive.c: from physical units to the register image: the only place where this happens, with one file per kind
 * (derive_coherent.c, derive_intensity.c, derive_rns.c). Here: defaults, scaled numbers, receiver, ADC.
 *
 * The detector's LSB is 1/4 code^2; a variance unit of the receiver is (2^sigma_exp LSB)^2 = 4^sigma_exp / 16 code^4.
 * docs/signal-chain.md says what the registers do.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "physics/derive.h"

void pl_physics_reset(pl_physics *p) {
  memset(p, 0, sizeof *p);
  p->channels = 64;
  p->wavelengths = 12;
  p->wavelength_spacing_nm = 0.4;
  p->dac_bits_a = p->dac_bits_b = p->adc_bits = 8;
  p->mean_input = 1;
  p->channel_gain_rms = -1;
  p->moduli_k = p->mantissa_bits = 8;
  p->adc_full_scale_amplitude = 1.25;
}

/* ---- Scaled numbers ---- */

pl_status pl_derive_fixed(double value, int fraction, double max, const char *what, uint32_t *word, pl_error *err) {
  double scaled = nearbyint(ldexp(value, fraction));
  if (!(scaled >= 0 && scaled <= max))
    return pl_fail(err, PL_E_INPUT, "%s is %g but registers hold 0 to %g", what, value, ldexp(max, -fraction));
  *word = (uint32_t)scaled;
  return PL_OK;
}

void pl_derive_factor(double factor, uint32_t *gain, uint32_t *shift) {
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

/* ---- Receiver and ADC ---- */

pl_status pl_derive_receiver(const pl_receiver *r, pl_image *image, pl_error *err) {
  for (int e = 0; e <= 15; e++) {
    const double unit = ldexp(1, 2 * e) / 16; /* code^4 per variance unit */
    const double phase = r->per_power / unit, shot = r->per_light / unit, thermal = r->constant / unit;
    if (r->largest / unit * (1 + 1e-4) > 4294967295.0 || phase > 65535 || shot > 65535) continue;
    image->reg[PL_REG_SIGMA_EXP] = (uint32_t)e;
    pl_derive_factor(phase, &image->reg[PL_REG_PHASE_GAIN], &image->reg[PL_REG_PHASE_SHIFT]);
    pl_derive_factor(shot, &image->reg[PL_REG_SHOT_GAIN], &image->reg[PL_REG_SHOT_SHIFT]);
    image->reg[PL_REG_THERMAL_VAR] = (uint32_t)nearbyint(thermal);
    return PL_OK;
  }
  return pl_fail(err, PL_E_INPUT,
                 "the receiver noise of %g code^2 rms at full scale is more than registers hold: %s", sqrt(r->largest),
                 r->remedy);
}

pl_status pl_derive_adc(const pl_physics *p, pl_image *image, pl_error *err) {
  const double full = p->adc_full_scale_code2 > 0 ? p->adc_full_scale_code2 : p->channels * PL_FULL_CODE * PL_FULL_CODE;
  const pl_range range = pl_range_for(full, p->adc_bits);
  image->reg[PL_REG_ADC_GAIN] = range.gain;
  image->reg[PL_REG_ADC_SHIFT] = range.shift;
  const double offset = nearbyint(p->adc_offset_code2 * 4);
  if (!(fabs(offset) <= INT32_MAX))
    return pl_fail(err, PL_E_INPUT, "adc_offset_code2 is %g but registers hold -536870911 to 536870911",
                   p->adc_offset_code2);
  image->reg[PL_REG_ADC_OFFSET] = (uint32_t)(int32_t)offset;
  return PL_OK;
}

double pl_photons_per_code2(const pl_physics *p) {
  const double full = p->kind != PL_KIND_INTENSITY ? p->photons_full_scale
                      : p->mean_input > 0          ? p->photons_per_mac / p->mean_input
                                                   : 0;
  return full > 0 ? full / (PL_FULL_CODE * PL_FULL_CODE) : 0;
}

/* ---- The whole image ---- */

pl_status pl_physics_derive(const pl_physics *p, pl_image *image, pl_error *err) {
  static pl_status (*const derive[PL_KINDS])(const pl_physics *, pl_image *, pl_error *) = {
      [PL_KIND_COHERENT] = pl_derive_coherent,
      [PL_KIND_INTENSITY] = pl_derive_intensity,
      [PL_KIND_RNS] = pl_derive_rns,
  };
  uint32_t *reg = image->reg;
  if (p->kind < 0 || p->kind >= PL_KINDS)
    return pl_fail(err, PL_E_INPUT, "there is no kind of core of number %d", p->kind);
  if (p->channels < 1 || p->channels > 4096 || p->wavelengths < 1 || p->wavelengths > 32)
    return pl_fail(err, PL_E_INPUT, "a core has 1 to 4096 channels and 1 to 32 wavelengths, not %d and %d", p->channels,
                   p->wavelengths);
  const uint32_t lit = PL_EFFECT_SHOT | PL_EFFECT_THERMAL | PL_EFFECT_PHOTONS;
  if (p->kind != PL_KIND_RNS && p->effects & lit && !(pl_photons_per_code2(p) > 0))
    return pl_fail(err, PL_E_INPUT, "%sshot and thermal noise need %s above 0",
                   p->kind == PL_KIND_INTENSITY ? "photons, " : "",
                   p->kind == PL_KIND_INTENSITY ? "photons_per_mac" : "photons_full_scale");
  pl_image_reset(image);
  reg[PL_REG_EFFECTS] = p->effects;
  reg[PL_REG_KIND] = (uint32_t)p->kind;
  reg[PL_REG_SEED] = p->seed;
  reg[PL_REG_CHANNELS] = (uint32_t)p->channels;
  reg[PL_REG_ADC_BITS] = (uint32_t)p->adc_bits;
  reg[PL_REG_DAC_BITS_A] = (uint32_t)p->dac_bits_a;
  reg[PL_REG_DAC_BITS_B] = (uint32_t)p->dac_bits_b;
  const pl_status status = derive[p->kind](p, image, err);
  return status ? status : pl_image_check(image, err);
}

/* ---- What is emulated badly ---- */

/* Photons of a read below which 10^6 reads show that counts are drawn from a normal distribution (docs/physics.md). */
#define PHOTONS_ENOUGH 1e4

void pl_physics_warning(const pl_physics *p, char *text, size_t size) {
  *text = 0;
  if (p->kind == PL_KIND_RNS) {
    const double reach = pl_largest_sum_code2(p), psi = pl_moduli_range(p);
    if (p->effects & PL_EFFECT_RESIDUES && reach > psi)
      snprintf(text, size,
               "sums of %d products can reach %.0f but these moduli hold %.0f: larger sums wrap (fewer channels, a "
               "larger moduli_k or fewer mantissa_bits)", p->channels, reach, psi);
    return;
  }
  /* Both operands at a quarter of full scale, unless the description says how much light there is. */
  double light_code2 = p->channels * PL_FULL_CODE * PL_FULL_CODE / 16;
  if (p->kind == PL_KIND_INTENSITY && p->mean_light_code2 > 0) light_code2 = p->mean_light_code2;
  const double photons = light_code2 * pl_photons_per_code2(p);
  if (p->effects & PL_EFFECT_SHOT && p->effects & PL_EFFECT_PHOTONS)
    snprintf(text, size,
             "shot and photons are both on: the light is counted twice and has twice the variance (remove shot)");
  else if (p->effects & PL_EFFECT_SHOT && photons < PHOTONS_ENOUGH)
    snprintf(text, size,
             "a typical read has %.3g photons: mean and variance are right, but below %.0f the Gaussian that stands "
             "for photon counts has wrong tails%s", photons, PHOTONS_ENOUGH,
             p->kind == PL_KIND_INTENSITY ? " (photons in place of shot counts them exactly)" : "");
}
