/* config.c: see config.h. */
#include "energy/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

enum { BASES_MAX = 4 };

static int line_of(const config_setting_t *s) { return (int)config_setting_source_line(s); }

/* ---- Fields ---- */

const pl_cfg_field *pl_cfg_find(const pl_cfg_table *t, int kind, const char *name) {
  for (int i = 0; i < t->count; i++)
    if (t->fields[i].kinds >> kind & 1 && !strcmp(t->fields[i].name, name)) return &t->fields[i];
  return NULL;
}

/* What somebody meant who wrote another unit or mistyped the end: the field that shares most, at least half of it. */
static const char *similar(const pl_cfg_table *t, int kind, const char *name) {
  const char *best = NULL;
  size_t most = 2;
  for (int i = 0; i < t->count; i++) {
    size_t same = 0;
    while (name[same] && name[same] == t->fields[i].name[same]) same++;
    if (t->fields[i].kinds >> kind & 1 && same > most && 2 * same >= strlen(name))
      most = same, best = t->fields[i].name;
  }
  return best;
}

static pl_status unknown(const pl_cfg_table *t, int kind, const char *where, const char *name, pl_error *err) {
  const char *hint = similar(t, kind, name);
  if (hint) return pl_fail(err, PL_E_INPUT, "%s: unknown field '%s'; did you mean %s?", where, name, hint);
  for (int other = 0; t->kinds[other]; other++)
    if (pl_cfg_find(t, other, name))
      return pl_fail(err, PL_E_INPUT, "%s: %s %s has no field %s, which belongs to %s", where, t->kind_field,
                     t->kinds[kind], name, t->kinds[other]);
  return pl_fail(err, PL_E_INPUT, "%s: unknown field '%s' (`photolane energy --fields` lists them)", where, name);
}

static pl_status store(const pl_cfg_table *t, const char *where, const pl_cfg_field *f, double value, void *record,
                       pl_error *err) {
  if (!(value >= f->min && value <= f->max))
    return pl_fail(err, PL_E_INPUT, "%s: %s is %.10g but must be %.10g to %.10g", where, f->name, value, f->min,
                   f->max);
  if (f->type != PL_CFG_REAL && value != (double)(long long)value)
    return pl_fail(err, PL_E_INPUT, "%s: %s is %.10g but must be a whole number", where, f->name, value);
  *pl_cfg_value(record, f->offset) = value;
  ((pl_cfg_head *)record)->given[f - t->fields] = 1;
  return PL_OK;
}

pl_status pl_cfg_set(const pl_cfg_table *t, const char *where, const char *name, double value, void *record,
                     pl_error *err) {
  const int kind = ((const pl_cfg_head *)record)->kind;
  const pl_cfg_field *f = pl_cfg_find(t, kind, name);
  return f ? store(t, where, f, value, record, err) : unknown(t, kind, where, name, err);
}

pl_status pl_cfg_set_list(const pl_cfg_table *t, const char *where, const char *list, void *record, pl_error *err) {
  while (*list) {
    char name[PL_CFG_NAME], *end;
    const size_t length = strcspn(list, "=,");
    const char *text = list + length + 1;
    if (list[length] != '=' || !length || length >= sizeof name)
      return pl_fail(err, PL_E_INPUT, "%s wants FIELD=VALUE, several separated by commas, not '%.60s'", where, list);
    memcpy(name, list, length), name[length] = 0;
    double value = strtod(text, &end);
    const int is_true = !strncmp(text, "true", 4), is_false = !strncmp(text, "false", 5);
    if (is_true || is_false) value = is_true, end = (char *)text + (is_true ? 4 : 5);
    if (end == text || isspace((unsigned char)*text) || (*end && *end != ','))
      return pl_fail(err, PL_E_INPUT, "%s: %s must be a number or true or false", where, name);
    const pl_status status = pl_cfg_set(t, where, name, value, record, err);
    if (status) return status;
    list = *end ? end + 1 : end;
  }
  return PL_OK;
}

/* ---- Settings ---- */

pl_status pl_cfg_number(const char *path, const config_setting_t *s, int index, const char *name, int whole, double min,
                        double max, double *value, pl_error *err) {
  const config_setting_t *e = index < 0 ? s : config_setting_get_elem(s, (unsigned)index);
  const int type = e ? config_setting_type(e) : CONFIG_TYPE_NONE;
  const int is_whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
  char place[16] = "";
  if (index >= 0) snprintf(place, sizeof place, "[%d]", index);
  if (!is_whole && !(type == CONFIG_TYPE_FLOAT && !whole))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s%s must be a %s", path, line_of(s), name, place,
                   whole ? "whole number" : "number");
  *value = is_whole ? (double)config_setting_get_int64(e) : config_setting_get_float(e);
  if (!(*value >= min && *value <= max))
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s%s is %.10g but must be %.10g to %.10g", path, line_of(s), name, place,
                   *value, min, max);
  return PL_OK;
}

pl_status pl_cfg_text(const char *path, const config_setting_t *s, char *to, size_t size, pl_error *err) {
  const char *text = config_setting_get_string(s), *name = config_setting_name(s);
  if (!text) return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be text in quotes", path, line_of(s), name);
  if (!*text || strlen(text) >= size)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must have 1 to %zu characters", path, line_of(s), name, size - 1);
  strcpy(to, text);
  return PL_OK;
}

/* Appends the names of a NULL-ended list, as "a, b, c". */
static void join(const char *const *names, char *text, size_t size) {
  *text = 0;
  for (; *names; names++) snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? ", " : "", *names);
}

static int index_of(const char *const *names, const char *name) {
  for (int i = 0; names[i]; i++)
    if (!strcmp(names[i], name)) return i;
  return -1;
}

static pl_status read_kind(const pl_cfg_table *t, const char *path, const config_setting_t *root, pl_cfg_head *head,
                           pl_error *err) {
  const config_setting_t *s = config_setting_get_member(root, t->kind_field);
  char text[PL_CFG_NAME], list[200];
  join(t->kinds, list, sizeof list);
  if (!s && head->kind >= 0) return PL_OK; /* as in the base */
  if (!s) return pl_fail(err, PL_E_INPUT, "%s:1: field %s is missing; there are %s", path, t->kind_field, list);
  const pl_status status = pl_cfg_text(path, s, text, sizeof text, err);
  if (status) return status;
  if ((head->kind = index_of(t->kinds, text)) >= 0) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s:%d: %s is '%s' but there are %s", path, line_of(s), t->kind_field, text, list);
}

static pl_status read_quirks(const pl_cfg_table *t, const char *path, const config_setting_t *s, pl_cfg_head *head,
                             pl_error *err) {
  const int type = config_setting_type(s);
  char list[300];
  join(t->quirks, list, sizeof list);
  if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
    return pl_fail(err, PL_E_INPUT, "%s:%d: quirks must be a list of names, of %s", path, line_of(s), list);
  head->quirks = 0;
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *name = config_setting_get_string_elem(s, i);
    const int quirk = name ? index_of(t->quirks, name) : -1;
    if (quirk < 0)
      return pl_fail(err, PL_E_INPUT, "%s:%d: quirks names '%s' but there are %s", path, line_of(s), name ? name : "?",
                     list);
    head->quirks |= 1u << quirk;
  }
  return PL_OK;
}

static pl_status read_field(const char *path, const config_setting_t *s, const pl_cfg_table *t, const pl_cfg_field *f,
                            void *record, pl_error *err) {
  double value;
  char where[600];
  if (f->type == PL_CFG_FLAG) {
    if (config_setting_type(s) != CONFIG_TYPE_BOOL)
      return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be true or false", path, line_of(s), f->name);
    value = config_setting_get_bool(s);
  } else {
    const pl_status status = pl_cfg_number(path, s, -1, f->name, f->type == PL_CFG_WHOLE, f->min, f->max, &value, err);
    if (status) return status;
  }
  snprintf(where, sizeof where, "%.500s:%d", path, line_of(s));
  return store(t, where, f, value, record, err);
}

static pl_status read_setting(const pl_cfg_table *t, const char *path, const config_setting_t *s, void *record,
                              pl_error *err) {
  pl_cfg_head *head = record;
  const char *name = config_setting_name(s);
  const pl_cfg_field *f = pl_cfg_find(t, head->kind, name);
  pl_status status = PL_OK;
  char where[600];
  if (f) return read_field(path, s, t, f, record, err);
  if (!strcmp(name, t->kind_field) || !strcmp(name, "base")) return PL_OK;
  if (!strcmp(name, "about")) return pl_cfg_text(path, s, head->about, sizeof head->about, err);
  if (!strcmp(name, "quirks") && t->quirks) return read_quirks(t, path, s, head, err);
  if (t->extra && t->extra(path, s, record, &status, err)) return status;
  snprintf(where, sizeof where, "%.500s:%d", path, line_of(s));
  return unknown(t, head->kind, where, name, err);
}

static pl_status check_complete(const pl_cfg_table *t, const char *path, const pl_cfg_head *head, pl_error *err) {
  for (int i = 0; i < t->count; i++)
    if (t->fields[i].needed >> head->kind & 1 && !head->given[i])
      return pl_fail(err, PL_E_INPUT, "%s:1: field %s is missing, which %s %s needs", path, t->fields[i].name,
                     t->kind_field, t->kinds[head->kind]);
  return PL_OK;
}

/* ---- Files ---- */

static pl_status load(const pl_cfg_table *t, const char *name, int depth, void *record, pl_error *err);

static pl_status read_base(const pl_cfg_table *t, const char *path, const config_setting_t *root, int depth,
                           void *record, pl_error *err) {
  const config_setting_t *s = config_setting_get_member(root, "base");
  char base[512];
  if (!s) return PL_OK;
  const pl_status status = pl_cfg_text(path, s, base, sizeof base, err);
  if (status) return status;
  if (depth == BASES_MAX)
    return pl_fail(err, PL_E_INPUT, "%s:%d: base: more than %d files stand on each other, or they go in a circle", path,
                   line_of(s), BASES_MAX);
  char found[PL_PATH_MAX + 80];
  pl_error why;
  if (pl_shipped_path(PL_SEARCH_ENERGY, t->folder, t->noun, base, found, sizeof found, &why))
    return pl_fail(err, PL_E_INPUT, "%s:%d: base: %s", path, line_of(s), why.text);
  return load(t, base, depth + 1, record, err);
}

static pl_status parse(const pl_cfg_table *t, const char *path, const char *text, int depth, void *record,
                       pl_error *err) {
  config_t config;
  config_init(&config);
  pl_status status = PL_OK;
  if (!config_read_string(&config, text)) {
    status = pl_fail(err, PL_E_INPUT, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
  } else {
    const config_setting_t *root = config_root_setting(&config);
    status = read_base(t, path, root, depth, record, err);
    if (!status) status = read_kind(t, path, root, record, err);
    for (int i = 0; i < config_setting_length(root) && !status; i++)
      status = read_setting(t, path, config_setting_get_elem(root, (unsigned)i), record, err);
    if (!status) status = check_complete(t, path, record, err);
  }
  config_destroy(&config);
  return status;
}

pl_status pl_cfg_parse(const pl_cfg_table *t, const char *path, const char *text, void *record, pl_error *err) {
  ((pl_cfg_head *)record)->kind = -1;
  return parse(t, path, text, 0, record, err);
}

static pl_status load(const pl_cfg_table *t, const char *name, int depth, void *record, pl_error *err) {
  char path[PL_PATH_MAX + 80], *text = NULL;
  pl_cfg_head *head = record;
  pl_status status = pl_shipped_path(PL_SEARCH_ENERGY, t->folder, t->noun, name, path, sizeof path, err);
  if (!status) status = pl_config_text(t->noun, path, &text, err);
  if (!status) status = parse(t, path, text, depth, record, err);
  free(text);
  if (status) return status;
  pl_config_name(path, head->name, sizeof head->name);
  snprintf(head->path, sizeof head->path, "%.*s", (int)sizeof head->path - 1, path);
  return PL_OK;
}

pl_status pl_cfg_load(const pl_cfg_table *t, const char *name_or_path, void *record, pl_error *err) {
  ((pl_cfg_head *)record)->kind = -1;
  return load(t, name_or_path, 0, record, err);
}
