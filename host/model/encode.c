/* encode.c: stages 1 to 3, one operand element alone: DAC, encoding noise, square. */
#include "model/stages.h"

int32_t pl_dac(int32_t code, int dac_bits) { return pl_dac_of(code, dac_bits); }

pl_encoded pl_encode(const pl_model_regs *r, int operand, int32_t code, uint32_t row, uint32_t k) {
  const uint32_t channel = k % (uint32_t)r->channels, sum = k / (uint32_t)r->channels;
  const uint32_t dac = operand ? PL_EFFECT_DAC_B : PL_EFFECT_DAC_A;
  const uint32_t noise = operand ? PL_EFFECT_ENC_B : PL_EFFECT_ENC_A;
  const int32_t x1 = r->effects & dac ? pl_dac(code, operand ? r->dac_bits_b : r->dac_bits_a) : code;
  pl_encoded e = {.field = x1 * 16};
  if (r->effects & noise) {
    uint32_t words[2];
    pl_noise_block(r->seed, r->job, operand ? PL_NOISE_ENC_B : PL_NOISE_ENC_A, row, channel >> 1, sum, words);
    e.field = pl_field_of(x1, operand ? r->enc_sigma_b : r->enc_sigma_a, pl_gauss(words[channel & 1]));
  }
  const uint32_t q = (uint32_t)(e.field * e.field);
  e.light = pl_light_of(q);
  e.power = pl_power_of(q);
  e.dispersion = pl_dispersed(q, r->dispersion[channel % (uint32_t)r->wavelengths]);
  return e;
}
