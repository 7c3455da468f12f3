/* description.c: core descriptions: libconfig files -> pl_physics and its registers. docs/cores.md lists the fields.
 *
 * Every error is one sentence that begins with file:line and names the field.
 */
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"
#include "physics/fields.h"

/* ---- Settings that are no numbers ---- */

static pl_status read_text(const char *path, const config_setting_t *s, char *to, size_t size, pl_error *err) {
  const char *text = config_setting_get_string(s), *name = config_setting_name(s);
  int line = (int)config_setting_source_line(s);
  if (!text) return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be text in quotes", path, line, name);
  if (!*text || strlen(text) >= size)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must have 1 to %zu characters", path, line, name, size - 1);
  strcpy(to, text);
  return PL_OK;
}

/* The kind comes first: it says which fields and effects there are. */
static pl_status read_kind(const char *path, const config_setting_t *root, pl_physics *p, pl_error *err) {
  const config_setting_t *s = config_setting_get_member(root, "kind");
  if (!s)
    return pl_fail(err, PL_E_INPUT, "%s:1: field kind is missing: write kind = \"coherent\";, \"intensity\" or \"rns\"",
                   path);
  char kind[32];
  const pl_status status = read_text(path, s, kind, sizeof kind, err);
  if (status) return status;
  for (p->kind = 0; p->kind < PL_KINDS; p->kind++)
    if (!strcmp(kind, pl_kind_name((uint32_t)p->kind))) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s:%d: kind is '%s' but there are coherent, intensity and rns", path,
                 (int)config_setting_source_line(s), kind);
}

static pl_status read_effect(const char *path, int line, const char *name, pl_physics *p, pl_error *err) {
  const uint32_t known = pl_kind_effects((uint32_t)p->kind);
  char list[320] = "";
  for (int bit = 0; bit < 32 && pl_effect_name(bit); bit++) {
    if (!(known >> bit & 1)) continue;
    if (!strcmp(name, pl_effect_name(bit))) return p->effects |= 1u << bit, PL_OK;
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *list ? ", " : "", pl_effect_name(bit));
  }
  return pl_fail(err, PL_E_INPUT, "%s:%d: effects names '%s', which a core of kind %s does not have; there are %s",
                 path, line, name, pl_kind_name((uint32_t)p->kind), list);
}

static pl_status read_effects(const char *path, const config_setting_t *s, pl_physics *p, pl_error *err) {
  int line = (int)config_setting_source_line(s), type = config_setting_type(s);
  if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
    return pl_fail(err, PL_E_INPUT, "%s:%d: effects must be a list of names, such as [\"dac_a\", \"adc\"]", path, line);
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *name = config_setting_get_string_elem(s, i);
    if (!name) return pl_fail(err, PL_E_INPUT, "%s:%d: effects must hold names in quotes", path, line);
    const pl_status status = read_effect(path, line, name, p, err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status read_equation(const char *path, const config_setting_t *s, pl_physics *p, pl_error *err) {
  char text[32];
  const pl_status status = read_text(path, s, text, sizeof text, err);
  if (status) return status;
  if (strcmp(text, "paper") && strcmp(text, "code"))
    return pl_fail(err, PL_E_INPUT, "%s:%d: equation is '%s' but must be \"paper\" or \"code\"", path,
                   (int)config_setting_source_line(s), text);
  p->equation = text[0] == 'p' ? PL_COHERENT_PAPER : PL_COHERENT_CODE;
  return PL_OK;
}

/* ---- The file ---- */

static pl_status read_setting(const char *path, const config_setting_t *s, pl_physics *p, pl_error *err) {
  const char *name = config_setting_name(s), *kind = pl_kind_name((uint32_t)p->kind);
  const int line = (int)config_setting_source_line(s);
  const pl_field *field = pl_field_find(p->kind, name);
  if (field) return pl_field_read(path, s, field, p, err);
  if (!strcmp(name, "kind")) return PL_OK;
  if (!strcmp(name, "effects")) return read_effects(path, s, p, err);
  if (!strcmp(name, "name")) return read_text(path, s, p->name, sizeof p->name, err);
  if (!strcmp(name, "equation") && p->kind == PL_KIND_COHERENT) return read_equation(path, s, p, err);
  for (int other = 0; other < PL_KINDS; other++)
    if (pl_field_find(other, name) || !strcmp(name, "equation"))
      return pl_fail(err, PL_E_INPUT, "%s:%d: a core of kind %s has no field %s, which belongs to the kind %s", path,
                     line, kind, name, pl_kind_name((uint32_t)other));
  const char *hint = pl_field_similar(p->kind, name);
  if (hint) return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s'; did you mean %s?", path, line, name, hint);
  return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s' (docs/cores.md lists the fields)", path, line, name);
}

/* "a", or "a or b" for the fields of a group; *given: one of them is there. */
static void name_group(const config_setting_t *root, int kind, const pl_field *field, char *text, size_t size,
                       int *given) {
  int count;
  const pl_field *fields = pl_fields(&count);
  *text = 0, *given = 0;
  for (const pl_field *f = fields; f < fields + count; f++) {
    if (!(f->kinds >> kind & 1) || !(f == field || (field->group && f->group == field->group))) continue;
    *given |= config_setting_get_member(root, f->name) != NULL;
    snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " or " : "", f->name);
  }
}

static pl_status check_complete(const char *path, const config_setting_t *root, const pl_physics *p, pl_error *err) {
  const config_setting_t *effects = config_setting_get_member(root, "effects");
  if (!effects)
    return pl_fail(err, PL_E_INPUT, "%s:1: field effects is missing: list the effects that are on, or []", path);
  const int line = (int)config_setting_source_line(effects);
  int count, given;
  const pl_field *fields = pl_fields(&count);
  for (const pl_field *f = fields; f < fields + count; f++) {
    char names[128];
    if (!(f->kinds >> p->kind & 1)) continue;
    name_group(root, p->kind, f, names, sizeof names, &given);
    if (given) continue;
    if (f->needed_by == ~0u) return pl_fail(err, PL_E_INPUT, "%s:%d: field %s is missing", path, line, names);
    for (int bit = 0; bit < 32; bit++)
      if (f->needed_by & p->effects & 1u << bit)
        return pl_fail(err, PL_E_INPUT, "%s:%d: field %s is missing, which the effect %s needs", path, line, names,
                       pl_effect_name(bit));
  }
  const config_setting_t *rms = config_setting_get_member(root, "channel_gain_rms");
  if (rms && config_setting_get_member(root, "channel_gains"))
    return pl_fail(err, PL_E_INPUT, "%s:%d: channel_gain_rms and channel_gains exclude each other", path,
                   (int)config_setting_source_line(rms));
  return PL_OK;
}

/* Derives the registers; an error that names a field gets the line of that field. */
static pl_status derive(const char *path, const config_setting_t *root, const pl_physics *p, pl_image *image,
                        pl_error *err) {
  pl_error why;
  const pl_status status = pl_physics_derive(p, image, &why);
  if (!status) return PL_OK;
  for (int i = 0; i < config_setting_length(root); i++) {
    const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
    if (pl_field_find(p->kind, config_setting_name(s)) && strstr(why.text, config_setting_name(s)))
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
    const config_setting_t *root = config_root_setting(&config);
    status = read_kind(path, root, p, err);
    for (int i = 0; i < config_setting_length(root) && !status; i++)
      status = read_setting(path, config_setting_get_elem(root, (unsigned)i), p, err);
    if (!status) status = check_complete(path, root, p, err);
    if (!status) status = derive(path, root, p, image, err);
  }
  config_destroy(&config);
  return status;
}

pl_status pl_physics_read(const char *path, pl_physics *p, pl_image *image, pl_error *err) {
  pl_physics_reset(p);
  pl_config_name(path, p->name, sizeof p->name);
  char *text = NULL;
  pl_status status = pl_config_text("core description", path, &text, err);
  if (status) return status;
  status = parse(path, text, p, image, err);
  free(text);
  return status;
}
