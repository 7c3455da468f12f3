/* regs.c: the words of a register image as named numbers. */
#include "model/model.h"

void pl_model_unpack(const pl_image *image, pl_model_regs *regs) {
  const uint32_t *w = image->reg;
  *regs = (pl_model_regs){
      .effects = w[PL_REG_EFFECTS],
      .kind = (int)w[PL_REG_KIND],
      .seed = w[PL_REG_SEED],
      .job = w[PL_REG_JOB],
      .channels = (int)w[PL_REG_CHANNELS],
      .wavelengths = (int)w[PL_REG_WAVELENGTHS],
      .dac_bits_a = (int)w[PL_REG_DAC_BITS_A],
      .dac_bits_b = (int)w[PL_REG_DAC_BITS_B],
      .enc_sigma_a = w[PL_REG_ENC_SIGMA_A],
      .enc_sigma_b = w[PL_REG_ENC_SIGMA_B],
      .phase_loss = w[PL_REG_PHASE_LOSS],
      .phase_gain = w[PL_REG_PHASE_GAIN],
      .phase_shift = (int)w[PL_REG_PHASE_SHIFT],
      .output_sigma = w[PL_REG_OUTPUT_SIGMA],
      .shot_gain = w[PL_REG_SHOT_GAIN],
      .shot_shift = (int)w[PL_REG_SHOT_SHIFT],
      .thermal_var = w[PL_REG_THERMAL_VAR],
      .sigma_exp = (int)w[PL_REG_SIGMA_EXP],
      .adc_bits = (int)w[PL_REG_ADC_BITS],
      .adc_gain = w[PL_REG_ADC_GAIN],
      .adc_shift = (int)w[PL_REG_ADC_SHIFT],
      .adc_offset = (int32_t)w[PL_REG_ADC_OFFSET],
      .row0 = w[PL_REG_ROW0],
      .col0 = w[PL_REG_COL0],
      .sum0 = w[PL_REG_SUM0],
      .rows = (int)w[PL_REG_ROWS],
      .cols = (int)w[PL_REG_COLS],
      .depth = (int)w[PL_REG_DEPTH],
      .crosstalk = w[PL_REG_CROSSTALK],
      .systematic_var = w[PL_REG_SYSTEMATIC_VAR],
      .rns_k = (int)w[PL_REG_RNS_K],
      .redundant = (int)w[PL_REG_REDUNDANT],
      .range_limit = (int32_t)w[PL_REG_RANGE_LIMIT],
      .bfp_bits = (int)w[PL_REG_BFP_BITS],
      .iq_sigma = w[PL_REG_IQ_SIGMA],
      .photon_gain = w[PL_REG_PHOTON_GAIN],
      .photon_shift = (int)w[PL_REG_PHOTON_SHIFT],
      .photon_step = w[PL_REG_PHOTON_STEP],
      .photon_step_shift = (int)w[PL_REG_PHOTON_STEP_SHIFT],
  };
  for (int i = 0; i < 32; i++) regs->dispersion[i] = (int16_t)w[PL_REG_DISPERSION + i];
  for (int i = 0; i < 5; i++) regs->level_sigma[i] = w[PL_REG_LEVEL_SIGMA + i];
  for (int i = 0; i < 128; i++) {
    regs->transfer[0][i] = (uint16_t)w[PL_REG_TRANSFER_A + i];
    regs->transfer[1][i] = (uint16_t)w[PL_REG_TRANSFER_B + i];
  }
}
