/* fields.c: the fields of core descriptions: names, ranges, who needs them; reading one from libconfig.
 *
 * A field's name carries its unit, so a value in another unit is an unknown field, not a silent factor.
 */
#include <stdio.h>
#include <string.h>

#include "physics/fields.h"

enum { C = 1 << PL_KIND_COHERENT, I = 1 << PL_KIND_INTENSITY, R = 1 << PL_KIND_RNS, ALL = C | I | R };
enum { NO_GROUP, LIGHT_A, LIGHT_B, GAINS, PHASE };

#define PHOTONS (PL_EFFECT_SHOT | PL_EFFECT_THERMAL | PL_EFFECT_PHOTONS)
#define GRID (PL_EFFECT_DISPERSION | PL_EFFECT_CROSSTALK)
#define AT(member) offsetof(pl_physics, member)

static const pl_field fields[] = {
    {"seed", ALL, PL_WHOLE_U32, AT(seed), 0, 4294967295.0, 0, 0, 0, 0},
    {"channels", ALL, PL_WHOLE_INT, AT(channels), 1, 4096, ~0u, 0, 0, 0},
    {"adc_bits", ALL, PL_WHOLE_INT, AT(adc_bits), 2, 16, PL_EFFECT_ADC, 0, 0, 0},
    {"dac_bits_a", C | I, PL_WHOLE_INT, AT(dac_bits_a), 2, 8, PL_EFFECT_DAC_A, 0, 0, 0},
    {"dac_bits_b", C | I, PL_WHOLE_INT, AT(dac_bits_b), 2, 8, PL_EFFECT_DAC_B, 0, 0, 0},
    {"thermal_noise_rms_photons", C | I, PL_REAL, AT(thermal_noise_rms_photons), 0, 1e15, PL_EFFECT_THERMAL, 0, 0, 0},
    {"adc_full_scale_code2", C | I, PL_REAL, AT(adc_full_scale_code2), 1, 1e9, 0, 0, 0, 0},
    {"adc_offset_code2", C | I, PL_REAL, AT(adc_offset_code2), -5e8, 5e8, 0, 0, 0, 0},

    {"wavelengths", C, PL_WHOLE_INT, AT(wavelengths), 1, 32, GRID, 0, 0, 0},
    {"wavelength_spacing_nm", C, PL_REAL, AT(wavelength_spacing_nm), 0.001, 20, PL_EFFECT_DISPERSION, 0, 0, 0},
    {"encoding_noise_rms_a", C, PL_REAL, AT(encoding_noise_rms_a), 0, 0.2499, PL_EFFECT_ENC_A, 0, 0, 0},
    {"encoding_noise_rms_b", C, PL_REAL, AT(encoding_noise_rms_b), 0, 0.2499, PL_EFFECT_ENC_B, 0, 0, 0},
    {"phase_noise_rms_deg", C, PL_REAL, AT(phase_noise_rms_deg), 0, 20, PL_EFFECT_PHASE, 0, 0, 0},
    {"output_noise_rms", C, PL_REAL, AT(output_noise_rms), 0, 0.9999, PL_EFFECT_OUTPUT, 0, 0, 0},
    {"photons_full_scale", C, PL_REAL, AT(photons_full_scale), 1, 1e15, PHOTONS, 0, 0, 0},
    {"crosstalk_db", C, PL_REAL, AT(crosstalk_db), -120, -6.03, PL_EFFECT_CROSSTALK, 0, 0, 0},

    {"photons_per_mac", I, PL_REAL, AT(photons_per_mac), 1e-4, 1e15, PHOTONS, 0, 0, 0},
    {"mean_input", I, PL_REAL, AT(mean_input), 1e-4, 1, 0, 0, 0, 0},
    {"extinction_a", I, PL_REAL, AT(extinction_a), 0, 0.9999, PL_EFFECT_TRANSFER_A, LIGHT_A, 0, 0},
    {"transfer_a", I, PL_LIST, AT(transfer_a), 0, 2, PL_EFFECT_TRANSFER_A, LIGHT_A, 2, PL_CURVE_MAX},
    {"extinction_b", I, PL_REAL, AT(extinction_b), 0, 0.9999, PL_EFFECT_TRANSFER_B, LIGHT_B, 0, 0},
    {"transfer_b", I, PL_LIST, AT(transfer_b), 0, 2, PL_EFFECT_TRANSFER_B, LIGHT_B, 2, PL_CURVE_MAX},
    {"channel_gains", I, PL_LIST, AT(channel_gains), 0.5, 1.5, PL_EFFECT_GAIN, GAINS, 1, PL_GAINS_MAX},
    {"channel_gain_rms", I, PL_REAL, AT(channel_gain_rms), 0, 0.15, PL_EFFECT_GAIN, GAINS, 0, 0},
    {"channel_gain_seed", I, PL_WHOLE_U32, AT(channel_gain_seed), 0, 4294967295.0, 0, 0, 0, 0},
    {"systematic_error_rms", I, PL_REAL, AT(systematic_error_rms), 0, 1.9999, PL_EFFECT_SYSTEMATIC, 0, 0, 0},
    {"mean_light_code2", I, PL_REAL, AT(mean_light_code2), 0, 4294967295.0, PL_EFFECT_SYSTEMATIC, 0, 0, 0},

    {"moduli_k", R, PL_WHOLE_INT, AT(moduli_k), 4, 8, PL_EFFECT_RESIDUES, 0, 0, 0},
    {"redundant_moduli", R, PL_WHOLE_INT, AT(redundant_moduli), 0, 2, PL_EFFECT_REDUNDANCY, 0, 0, 0},
    {"mantissa_bits", R, PL_WHOLE_INT, AT(mantissa_bits), 1, 8, PL_EFFECT_BFP, 0, 0, 0},
    {"amplitude_snr", R, PL_REAL, AT(amplitude_snr), 4.001, 1e9, PL_EFFECT_THERMAL, 0, 0, 0},
    {"phase_noise_rms_deg", R, PL_REAL, AT(phase_noise_rms_deg), 0, 22.49, PL_EFFECT_PHASE, PHASE, 0, 0},
    {"shifter_error_rms_turns", R, PL_REAL, AT(shifter_error_rms_turns), 0, 0.0624, PL_EFFECT_PHASE, PHASE, 0, 0},
    {"ring_error_rms_turns", R, PL_REAL, AT(ring_error_rms_turns), 0, 0.0624, PL_EFFECT_PHASE, PHASE, 0, 0},
    {"adc_full_scale_amplitude", R, PL_REAL, AT(adc_full_scale_amplitude), 0.5, 8, 0, 0, 0, 0},
    {"range_limit_code2", R, PL_REAL, AT(range_limit_code2), 1, 134217728, 0, 0, 0, 0},
};
enum { FIELDS = sizeof fields / sizeof *fields };

const pl_field *pl_fields(int *count) {
  *count = FIELDS;
  return fields;
}

const pl_field *pl_field_find(int kind, const char *name) {
  for (int i = 0; i < FIELDS; i++)
    if (fields[i].kinds >> kind & 1 && !strcmp(fields[i].name, name)) return &fields[i];
  return NULL;
}

const char *pl_field_similar(int kind, const char *name) {
  const char *best = NULL;
  size_t most = 3;
  for (int i = 0; i < FIELDS; i++) {
    size_t same = 0;
    while (name[same] && name[same] == fields[i].name[same]) same++;
    if (fields[i].kinds >> kind & 1 && same > most) most = same, best = fields[i].name;
  }
  return best;
}

const char *pl_effect_name(int bit) {
  static const char *const names[32] = {
#define X(NAME, name, bit, kinds) [bit] = name,
      PL_EFFECTS(X)
#undef X
  };
  return bit >= 0 && bit < 32 ? names[bit] : NULL;
}

/* ---- Reading ---- */

/* `index` below 0: the field is no list. */
static pl_status read_number(const char *path, const config_setting_t *s, const pl_field *f, int index, double *value,
                             pl_error *err) {
  const int line = (int)config_setting_source_line(s), type = config_setting_type(s);
  const int whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64, real = f->type == PL_REAL || index >= 0;
  char place[16] = "";
  if (index >= 0) snprintf(place, sizeof place, "[%d]", index);
  if (!whole && !(type == CONFIG_TYPE_FLOAT && real))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s%s must be a %s", path, line, f->name, place,
                   real ? "number" : "whole number");
  *value = whole ? (double)config_setting_get_int64(s) : config_setting_get_float(s);
  if (!(*value >= f->min && *value <= f->max))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s%s is %.10g but must be %.10g to %.10g", path, line, f->name, place,
                   *value, f->min, f->max);
  return PL_OK;
}

static pl_status read_list(const char *path, const config_setting_t *s, const pl_field *f, pl_curve *curve,
                           pl_error *err) {
  const int line = (int)config_setting_source_line(s), type = config_setting_type(s);
  const int length = config_setting_length(s);
  if ((type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) || length < f->at_least || length > f->at_most)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a list of %d to %d numbers, such as [0.0, 0.5, 1.0]", path, line,
                   f->name, f->at_least, f->at_most);
  curve->count = length;
  for (int i = 0; i < length; i++) {
    const pl_status status = read_number(path, config_setting_get_elem(s, (unsigned)i), f, i, &curve->value[i], err);
    if (status) return status;
  }
  return PL_OK;
}

pl_status pl_field_read(const char *path, const config_setting_t *s, const pl_field *f, pl_physics *p, pl_error *err) {
  void *to = (char *)p + f->offset;
  if (f->type == PL_LIST) return read_list(path, s, f, to, err);
  double value = 0;
  const pl_status status = read_number(path, s, f, -1, &value, err);
  if (status) return status;
  if (f->type == PL_WHOLE_INT) *(int *)to = (int)value;
  if (f->type == PL_WHOLE_U32) *(uint32_t *)to = (uint32_t)value;
  if (f->type == PL_REAL) *(double *)to = value;
  return PL_OK;
}
