/* encode.c: stages 1 to 3, one operand element alone: DAC, encoding noise, crosstalk, square. */
#include "model/stages.h"

int32_t pl_dac(int32_t code, int dac_bits) { return pl_dac_of(code, dac_bits); }

/* Stages 1 and 2 but for the crosstalk. */
static int32_t own_field(const pl_model_regs *r, int operand, int32_t code, uint32_t row, uint32_t channel,
                         uint32_t sum) {
  const uint32_t dac = operand ? PL_EFFECT_DAC_B : PL_EFFECT_DAC_A;
  const uint32_t noise = operand ? PL_EFFECT_ENC_B : PL_EFFECT_ENC_A;
  const int32_t x1 = r->effects & dac ? pl_dac(code, operand ? r->dac_bits_b : r->dac_bits_a) : code;
  if (!(r->effects & noise)) return x1 * 16;
  uint32_t words[2];
  pl_noise_block(r->seed, r->job, operand ? PL_NOISE_ENC_B : PL_NOISE_ENC_A, row, channel >> 1, sum, words);
  return pl_field_of(x1, operand ? r->enc_sigma_b : r->enc_sigma_a, pl_gauss(words[channel & 1]));
}

pl_encoded pl_encode(const pl_model_regs *r, int operand, const int8_t *code, uint32_t row, uint32_t k) {
  const uint32_t channel = k % (uint32_t)r->channels, sum = k / (uint32_t)r->channels;
  const uint32_t wavelength = channel % (uint32_t)r->wavelengths;
  pl_encoded e = {.field = own_field(r, operand, code[0], row, channel, sum)};
  if (r->effects & PL_EFFECT_CROSSTALK && wavelength > 0) {
    const int32_t before = own_field(r, operand, code[-1], row, channel - 1, sum);
    e.field = pl_leaked(e.field, before, (int32_t)r->crosstalk);
  }
  const uint32_t q = (uint32_t)(e.field * e.field);
  e.light = pl_light_of(q);
  e.power = pl_power_of(q);
  e.dispersion = pl_dispersed(q, r->dispersion[wavelength]);
  return e;
}
