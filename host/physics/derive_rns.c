/* derive_rns.c: registers of a residue core. Phases in turns; an amplitude of 1 is the light of a detector.
 *
 * Source: Mirage = Demirkiran et al., "Mirage: An RNS-Based Photonic Accelerator for DNN Training", arXiv 2311.17323v2,
 * ISCA 2024. The printed formulas of its conversions are not used (docs/cores.md).
 */
#include <math.h>

#include "physics/derive.h"

static int common_factor(int x, int y) { return y ? common_factor(y, x % y) : x; }

int pl_rns_moduli(const pl_physics *p, int modulus[5]) {
  const int redundant = p->effects & PL_EFFECT_REDUNDANCY ? p->redundant_moduli : 0;
  int count = 3;
  for (int i = 0; i < 3; i++) modulus[i] = (1 << p->moduli_k) - 1 + i;
  for (int m = modulus[2] + 1; count < 3 + redundant; m++) {
    int prime = 1;
    for (int i = 0; i < count; i++) prime &= common_factor(m, modulus[i]) == 1;
    if (prime) modulus[count++] = m;
  }
  return count;
}

double pl_moduli_range(const pl_physics *p) {
  const double m = ldexp(1, p->moduli_k);
  return floor(((m - 1) * m * (m + 1) - 1) / 2);
}

double pl_largest_sum_code2(const pl_physics *p) {
  const double mantissa = p->effects & PL_EFFECT_BFP ? ldexp(1, p->mantissa_bits) - 1 : 128;
  return p->channels * fmin(mantissa, 128) * fmin(mantissa, 128);
}

double pl_phase_rms_turns(const pl_physics *p, int modulus) {
  if (!(p->effects & PL_EFFECT_PHASE)) return 0;
  const double digits = ceil(log2(modulus)); /* one ring on either side of each digit's shifter */
  const double variance = pow(p->phase_noise_rms_deg / 360, 2) + p->channels * pow(p->shifter_error_rms_turns, 2) +
                          2 * p->channels * digits * pow(p->ring_error_rms_turns, 2);
  return sqrt(variance);
}

pl_status pl_derive_rns(const pl_physics *p, pl_image *image, pl_error *err) {
  uint32_t *reg = image->reg;
  pl_status status;
  if (p->moduli_k < 4 || p->moduli_k > 8 || p->redundant_moduli < 0 || p->redundant_moduli > 2)
    return pl_fail(err, PL_E_INPUT, "a residue core has moduli_k of 4 to 8 and 0 to 2 redundant_moduli, not %d and %d",
                   p->moduli_k, p->redundant_moduli);
  reg[PL_REG_RNS_K] = (uint32_t)p->moduli_k;
  reg[PL_REG_REDUNDANT] = (uint32_t)p->redundant_moduli;
  reg[PL_REG_BFP_BITS] = (uint32_t)p->mantissa_bits;
  int modulus[5];
  const int count = pl_rns_moduli(p, modulus);
  for (int i = 0; i < count; i++)
    if ((status = pl_derive_fixed(pl_phase_rms_turns(p, modulus[i]), 20, 65535, "the phase noise in turns",
                                  &reg[PL_REG_LEVEL_SIGMA + i], err)))
      return status;
  if (p->effects & PL_EFFECT_THERMAL) {
    if (!(p->amplitude_snr > 0)) return pl_fail(err, PL_E_INPUT, "thermal noise needs an amplitude_snr above 0");
    if ((status = pl_derive_fixed(1 / p->amplitude_snr, 18, 65535, "1 / amplitude_snr", &reg[PL_REG_IQ_SIGMA], err)))
      return status;
  }
  /* I and Q reach the ADC in units of 2^-14 of the amplitude; pl_range_for counts in 4 of its input's units. */
  const pl_range range = pl_range_for(p->adc_full_scale_amplitude * 4096, p->adc_bits);
  reg[PL_REG_ADC_GAIN] = range.gain;
  reg[PL_REG_ADC_SHIFT] = range.shift;
  const double reach = fmin(pl_largest_sum_code2(p), pl_moduli_range(p));
  return pl_derive_fixed(p->range_limit_code2 > 0 ? p->range_limit_code2 : reach, 0, 134217728, "range_limit_code2",
                         &reg[PL_REG_RANGE_LIMIT], err);
}
