/* range.c: ADC ranges: from a full scale in code^2 to the gain and shift of a product, and back.
 *
 * code = round(v * gain / 2^shift) with v in detector LSB of 1/4 code^2, so the code 2^(bits-1) stands for
 *
 *   full scale = 2^(bits-1) * 2^shift / (4 * gain)    [code^2]
 */
#include <math.h>

#include "device/backend.h"

enum { GAIN_MAX = 65535, SHIFT_MIN = 1, SHIFT_MAX = 47 };

/* A full scale that is too small to be set (0 and NaN too, what an all-zero calibration yields) gets the finest
 * range there is. */
pl_range pl_range_for(double full_scale, int adc_bits) {
  const pl_range finest = {.gain = GAIN_MAX, .shift = SHIFT_MIN};
  if (adc_bits < 2) adc_bits = 2;
  if (adc_bits > 16) adc_bits = 16;
  if (!(full_scale > 0)) return finest;

  double ideal = ldexp(1, adc_bits - 3) / full_scale; /* gain / 2^shift */
  int exponent = -SHIFT_MAX; /* of 0: the widest range */
  if (isinf(ideal)) return finest;
  if (ideal > 0) frexp(ideal, &exponent);
  int shift = 16 - exponent; /* makes the gain 32768..65535 */
  if (shift < SHIFT_MIN) return finest;
  if (shift > SHIFT_MAX) shift = SHIFT_MAX;

  double gain = floor(ldexp(ideal, shift)); /* down: a smaller gain is a larger full scale */
  if (gain < 1) gain = 1;
  return (pl_range){.gain = (uint16_t)gain, .shift = (uint8_t)shift};
}

double pl_range_step(const pl_image *image, pl_range range) {
  if (!(image->reg[PL_REG_EFFECTS] & PL_EFFECT_ADC) || image->reg[PL_REG_KIND] == PL_KIND_RNS) return 1;
  uint32_t gain = range.gain ? range.gain : image->reg[PL_REG_ADC_GAIN];
  uint32_t shift = range.gain ? range.shift : image->reg[PL_REG_ADC_SHIFT];
  return ldexp(1, (int)shift - 2) / (double)gain;
}

/* The systematic error's sigma is systematic_sigma / 2^16 of the mean light; a variance unit is 4^sigma_exp LSB^2, an LSB
 * 1/4 code^2. Integers, so that every machine gets the same word. */
uint32_t pl_systematic_var(const pl_image *image, uint32_t mean_light) {
  const uint64_t sigma = ((uint64_t)mean_light * image->reg[PL_REG_SYSTEMATIC_SIGMA] + (1 << 13)) >> 14; /* LSB */
  const int down = 2 * (int)image->reg[PL_REG_SIGMA_EXP];
  if (sigma >> 32) return UINT32_MAX;
  const uint64_t variance = sigma * sigma >> down;
  return variance > UINT32_MAX ? UINT32_MAX : (uint32_t)variance;
}
