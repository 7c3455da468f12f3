/* Made by scripts/gen_registers.py from rtl/registers.toml; do not edit. */
#ifndef PHOTOLANE_REGISTERS_H
#define PHOTOLANE_REGISTERS_H

#define PL_REG_VERSION 1
#define PL_REG_WORDS 59

/* Word offsets. */
enum pl_reg {
  PL_REG_EFFECTS = 0,
  PL_REG_SEED = 1,
  PL_REG_JOB = 2,
  PL_REG_CHANNELS = 3,
  PL_REG_WAVELENGTHS = 4,
  PL_REG_DAC_BITS_A = 5,
  PL_REG_DAC_BITS_B = 6,
  PL_REG_ENC_SIGMA_A = 7,
  PL_REG_ENC_SIGMA_B = 8,
  PL_REG_PHASE_LOSS = 9,
  PL_REG_PHASE_GAIN = 10,
  PL_REG_PHASE_SHIFT = 11,
  PL_REG_OUTPUT_SIGMA = 12,
  PL_REG_SHOT_GAIN = 13,
  PL_REG_SHOT_SHIFT = 14,
  PL_REG_THERMAL_VAR = 15,
  PL_REG_SIGMA_EXP = 16,
  PL_REG_ADC_BITS = 17,
  PL_REG_ADC_GAIN = 18,
  PL_REG_ADC_SHIFT = 19,
  PL_REG_ADC_OFFSET = 20,
  PL_REG_ROW0 = 21,
  PL_REG_COL0 = 22,
  PL_REG_SUM0 = 23,
  PL_REG_ROWS = 24,
  PL_REG_COLS = 25,
  PL_REG_DEPTH = 26,
  PL_REG_DISPERSION = 27,
};

/* Bits of PL_REG_EFFECTS. */
enum pl_effect {
  PL_EFFECT_DAC_A = 1 << 0, /* operand A passes its DAC (0: bypass) */
  PL_EFFECT_DAC_B = 1 << 1, /* operand B passes its DAC (0: bypass) */
  PL_EFFECT_ENC_A = 1 << 2, /* magnitude encoding noise on operand A */
  PL_EFFECT_ENC_B = 1 << 3, /* magnitude encoding noise on operand B */
  PL_EFFECT_DISPERSION = 1 << 4, /* coupler dispersion */
  PL_EFFECT_PHASE = 1 << 5, /* phase noise */
  PL_EFFECT_OUTPUT = 1 << 6, /* output noise, relative to the detector value */
  PL_EFFECT_SHOT = 1 << 7, /* shot noise from the light on the detectors */
  PL_EFFECT_THERMAL = 1 << 8, /* thermal (additive) receiver noise */
  PL_EFFECT_ADC = 1 << 9, /* ADC gain, offset, rounding and saturation (0: bypass) */
};

/* X(NAME, name, offset, count, bits, is_signed, min, max, reset) for every register. */
#define PL_REGISTERS(X) \
  X(EFFECTS, "effects", 0, 1, 10, 0, 0LL, 1023LL, 0LL) \
  X(SEED, "seed", 1, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(JOB, "job", 2, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(CHANNELS, "channels", 3, 1, 13, 0, 1LL, 4096LL, 64LL) \
  X(WAVELENGTHS, "wavelengths", 4, 1, 6, 0, 1LL, 32LL, 12LL) \
  X(DAC_BITS_A, "dac_bits_a", 5, 1, 4, 0, 2LL, 8LL, 8LL) \
  X(DAC_BITS_B, "dac_bits_b", 6, 1, 4, 0, 2LL, 8LL, 8LL) \
  X(ENC_SIGMA_A, "enc_sigma_a", 7, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(ENC_SIGMA_B, "enc_sigma_b", 8, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHASE_LOSS, "phase_loss", 9, 1, 20, 0, 0LL, 1048575LL, 0LL) \
  X(PHASE_GAIN, "phase_gain", 10, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHASE_SHIFT, "phase_shift", 11, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(OUTPUT_SIGMA, "output_sigma", 12, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(SHOT_GAIN, "shot_gain", 13, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(SHOT_SHIFT, "shot_shift", 14, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(THERMAL_VAR, "thermal_var", 15, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(SIGMA_EXP, "sigma_exp", 16, 1, 4, 0, 0LL, 15LL, 0LL) \
  X(ADC_BITS, "adc_bits", 17, 1, 5, 0, 2LL, 16LL, 8LL) \
  X(ADC_GAIN, "adc_gain", 18, 1, 16, 0, 1LL, 65535LL, 1LL) \
  X(ADC_SHIFT, "adc_shift", 19, 1, 6, 0, 1LL, 47LL, 2LL) \
  X(ADC_OFFSET, "adc_offset", 20, 1, 32, 1, -2147483648LL, 2147483647LL, 0LL) \
  X(ROW0, "row0", 21, 1, 24, 0, 0LL, 16777215LL, 0LL) \
  X(COL0, "col0", 22, 1, 20, 0, 0LL, 1048575LL, 0LL) \
  X(SUM0, "sum0", 23, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(ROWS, "rows", 24, 1, 24, 0, 1LL, 16777215LL, 1LL) \
  X(COLS, "cols", 25, 1, 20, 0, 1LL, 1048575LL, 1LL) \
  X(DEPTH, "depth", 26, 1, 17, 0, 1LL, 65536LL, 1LL) \
  X(DISPERSION, "dispersion", 27, 32, 16, 1, -16384LL, 16384LL, 0LL)

#endif
