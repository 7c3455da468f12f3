/* Made by scripts/gen_registers.py from rtl/registers.toml; do not edit. */
#ifndef PHOTOLANE_REGISTERS_H
#define PHOTOLANE_REGISTERS_H

#define PL_REG_VERSION 3
#define PL_REG_WORDS 384
#define PL_REG_TABLES 128 /* words from here on are tables */

/* Word offsets. */
enum pl_reg {
  PL_REG_EFFECTS = 0,
  PL_REG_KIND = 1,
  PL_REG_SEED = 2,
  PL_REG_JOB = 3,
  PL_REG_CHANNELS = 4,
  PL_REG_WAVELENGTHS = 5,
  PL_REG_DAC_BITS_A = 6,
  PL_REG_DAC_BITS_B = 7,
  PL_REG_ENC_SIGMA_A = 8,
  PL_REG_ENC_SIGMA_B = 9,
  PL_REG_PHASE_LOSS = 10,
  PL_REG_PHASE_GAIN = 11,
  PL_REG_PHASE_SHIFT = 12,
  PL_REG_OUTPUT_SIGMA = 13,
  PL_REG_SHOT_GAIN = 14,
  PL_REG_SHOT_SHIFT = 15,
  PL_REG_THERMAL_VAR = 16,
  PL_REG_SIGMA_EXP = 17,
  PL_REG_ADC_BITS = 18,
  PL_REG_ADC_GAIN = 19,
  PL_REG_ADC_SHIFT = 20,
  PL_REG_ADC_OFFSET = 21,
  PL_REG_ROW0 = 22,
  PL_REG_COL0 = 23,
  PL_REG_SUM0 = 24,
  PL_REG_ROWS = 25,
  PL_REG_COLS = 26,
  PL_REG_DEPTH = 27,
  PL_REG_CROSSTALK = 28,
  PL_REG_SYSTEMATIC_SIGMA = 29,
  PL_REG_SYSTEMATIC_VAR = 30,
  PL_REG_RNS_K = 31,
  PL_REG_REDUNDANT = 32,
  PL_REG_RANGE_LIMIT = 33,
  PL_REG_BFP_BITS = 34,
  PL_REG_LEVEL_SIGMA = 35,
  PL_REG_IQ_SIGMA = 40,
  PL_REG_PHOTON_GAIN = 41,
  PL_REG_PHOTON_SHIFT = 42,
  PL_REG_PHOTON_STEP = 43,
  PL_REG_PHOTON_STEP_SHIFT = 44,
  PL_REG_A_BASE = 45,
  PL_REG_B_BASE = 46,
  PL_REG_DISPERSION = 47,
  PL_REG_TRANSFER_A = 128,
  PL_REG_TRANSFER_B = 256,
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
  PL_EFFECT_CROSSTALK = 1 << 10, /* leakage of a channel's field into the next channel */
  PL_EFFECT_TRANSFER_A = 1 << 11, /* operand A through its transfer table: look-up and extinction floor */
  PL_EFFECT_TRANSFER_B = 1 << 12, /* operand B through its transfer table */
  PL_EFFECT_GAIN = 1 << 13, /* gain error of each channel */
  PL_EFFECT_SYSTEMATIC = 1 << 14, /* systematic error, in proportion to the mean output of the product */
  PL_EFFECT_RESIDUES = 1 << 15, /* residue channels: forward conversion, levels, reverse conversion (0: plain integer sum) */
  PL_EFFECT_BFP = 1 << 16, /* block floating point: a shared exponent for each row in each read */
  PL_EFFECT_RANGE_CHECK = 1 << 17, /* a sum beyond range_limit is counted as detected and contributes nothing */
  PL_EFFECT_REDUNDANCY = 1 << 18, /* redundant moduli detect (1) or correct (2) wrong residues */
  PL_EFFECT_PHOTONS = 1 << 19, /* whole photon counts: a Poisson number for each of the two detectors */
};

/* X(NAME, name, bit, kinds) for every effect; kinds: bit k is set if kind k has it. */
#define PL_EFFECTS(X) \
  X(DAC_A, "dac_a", 0, 3) \
  X(DAC_B, "dac_b", 1, 3) \
  X(ENC_A, "enc_a", 2, 1) \
  X(ENC_B, "enc_b", 3, 1) \
  X(DISPERSION, "dispersion", 4, 1) \
  X(PHASE, "phase", 5, 5) \
  X(OUTPUT, "output", 6, 1) \
  X(SHOT, "shot", 7, 3) \
  X(THERMAL, "thermal", 8, 7) \
  X(ADC, "adc", 9, 7) \
  X(CROSSTALK, "crosstalk", 10, 1) \
  X(TRANSFER_A, "transfer_a", 11, 2) \
  X(TRANSFER_B, "transfer_b", 12, 2) \
  X(GAIN, "gain", 13, 2) \
  X(SYSTEMATIC, "systematic", 14, 2) \
  X(RESIDUES, "residues", 15, 4) \
  X(BFP, "bfp", 16, 4) \
  X(RANGE_CHECK, "range_check", 17, 4) \
  X(REDUNDANCY, "redundancy", 18, 4) \
  X(PHOTONS, "photons", 19, 2)

/* Values of PL_REG_KIND. */
enum pl_kind {
  PL_KIND_COHERENT = 0,
  PL_KIND_INTENSITY = 1,
  PL_KIND_RNS = 2,
  PL_KINDS = 3
};
#define PL_KIND_NAMES "coherent", "intensity", "rns"

/* X(NAME, name, offset, count, bits, is_signed, min, max, reset) for every register. */
#define PL_REGISTERS(X) \
  X(EFFECTS, "effects", 0, 1, 20, 0, 0LL, 1048575LL, 0LL) \
  X(KIND, "kind", 1, 1, 2, 0, 0LL, 2LL, 0LL) \
  X(SEED, "seed", 2, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(JOB, "job", 3, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(CHANNELS, "channels", 4, 1, 13, 0, 1LL, 4096LL, 64LL) \
  X(WAVELENGTHS, "wavelengths", 5, 1, 6, 0, 1LL, 32LL, 12LL) \
  X(DAC_BITS_A, "dac_bits_a", 6, 1, 4, 0, 2LL, 8LL, 8LL) \
  X(DAC_BITS_B, "dac_bits_b", 7, 1, 4, 0, 2LL, 8LL, 8LL) \
  X(ENC_SIGMA_A, "enc_sigma_a", 8, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(ENC_SIGMA_B, "enc_sigma_b", 9, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHASE_LOSS, "phase_loss", 10, 1, 20, 0, 0LL, 1048575LL, 0LL) \
  X(PHASE_GAIN, "phase_gain", 11, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHASE_SHIFT, "phase_shift", 12, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(OUTPUT_SIGMA, "output_sigma", 13, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(SHOT_GAIN, "shot_gain", 14, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(SHOT_SHIFT, "shot_shift", 15, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(THERMAL_VAR, "thermal_var", 16, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(SIGMA_EXP, "sigma_exp", 17, 1, 4, 0, 0LL, 15LL, 0LL) \
  X(ADC_BITS, "adc_bits", 18, 1, 5, 0, 2LL, 16LL, 8LL) \
  X(ADC_GAIN, "adc_gain", 19, 1, 16, 0, 1LL, 65535LL, 1LL) \
  X(ADC_SHIFT, "adc_shift", 20, 1, 6, 0, 1LL, 47LL, 2LL) \
  X(ADC_OFFSET, "adc_offset", 21, 1, 32, 1, -2147483648LL, 2147483647LL, 0LL) \
  X(ROW0, "row0", 22, 1, 24, 0, 0LL, 16777215LL, 0LL) \
  X(COL0, "col0", 23, 1, 20, 0, 0LL, 1048575LL, 0LL) \
  X(SUM0, "sum0", 24, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(ROWS, "rows", 25, 1, 24, 0, 1LL, 16777215LL, 1LL) \
  X(COLS, "cols", 26, 1, 20, 0, 1LL, 1048575LL, 1LL) \
  X(DEPTH, "depth", 27, 1, 17, 0, 1LL, 65536LL, 1LL) \
  X(CROSSTALK, "crosstalk", 28, 1, 15, 0, 0LL, 16384LL, 0LL) \
  X(SYSTEMATIC_SIGMA, "systematic_sigma", 29, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(SYSTEMATIC_VAR, "systematic_var", 30, 1, 32, 0, 0LL, 4294967295LL, 0LL) \
  X(RNS_K, "rns_k", 31, 1, 4, 0, 4LL, 8LL, 8LL) \
  X(REDUNDANT, "redundant", 32, 1, 2, 0, 0LL, 2LL, 0LL) \
  X(RANGE_LIMIT, "range_limit", 33, 1, 28, 0, 0LL, 134217728LL, 134217728LL) \
  X(BFP_BITS, "bfp_bits", 34, 1, 4, 0, 1LL, 8LL, 8LL) \
  X(LEVEL_SIGMA, "level_sigma", 35, 5, 16, 0, 0LL, 65535LL, 0LL) \
  X(IQ_SIGMA, "iq_sigma", 40, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHOTON_GAIN, "photon_gain", 41, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHOTON_SHIFT, "photon_shift", 42, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(PHOTON_STEP, "photon_step", 43, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(PHOTON_STEP_SHIFT, "photon_step_shift", 44, 1, 6, 0, 0LL, 47LL, 0LL) \
  X(A_BASE, "a_base", 45, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(B_BASE, "b_base", 46, 1, 16, 0, 0LL, 65535LL, 0LL) \
  X(DISPERSION, "dispersion", 47, 32, 16, 1, -16384LL, 16384LL, 0LL) \
  X(TRANSFER_A, "transfer_a", 128, 128, 12, 0, 0LL, 4095LL, 0LL) \
  X(TRANSFER_B, "transfer_b", 256, 128, 12, 0, 0LL, 4095LL, 0LL)

/* What a device behind a link tells of itself: READ from PL_DEVICE_BASE + PL_DEVICE_... */
#define PL_DEVICE_BASE 0x8000
#define PL_DEVICE_MAGIC_VALUE 0x4c4f4850u
#define PL_PROTOCOL_VERSION 1
enum pl_device_word {
  PL_DEVICE_MAGIC = 0,
  PL_DEVICE_VERSION = 1,
  PL_DEVICE_BUILD = 2,
  PL_DEVICE_KIND = 3,
  PL_DEVICE_GEOMETRY = 4,
  PL_DEVICE_BUFFERS = 5,
  PL_DEVICE_LINK = 6,
  PL_DEVICE_CLOCK = 7,
  PL_DEVICE_SESSION = 8,
  PL_DEVICE_RUN_CYCLES = 9,
  PL_DEVICE_LOAD_CYCLES = 11,
  PL_DEVICE_READS = 13,
  PL_DEVICE_CLIPPED = 15,
  PL_DEVICE_DETECTED = 17,
  PL_DEVICE_CORRECTED = 19,
  PL_DEVICE_FRAMES = 21,
  PL_DEVICE_FAULTS = 22,
  PL_DEVICE_END = 23
};

#endif
