/* core.c: core descriptions: libconfig files -> pl_physics -> pl_core. docs/cores.md lists the fields.
 *
 * Every error is one sentence that begins with file:line and names the field. A field's name carries its unit, so a
 * value in another unit is an unknown field, not a silent factor; the sentence then points to the right name.
 */
#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"
#include "physics/physics.h"

enum { FILE_MAX = 1 << 20 };

/* ---- The fields ---- */

typedef enum { WHOLE_INT, WHOLE_U32, REAL } field_kind;

typedef struct {
  const char *name;
  field_kind kind;
  size_t offset;
  double min, max;
  uint32_t needed_by; /* effects that cannot do without it; all bits: always needed */
} field;

#define PHOTONS (PL_EFFECT_SHOT | PL_EFFECT_THERMAL)
#define AT(member) offsetof(pl_physics, member)
static const field fields[] = {
    {"seed", WHOLE_U32, AT(seed), 0, 4294967295.0, 0},
    {"channels", WHOLE_INT, AT(channels), 1, 4096, ~0u},
    {"wavelengths", WHOLE_INT, AT(wavelengths), 1, 32, PL_EFFECT_DISPERSION},
    {"wavelength_spacing_nm", REAL, AT(wavelength_spacing_nm), 0.001, 20, PL_EFFECT_DISPERSION},
    {"dac_bits_a", WHOLE_INT, AT(dac_bits_a), 2, 8, PL_EFFECT_DAC_A},
    {"dac_bits_b", WHOLE_INT, AT(dac_bits_b), 2, 8, PL_EFFECT_DAC_B},
    {"adc_bits", WHOLE_INT, AT(adc_bits), 2, 16, PL_EFFECT_ADC},
    {"encoding_noise_rms_a", REAL, AT(encoding_noise_rms_a), 0, 0.2499, PL_EFFECT_ENC_A},
    {"encoding_noise_rms_b", REAL, AT(encoding_noise_rms_b), 0, 0.2499, PL_EFFECT_ENC_B},
    {"phase_noise_rms_deg", REAL, AT(phase_noise_rms_deg), 0, 20, PL_EFFECT_PHASE},
    {"output_noise_rms", REAL, AT(output_noise_rms), 0, 0.9999, PL_EFFECT_OUTPUT},
    {"photons_full_scale", REAL, AT(photons_full_scale), 1, 1e15, PHOTONS},
    {"thermal_noise_rms_photons", REAL, AT(thermal_noise_rms_photons), 0, 1e15, PL_EFFECT_THERMAL},
    {"adc_full_scale_code2", REAL, AT(adc_full_scale_code2), 1, 1e9, 0},
    {"adc_offset_code2", REAL, AT(adc_offset_code2), -5e8, 5e8, 0},
};
enum { FIELDS = sizeof fields / sizeof *fields };

/* Bit i of PL_REG_EFFECTS; the names of registers.toml. */
static const char *const effect_names[] = {"dac_a", "dac_b",  "enc_a", "enc_b",   "dispersion",
                                           "phase", "output", "shot",  "thermal", "adc"};
enum { EFFECTS = sizeof effect_names / sizeof *effect_names };

/* ---- Values ---- */

/* The known name that shares most with `name`, if they agree up to an underscore at least: a wrong unit suffix. */
static const char *similar(const char *name) {
  const char *best = NULL;
  size_t most = 3;
  for (int i = 0; i < FIELDS; i++) {
    size_t same = 0;
    while (name[same] && name[same] == fields[i].name[same]) same++;
    if (same > most) most = same, best = fields[i].name;
  }
  return best;
}

static pl_status read_field(const char *path, config_setting_t *s, const field *f, pl_physics *p, pl_error *err) {
  int line = (int)config_setting_source_line(s), type = config_setting_type(s);
  int whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
  if (!whole && !(type == CONFIG_TYPE_FLOAT && f->kind == REAL))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a %s", path, line, f->name,
                   f->kind == REAL ? "number" : "whole number");
  double value = whole ? (double)config_setting_get_int64(s) : config_setting_get_float(s);
  if (!(value >= f->min && value <= f->max))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s is %.10g but must be %.10g to %.10g", path, line, f->name, value, f->min,
                   f->max);
  void *to = (char *)p + f->offset;
  if (f->kind == WHOLE_INT) *(int *)to = (int)value;
  if (f->kind == WHOLE_U32) *(uint32_t *)to = (uint32_t)value;
  if (f->kind == REAL) *(double *)to = value;
  return PL_OK;
}

static pl_status read_effects(const char *path, config_setting_t *s, pl_physics *p, pl_error *err) {
  int line = (int)config_setting_source_line(s), type = config_setting_type(s);
  if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
    return pl_fail(err, PL_E_INPUT, "%s:%d: effects must be a list of names, such as [\"dac_a\", \"adc\"]", path, line);
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *name = config_setting_get_string_elem(s, i);
    int bit = 0;
    if (!name) return pl_fail(err, PL_E_INPUT, "%s:%d: effects must hold names in quotes", path, line);
    while (bit < EFFECTS && strcmp(effect_names[bit], name)) bit++;
    if (bit == EFFECTS)
      return pl_fail(err, PL_E_INPUT,
                     "%s:%d: effects names '%s'; there are dac_a, dac_b, enc_a, enc_b, dispersion, phase, output, "
                     "shot, thermal and adc", path, line, name);
    p->effects |= 1u << bit;
  }
  return PL_OK;
}

static pl_status read_text(const char *path, config_setting_t *s, char *to, size_t size, pl_error *err) {
  const char *text = config_setting_get_string(s), *name = config_setting_name(s);
  int line = (int)config_setting_source_line(s);
  if (!text) return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be text in quotes", path, line, name);
  if (!*text || strlen(text) >= size)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must have 1 to %zu characters", path, line, name, size - 1);
  strcpy(to, text);
  return PL_OK;
}

/* ---- The file ---- */

static pl_status read_setting(const char *path, config_setting_t *s, pl_physics *p, pl_error *err) {
  const char *name = config_setting_name(s);
  int line = (int)config_setting_source_line(s);
  for (int i = 0; i < FIELDS; i++)
    if (!strcmp(name, fields[i].name)) return read_field(path, s, &fields[i], p, err);
  if (!strcmp(name, "effects")) return read_effects(path, s, p, err);
  if (!strcmp(name, "name")) return read_text(path, s, p->name, sizeof p->name, err);
  if (!strcmp(name, "kind")) {
    char kind[32];
    pl_status status = read_text(path, s, kind, sizeof kind, err);
    if (status) return status;
    if (strcmp(kind, "coherent"))
      return pl_fail(err, PL_E_INPUT, "%s:%d: kind is '%s' but this version has only coherent", path, line, kind);
    return PL_OK;
  }
  const char *hint = similar(name);
  if (hint) return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s'; did you mean %s?", path, line, name, hint);
  return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s' (docs/cores.md lists the fields)", path, line, name);
}

static pl_status check_complete(const char *path, const config_setting_t *root, const pl_physics *p, pl_error *err) {
  config_setting_t *effects = config_setting_get_member(root, "effects");
  if (!effects)
    return pl_fail(err, PL_E_INPUT, "%s:1: field effects is missing: list the effects that are on, or []", path);
  int line = (int)config_setting_source_line(effects);
  if (!config_setting_get_member(root, "kind"))
    return pl_fail(err, PL_E_INPUT, "%s:1: field kind is missing: write kind = \"coherent\";", path);
  for (int i = 0; i < FIELDS; i++) {
    if (config_setting_get_member(root, fields[i].name)) continue;
    if (fields[i].needed_by == ~0u)
      return pl_fail(err, PL_E_INPUT, "%s:%d: field %s is missing", path, line, fields[i].name);
    for (int bit = 0; bit < EFFECTS; bit++)
      if (fields[i].needed_by & p->effects & 1u << bit)
        return pl_fail(err, PL_E_INPUT, "%s:%d: field %s is missing, which the effect %s needs", path, line,
                       fields[i].name, effect_names[bit]);
  }
  return PL_OK;
}

/* Derives the registers; an error that names a field gets the line of that field. */
static pl_status derive(const char *path, const config_setting_t *root, const pl_physics *p, pl_image *image,
                        pl_error *err) {
  pl_error why;
  pl_status status = pl_physics_derive(p, image, &why);
  if (!status) return PL_OK;
  for (int i = 0; i < FIELDS; i++) {
    config_setting_t *s = config_setting_get_member(root, fields[i].name);
    if (s && strstr(why.text, fields[i].name))
      return pl_fail(err, status, "%s:%d: %s", path, (int)config_setting_source_line(s), why.text);
  }
  return pl_fail(err, status, "%s:1: %s", path, why.text);
}

static pl_status parse(const char *path, const char *text, pl_physics *p, pl_image *image, pl_error *err) {
  config_t config;
  config_init(&config);
  pl_status status = PL_OK;
  if (!config_read_string(&config, text)) {
    status = pl_fail(err, PL_E_INPUT, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
  } else {
    config_setting_t *root = config_root_setting(&config);
    for (int i = 0; i < config_setting_length(root) && !status; i++)
      status = read_setting(path, config_setting_get_elem(root, (unsigned)i), p, err);
    if (!status) status = check_complete(path, root, p, err);
    if (!status) status = derive(path, root, p, image, err);
  }
  config_destroy(&config);
  return status;
}

/* libconfig ends the program when a file cannot be read on (a directory, say), so it only ever gets text. */
static pl_status read_text_file(const char *path, char **text, pl_error *err) {
  FILE *file = fopen(path, "rb");
  if (!file) return pl_fail(err, PL_E_INPUT, "cannot read the core description %s: %s", path, strerror(errno));
  pl_status status = PL_OK;
  *text = malloc(FILE_MAX + 1);
  size_t length = *text ? fread(*text, 1, FILE_MAX, file) : 0;
  if (!*text) {
    status = pl_fail(err, PL_E_MEMORY, "out of memory when reading %s", path);
  } else if (ferror(file)) {
    status = pl_fail(err, PL_E_INPUT, "cannot read the core description %s: %s", path, strerror(errno));
  } else if (length == FILE_MAX || memchr(*text, 0, length)) {
    status = pl_fail(err, PL_E_INPUT, "%s is no core description: it is not a short text", path);
  } else {
    (*text)[length] = 0;
    /* An include could name a file that libconfig cannot read, see above. */
    if (strstr(*text, "@include"))
      status = pl_fail(err, PL_E_INPUT, "%s: @include is not supported in a core description", path);
  }
  if (status) {
    free(*text);
    *text = NULL;
  }
  fclose(file);
  return status;
}

/* "dir/lightening.cfg" -> "lightening" */
static void name_from_path(const char *path, char *name, size_t size) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  snprintf(name, size, "%s", base);
  char *dot = strrchr(name, '.');
  if (dot && dot > name) *dot = 0;
}

pl_status pl_physics_read(const char *path, pl_physics *p, pl_image *image, pl_error *err) {
  pl_physics_reset(p);
  name_from_path(path, p->name, sizeof p->name);
  char *text = NULL;
  pl_status status = read_text_file(path, &text, err);
  if (status) return status;
  status = parse(path, text, p, image, err);
  free(text);
  return status;
}

/* ---- Shipped descriptions ---- */

/* Appends the names of the descriptions in `dir` to `list`, each once. */
static void list_cores(const char *dir, char *list, size_t size) {
  DIR *entries = opendir(dir);
  if (!entries) return;
  for (struct dirent *e; (e = readdir(entries));) {
    size_t length = strlen(e->d_name);
    char marked[80];
    if (length <= 4 || length > 64 || strcmp(e->d_name + length - 4, ".cfg")) continue;
    snprintf(marked, sizeof marked, " %.*s,", (int)(length - 4), e->d_name);
    if (!strstr(list, marked) && strlen(list) + strlen(marked) < size) strcat(list, marked);
  }
  closedir(entries);
}

static pl_status find_shipped(const char *name, char *path, size_t size, pl_error *err) {
  pl_search_path search;
  pl_search_dirs(PL_SEARCH_CORES, &search);
  for (int i = 0; i < search.count; i++) {
    int length = snprintf(path, size, "%s/%s.cfg", search.dir[i], name);
    FILE *file = length > 0 && (size_t)length < size ? fopen(path, "rb") : NULL;
    if (file) {
      fclose(file);
      return PL_OK;
    }
  }
  char list[256] = "";
  for (int i = 0; i < search.count; i++) list_cores(search.dir[i], list, sizeof list);
  if (*list) list[strlen(list) - 1] = 0;
  return pl_fail(err, PL_E_INPUT, "there is no core '%s'; there are%s; a file of one's own ends in .cfg", name,
                 *list ? list : " none installed (set PHOTOLANE_CORES to their folder)");
}

pl_status pl_core_load(const char *name_or_path, pl_core *core, pl_error *err) {
  if (!name_or_path || !core) return pl_fail(err, PL_E_INPUT, "pl_core_load: name and core must not be NULL");
  size_t length = strlen(name_or_path);
  if (!length || length >= PL_PATH_MAX)
    return pl_fail(err, PL_E_INPUT, "a core's name has 1 to %d characters", PL_PATH_MAX - 1);

  char found[PL_PATH_MAX + 80];
  const char *path = name_or_path;
  pl_status status;
  if (!strchr(path, '/') && !(length > 4 && !strcmp(path + length - 4, ".cfg"))) {
    if ((status = find_shipped(name_or_path, found, sizeof found, err))) return status;
    path = found;
  }

  pl_physics physics;
  memset(core, 0, sizeof *core);
  if ((status = pl_physics_read(path, &physics, &core->image, err))) return status;
  strcpy(core->name, physics.name);
  return PL_OK;
}
