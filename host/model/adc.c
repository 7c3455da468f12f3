/* adc.c: stage 9, one detector value to its code. */
#include "model/stages.h"

int32_t pl_adc(const pl_model_regs *r, int32_t v, int *clipped) {
  *clipped = 0;
  if (!(r->effects & PL_EFFECT_ADC)) return pl_adc_bypass(v);
  const int64_t z = pl_adc_level(v, r->adc_offset, r->adc_gain, r->adc_shift);
  const int32_t top = 1 << (r->adc_bits - 1);
  const int32_t code = pl_clamp(z, -top, top - 1);
  *clipped = code != z;
  return code;
}
