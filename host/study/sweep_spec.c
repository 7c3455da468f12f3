/* sweep_spec.c: reads the file of a sweep (see sweep.h). Every error is one sentence with file, line and field. */
#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"
#include "study/sweep.h"

enum { VALUES_MAX = 4096, BLOCKS_MAX = 256 };

static int line_of(const config_setting_t *s) { return (int)config_setting_source_line(s); }

static int is_list(const config_setting_t *s) {
  const int type = config_setting_type(s);
  return type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST;
}

pl_status pl_sweep_beside(const char *from, const char *path, char *to, size_t size, pl_error *err) {
  const char *slash = strrchr(from, '/');
  const int folder = slash && *path != '/' ? (int)(slash + 1 - from) : 0;
  const int length = snprintf(to, size, "%.*s%s", folder, from, path);
  if (length >= 0 && (size_t)length < size) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%.300s: the path of a file it names is longer than %zu characters", from, size - 1);
}

static pl_status read_text(const char *path, const config_setting_t *s, char *to, size_t size, pl_error *err) {
  const char *text = config_setting_get_string(s);
  if (!text)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be text in quotes", path, line_of(s), config_setting_name(s));
  if (!*text || strlen(text) >= size)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must have 1 to %zu characters", path, line_of(s), config_setting_name(s),
                   size - 1);
  strcpy(to, text);
  return PL_OK;
}

static pl_status read_file_name(const char *path, const config_setting_t *s, char *to, int *line, pl_error *err) {
  char name[PL_SWEEP_PATH];
  *line = line_of(s);
  const pl_status status = read_text(path, s, name, sizeof name, err);
  return status ? status : pl_sweep_beside(path, name, to, PL_SWEEP_PATH, err);
}

static pl_status read_whole(const char *path, const config_setting_t *s, int min, int max, int *to, pl_error *err) {
  const int type = config_setting_type(s);
  if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a whole number", path, line_of(s), config_setting_name(s));
  const long long value = config_setting_get_int64(s);
  if (value < min || value > max)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s is %lld but must be %d to %d", path, line_of(s), config_setting_name(s),
                   value, min, max);
  *to = (int)value;
  return PL_OK;
}

/* ---- Axes ---- */

int pl_sweep_rule(const char *text, pl_range_choice *choice) {
  char *end;
  *choice = pl_range_default;
  if (!strcmp(text, "mse")) return choice->rule = PL_RANGE_MSE, 1;
  if (!strcmp(text, "max")) return choice->rule = PL_RANGE_MAX, 1;
  choice->rule = PL_RANGE_PERCENTILE;
  choice->percentile = strtod(text, &end);
  return end != text && !*end && choice->percentile >= 50 && choice->percentile <= 100;
}

static pl_status read_value(const char *path, const config_setting_t *s, const config_setting_t *e, int index,
                            pl_sweep_axis *axis, pl_error *err) {
  const int type = e ? config_setting_type(e) : CONFIG_TYPE_NONE;
  char *text = axis->text[index];
  pl_range_choice choice;
  if (axis->kind == PL_AXIS_CORE || axis->kind == PL_AXIS_RANGE) {
    const char *value = e ? config_setting_get_string(e) : NULL;
    if (!value || !*value || strlen(value) >= PL_SWEEP_VALUE)
      return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be text in quotes, of 1 to %d characters, or a list of such",
                     path, line_of(s), axis->name, PL_SWEEP_VALUE - 1);
    strcpy(text, value);
    if (axis->kind == PL_AXIS_RANGE && !pl_sweep_rule(value, &choice))
      return pl_fail(err, PL_E_INPUT, "%s:%d: range is '%s' but must be \"mse\", \"max\" or a percentile such as "
                     "\"99.9\"", path, line_of(s), value);
    return PL_OK;
  }
  if (type == CONFIG_TYPE_FLOAT) {
    axis->number[index] = config_setting_get_float(e);
    snprintf(text, PL_SWEEP_VALUE, "%.10g", axis->number[index]);
  } else if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
    const long long value = config_setting_get_int64(e);
    axis->number[index] = (double)value;
    snprintf(text, PL_SWEEP_VALUE, "%lld", value);
  } else {
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a number or a list of numbers, such as [4, 6, 8]", path,
                   line_of(s), axis->name);
  }
  const int whole = axis->kind == PL_AXIS_SEED || axis->kind == PL_AXIS_REGISTER || axis->kind == PL_AXIS_DAC;
  if (whole && type == CONFIG_TYPE_FLOAT)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be whole numbers", path, line_of(s), axis->name);
  if (axis->kind == PL_AXIS_SEED && !(axis->number[index] >= 0 && axis->number[index] <= 4294967295.0))
    return pl_fail(err, PL_E_INPUT, "%s:%d: seeds is %s but must be 0 to 4294967295", path, line_of(s), text);
  return PL_OK;
}

static pl_status read_axis(const char *path, const config_setting_t *s, pl_axis_kind kind, const char *name,
                           pl_sweep_block *b, pl_error *err) {
  const int count = is_list(s) ? config_setting_length(s) : 1;
  if (b->axes == PL_SWEEP_AXES)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s is one too many: a group of points varies at most %d settings", path,
                   line_of(s), name, PL_SWEEP_AXES);
  if (count < 1 || count > VALUES_MAX)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must have 1 to %d values", path, line_of(s), name, VALUES_MAX);
  if (strlen(name) >= PL_SWEEP_NAME)
    return pl_fail(err, PL_E_INPUT, "%s:%d: there is no setting '%.80s'", path, line_of(s), name);
  for (int i = 0; i < b->axes; i++)
    if (!strcmp(b->axis[i].name, name))
      return pl_fail(err, PL_E_INPUT, "%s:%d: %s stands twice in this group", path, line_of(s), name);
  pl_sweep_axis *axis = &b->axis[b->axes++];
  axis->kind = kind, axis->line = line_of(s), axis->count = count;
  strcpy(axis->name, name);
  axis->text = calloc((size_t)count, sizeof *axis->text);
  axis->number = calloc((size_t)count, sizeof *axis->number);
  if (!axis->text || !axis->number) return pl_fail(err, PL_E_MEMORY, "out of memory for the sweep %s", path);
  for (int i = 0; i < count; i++) {
    const pl_status status =
        read_value(path, s, is_list(s) ? config_setting_get_elem(s, (unsigned)i) : s, i, axis, err);
    if (status) return status;
  }
  return PL_OK;
}

/* reg = { adc_bits = [4, 6]; dispersion-3 = 100; }: libconfig has no brackets in names. */
static pl_status read_registers(const char *path, const config_setting_t *s, pl_sweep_block *b, pl_error *err) {
  if (!config_setting_is_group(s))
    return pl_fail(err, PL_E_INPUT, "%s:%d: reg must be a group of registers, such as { adc_bits = [4, 6, 8]; }", path,
                   line_of(s));
  for (int i = 0; i < config_setting_length(s); i++) {
    const config_setting_t *r = config_setting_get_elem(s, (unsigned)i);
    char name[2 * PL_SWEEP_NAME];
    snprintf(name, sizeof name, "reg.%.100s", config_setting_name(r));
    char *dash = strchr(name, '-');
    if (dash) *dash = '[', strcat(name, "]");
    const pl_status status = read_axis(path, r, PL_AXIS_REGISTER, name, b, err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status read_mode(const char *path, const config_setting_t *s, pl_sweep_block *b, pl_error *err) {
  char text[16];
  const pl_status status = read_text(path, s, text, sizeof text, err);
  if (status) return status;
  if (strcmp(text, "grid") && strcmp(text, "list"))
    return pl_fail(err, PL_E_INPUT, "%s:%d: mode is '%s' but must be \"grid\" or \"list\"", path, line_of(s), text);
  b->is_list = text[0] == 'l';
  return PL_OK;
}

static pl_status read_block(const char *path, const config_setting_t *s, pl_sweep_block *b, pl_error *err) {
  b->line = line_of(s);
  if (!config_setting_is_group(s))
    return pl_fail(err, PL_E_INPUT, "%s:%d: points must be a list of groups, such as ({ core = \"ideal8\"; })", path,
                   b->line);
  pl_status status = PL_OK;
  for (int i = 0; i < config_setting_length(s) && !status; i++) {
    const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    const char *name = config_setting_name(e);
    if (!strcmp(name, "name")) status = read_text(path, e, b->name, sizeof b->name, err);
    else if (!strcmp(name, "mode")) status = read_mode(path, e, b, err);
    else if (!strcmp(name, "energy"))
      b->energy_line = line_of(e), status = read_text(path, e, b->energy, sizeof b->energy, err);
    else if (!strcmp(name, "core")) status = read_axis(path, e, PL_AXIS_CORE, "core", b, err);
    else if (!strcmp(name, "range")) status = read_axis(path, e, PL_AXIS_RANGE, "range", b, err);
    else if (!strcmp(name, "seeds")) status = read_axis(path, e, PL_AXIS_SEED, "seed", b, err);
    else if (!strcmp(name, "dac_bits")) status = read_axis(path, e, PL_AXIS_DAC, "dac_bits", b, err);
    else if (!strcmp(name, "reg")) status = read_registers(path, e, b, err);
    else status = read_axis(path, e, PL_AXIS_FIELD, name, b, err);
  }
  if (status) return status;
  for (int i = 0; i < b->axes; i++)
    if (b->axis[i].kind == PL_AXIS_CORE) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s:%d: field core is missing in this group: name a core description", path, b->line);
}

static pl_status read_blocks(const char *path, const config_setting_t *s, pl_sweep *sweep, pl_error *err) {
  const int count = is_list(s) ? config_setting_length(s) : 0;
  if (count < 1 || count > BLOCKS_MAX)
    return pl_fail(err, PL_E_INPUT, "%s:%d: points must be a list of 1 to %d groups, such as ({ core = \"ideal8\"; })",
                   path, line_of(s), BLOCKS_MAX);
  sweep->block = calloc((size_t)count, sizeof *sweep->block);
  if (!sweep->block) return pl_fail(err, PL_E_MEMORY, "out of memory for the sweep %s", path);
  pl_status status = PL_OK;
  for (int i = 0; i < count && !status; i++) {
    snprintf(sweep->block[i].name, PL_SWEEP_NAME, "%d", i + 1);
    sweep->blocks = i + 1;
    status = read_block(path, config_setting_get_elem(s, (unsigned)i), &sweep->block[i], err);
  }
  return status;
}

/* ---- The file ---- */

static pl_status read_check(const char *path, const config_setting_t *s, pl_sweep *sweep, pl_error *err) {
  if (!config_setting_is_group(s))
    return pl_fail(err, PL_E_INPUT, "%s:%d: check must be a group: { device = \"rtl:1x2x8\"; every = 8; tokens = 8; }",
                   path, line_of(s));
  pl_status status = PL_OK;
  for (int i = 0; i < config_setting_length(s) && !status; i++) {
    const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    const char *name = config_setting_name(e);
    if (!strcmp(name, "device"))
      status = read_text(path, e, sweep->check_device, sizeof sweep->check_device, err);
    else if (!strcmp(name, "every")) status = read_whole(path, e, 1, PL_SWEEP_POINTS, &sweep->check_every, err);
    else if (!strcmp(name, "tokens")) status = read_whole(path, e, 1, 65536, &sweep->check_tokens, err);
    else
      status = pl_fail(err, PL_E_INPUT, "%s:%d: check has no field '%s'; there are device, every and tokens", path,
                       line_of(e), name);
  }
  if (!status && !*sweep->check_device)
    status = pl_fail(err, PL_E_INPUT, "%s:%d: field device is missing in check", path, line_of(s));
  return status;
}

static pl_status read_optical(const char *path, const config_setting_t *s, pl_sweep *sweep, pl_error *err) {
  pl_error why;
  const pl_status status = read_text(path, s, sweep->optical, sizeof sweep->optical, err);
  if (status) return status;
  if (pl_nn_parse_products(sweep->optical, &sweep->products, &why))
    return pl_fail(err, PL_E_INPUT, "%s:%d: optical: %s", path, line_of(s), why.text);
  return PL_OK;
}

static pl_status read_setting(const char *path, const config_setting_t *s, pl_sweep *sweep, pl_error *err) {
  const char *name = config_setting_name(s);
  if (!strcmp(name, "model")) return read_file_name(path, s, sweep->model, &sweep->model_line, err);
  if (!strcmp(name, "text")) return read_file_name(path, s, sweep->text, &sweep->text_line, err);
  if (!strcmp(name, "optical")) return read_optical(path, s, sweep, err);
  if (!strcmp(name, "tokens")) return read_whole(path, s, 4, INT32_MAX, &sweep->tokens, err);
  if (!strcmp(name, "context")) return read_whole(path, s, 4, 65536, &sweep->context, err);
  if (!strcmp(name, "check")) return read_check(path, s, sweep, err);
  if (!strcmp(name, "points")) return read_blocks(path, s, sweep, err);
  return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s'; there are model, text, tokens, context, optical, check and "
                 "points", path, line_of(s), name);
}

static pl_status parse(const char *path, pl_sweep *sweep, pl_error *err) {
  config_t config;
  config_init(&config);
  pl_status status = PL_OK;
  if (!config_read_string(&config, sweep->source)) {
    status = pl_fail(err, PL_E_INPUT, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
  } else {
    const config_setting_t *root = config_root_setting(&config);
    for (int i = 0; i < config_setting_length(root) && !status; i++)
      status = read_setting(path, config_setting_get_elem(root, (unsigned)i), sweep, err);
    const char *missing = !*sweep->model    ? "model"
                          : !*sweep->text   ? "text"
                          : !sweep->tokens  ? "tokens"
                          : !sweep->context ? "context"
                          : !sweep->blocks  ? "points"
                                            : NULL;
    if (!status && missing) status = pl_fail(err, PL_E_INPUT, "%s:1: field %s is missing", path, missing);
    if (!status && sweep->tokens < sweep->context)
      status = pl_fail(err, PL_E_INPUT, "%s:%d: tokens is %d, which does not fill one window of context %d", path,
                       line_of(config_setting_get_member(root, "tokens")), sweep->tokens, sweep->context);
  }
  config_destroy(&config);
  return status;
}

pl_status pl_sweep_parse(const char *path, char *source, pl_sweep **sweep, pl_error *err) {
  pl_sweep *s = strlen(path) < PL_SWEEP_PATH ? calloc(1, sizeof *s) : NULL;
  *sweep = NULL;
  if (!s) {
    free(source);
    return strlen(path) < PL_SWEEP_PATH ? pl_fail(err, PL_E_MEMORY, "out of memory for the sweep %s", path)
                                        : pl_fail(err, PL_E_INPUT, "the path of the sweep is too long");
  }
  strcpy(s->path, path);
  strcpy(s->optical, "all");
  s->source = source;
  s->products = PL_NN_ALL;
  s->check_every = 8, s->check_tokens = 8;
  pl_status status = parse(path, s, err);
  if (!status) status = pl_sweep_complete(s, err);
  if (status) pl_sweep_free(s);
  else *sweep = s;
  return status;
}

pl_status pl_sweep_load(const char *path, pl_sweep **sweep, pl_error *err) {
  char *source;
  *sweep = NULL;
  const pl_status status = pl_config_text("sweep", path, &source, err);
  return status ? status : pl_sweep_parse(path, source, sweep, err);
}

void pl_sweep_free(pl_sweep *s) {
  if (!s) return;
  for (int i = 0; i < s->blocks; i++)
    for (int j = 0; j < s->block[i].axes; j++) {
      free(s->block[i].axis[j].text);
      free(s->block[i].axis[j].number);
    }
  free(s->block);
  free(s->source);
  free(s);
}
