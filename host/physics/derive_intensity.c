/* derive_intensity.c: registers of an intensity core: an intensity of 1 is the light of code 127.
 *
 * Notation: n = photons_per_mac; c = n / mean_input / 127^2 photons per code^2 of light; R = light of a read's four
 * passes, code^2. Source of the terms: OT = Anderson et al., "Optical Transformers", arXiv 2302.10360, TMLR 2024, as
 * the simulator that is attributed to its authors has them; docs/cores.md says which figures are confirmed.
 */
#include <math.h>

#include "device/backend.h"
#include "physics/derive.h"
#include "physics/random.h"

double pl_transfer(const pl_physics *p, int operand, double drive) {
  const pl_curve *curve = operand ? &p->transfer_b : &p->transfer_a;
  const double floor_light = operand ? p->extinction_b : p->extinction_a;
  double light = drive;
  if (curve->count > 1) {
    const double place = drive * (curve->count - 1);
    const int at = place >= curve->count - 1 ? curve->count - 2 : (int)place;
    light = curve->value[at] + (curve->value[at + 1] - curve->value[at]) * (place - at);
  }
  return light > floor_light ? light : floor_light;
}

int pl_channel_gains(const pl_physics *p, double gain[PL_GAINS_MAX]) {
  gain[0] = 1;
  if (!(p->effects & PL_EFFECT_GAIN)) return 1;
  if (p->channel_gain_rms < 0) {
    for (int i = 0; i < p->channel_gains.count; i++) gain[i] = p->channel_gains.value[i];
    return p->channel_gains.count;
  }
  uint64_t state = p->channel_gain_seed;
  const pl_random random = {pl_random_splitmix, &state};
  for (int i = 0; i < PL_GAINS_MAX; i++) gain[i] = 1 + p->channel_gain_rms * pl_random_normal(&random);
  return PL_GAINS_MAX;
}

/* ---- Words ---- */

static pl_status set_transfer(const pl_physics *p, int operand, uint32_t *table, pl_error *err) {
  for (int code = 0; code < 128; code++) {
    const pl_status status = pl_derive_fixed(pl_transfer(p, operand, code / PL_FULL_CODE) * PL_FULL_CODE, 4, 4095,
                                             operand ? "transfer_b, in codes," : "transfer_a, in codes,", &table[code],
                                             err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status set_gains(const pl_physics *p, pl_image *image, double *largest, pl_error *err) {
  double gain[PL_GAINS_MAX];
  const int count = pl_channel_gains(p, gain);
  if (count < 1) return pl_fail(err, PL_E_INPUT, "channel_gains has no values");
  image->reg[PL_REG_WAVELENGTHS] = (uint32_t)count;
  *largest = 1;
  for (int i = 0; i < count; i++) {
    if (!(fabs(gain[i] - 1) <= 0.5))
      return pl_fail(err, PL_E_INPUT, "the gain of channel %d is %g but registers hold 0.5 to 1.5: %s", i, gain[i],
                     p->channel_gain_rms < 0 ? "change channel_gains" : "give a smaller channel_gain_rms");
    image->reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)nearbyint(ldexp(gain[i] - 1, 15));
    if (gain[i] > *largest) *largest = gain[i];
  }
  return PL_OK;
}

/* Light of both rails of an element at its brightest, code. */
static double largest_light(const uint32_t *table, int on) {
  uint32_t most = 0;
  if (!on) return 128;
  for (int code = 0; code < 128; code++) most = table[code] > most ? table[code] : most;
  return (most + table[0]) / 16.0;
}

/* The four passes have one error each, normal with sigma s times that pass's mean output (OT). They are taken as equal:
 * sigma^2 = 4 (s R/4)^2 = (s/2 R)^2, R the mean light of the four. docs/cores.md says by how much that can be wrong. */
static pl_status set_systematic(const pl_physics *p, pl_image *image, pl_error *err) {
  const pl_status status = pl_derive_fixed(p->systematic_error_rms / 2, 16, 65535, "half of systematic_error_rms",
                                           &image->reg[PL_REG_SYSTEMATIC_SIGMA], err);
  if (status) return status;
  const double light = nearbyint(p->mean_light_code2);
  if (!(light >= 0 && light <= UINT32_MAX))
    return pl_fail(err, PL_E_INPUT, "mean_light_code2 is %g but must be 0 to 4294967295", p->mean_light_code2);
  image->reg[PL_REG_SYSTEMATIC_VAR] = pl_systematic_var(image, (uint32_t)light);
  return PL_OK;
}

/* Photon counters: c photons per code^2. A detector sees Q8 light and counts in 2^-16 photon: a factor of 256 c; a
 * photon is worth 1 / c code^2, that is 4 / c detector LSB. light: on both detectors at most, code^2. */
static pl_status set_photons(double c, double light, uint32_t *reg, pl_error *err) {
  const double most = light * c;
  if (most > 0x1p20)
    return pl_fail(err, PL_E_INPUT,
                   "a detector can receive %.3g photons in a read but counters hold 1048576: use the effect shot in "
                   "place of photons, which is as good for so much light", most);
  if (c * 256 > 65535) /* hardly any light per element */
    return pl_fail(err, PL_E_INPUT, "%g photons per code^2 are more than registers hold: give fewer photons_per_mac",
                   c);
  pl_derive_factor(256 * c, &reg[PL_REG_PHOTON_GAIN], &reg[PL_REG_PHOTON_SHIFT]);
  pl_derive_factor(4 / c / 65536, &reg[PL_REG_PHOTON_STEP], &reg[PL_REG_PHOTON_STEP_SHIFT]);
  return PL_OK;
}

pl_status pl_derive_intensity(const pl_physics *p, pl_image *image, pl_error *err) {
  uint32_t *reg = image->reg;
  double gain = 1;
  pl_status status = PL_OK;
  if (p->effects & PL_EFFECT_TRANSFER_A) status = set_transfer(p, 0, &reg[PL_REG_TRANSFER_A], err);
  if (!status && p->effects & PL_EFFECT_TRANSFER_B) status = set_transfer(p, 1, &reg[PL_REG_TRANSFER_B], err);
  if (!status && p->effects & PL_EFFECT_GAIN) status = set_gains(p, image, &gain, err);
  if (status) return status;

  /* Poisson counts: the variance of the difference is the mean of the sum, c R photons; in code^4, R / c. The
   * register's light is in detector LSB of 1/4 code^2. */
  pl_receiver noise = {.remedy = "give more photons_per_mac"};
  const double c = pl_photons_per_code2(p);
  const double light = p->channels * gain * largest_light(&reg[PL_REG_TRANSFER_A], p->effects & PL_EFFECT_TRANSFER_A) *
                       largest_light(&reg[PL_REG_TRANSFER_B], p->effects & PL_EFFECT_TRANSFER_B);
  if (p->effects & PL_EFFECT_SHOT) noise.per_light = 1 / (4 * c), noise.largest += light / c;
  if (p->effects & PL_EFFECT_THERMAL) noise.constant = pow(p->thermal_noise_rms_photons / c, 2);
  if (p->effects & PL_EFFECT_SYSTEMATIC) noise.largest += pow(p->systematic_error_rms / 2 * light, 2);
  noise.largest += noise.constant;
  if (p->effects & PL_EFFECT_PHOTONS && (status = set_photons(c, light, reg, err))) return status;
  if ((status = pl_derive_receiver(&noise, image, err))) return status;
  if (p->effects & PL_EFFECT_SYSTEMATIC && (status = set_systematic(p, image, err))) return status;
  return pl_derive_adc(p, image, err);
}
