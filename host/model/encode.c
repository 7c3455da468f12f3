/* encode.c: stages 1 to 3, one operand element alone: DAC, then encoding noise, crosstalk and square (coherent), or
 * transfer, channel gain and rails (intensity). */
#include "model/stages.h"

int32_t pl_dac(int32_t code, int dac_bits) { return pl_dac_of(code, dac_bits); }

/* 1. */
static int32_t dac_output(const pl_model_regs *r, int operand, int32_t code) {
  if (!(r->effects & (operand ? PL_EFFECT_DAC_B : PL_EFFECT_DAC_A))) return code;
  return pl_dac(code, operand ? r->dac_bits_b : r->dac_bits_a);
}

/* Stages 1 and 2 but for the crosstalk. */
static int32_t own_field(const pl_model_regs *r, int operand, int32_t code, uint32_t row, uint32_t channel,
                         uint32_t sum) {
  const uint32_t noise = operand ? PL_EFFECT_ENC_B : PL_EFFECT_ENC_A;
  const int32_t x1 = dac_output(r, operand, code);
  if (!(r->effects & noise)) return x1 * 16;
  uint32_t words[2];
  pl_noise_block(r->seed, r->job, operand ? PL_NOISE_ENC_B : PL_NOISE_ENC_A, row, channel >> 1, sum, words);
  return pl_field_of(x1, operand ? r->enc_sigma_b : r->enc_sigma_a, pl_gauss(words[channel & 1]));
}

static pl_encoded encode_rails(const pl_model_regs *r, int operand, int32_t code, uint32_t wavelength) {
  const int32_t x1 = dac_output(r, operand, code);
  int32_t lit = pl_ideal_transfer(x1), dark = 0;
  if (r->effects & (operand ? PL_EFFECT_TRANSFER_B : PL_EFFECT_TRANSFER_A)) {
    lit = pl_transferred(x1, r->transfer[operand]);
    dark = pl_transferred(0, r->transfer[operand]);
  }
  if (operand == 0 && r->effects & PL_EFFECT_GAIN) {
    lit = pl_gained(lit, r->dispersion[wavelength]);
    dark = pl_gained(dark, r->dispersion[wavelength]);
  }
  return (pl_encoded){.field = pl_rail_field(x1, lit, dark), .rail = (uint32_t)(lit + dark)};
}

pl_encoded pl_encode(const pl_model_regs *r, int operand, const int8_t *code, uint32_t row, uint32_t k) {
  const uint32_t channel = k % (uint32_t)r->channels, sum = k / (uint32_t)r->channels;
  const uint32_t wavelength = channel % (uint32_t)r->wavelengths;
  if (r->kind == PL_KIND_INTENSITY) return encode_rails(r, operand, code[0], wavelength);
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
