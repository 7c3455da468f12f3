/* grid.c: see grid.h. */
#include "energy/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

/* ---- The file ---- */

static int line_of(const config_setting_t *s) { return (int)config_setting_source_line(s); }

/* { from = 1; to = 32; step = 1; } or factor */
static pl_status read_range(const char *path, const config_setting_t *s, pl_axis *axis, pl_error *err) {
  double from = 0, to = 0, step = 0, factor = 0;
  const struct {
    const char *name;
    double *value;
  } fields[] = {{"from", &from}, {"to", &to}, {"step", &step}, {"factor", &factor}};
  for (int i = 0; i < config_setting_length(s); i++) {
    const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    const char *name = config_setting_name(e);
    size_t f = 0;
    while (f < 4 && strcmp(name, fields[f].name)) f++;
    if (f == 4)
      return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s'; a range has from, to and step or factor", path,
                     line_of(e), name);
    const pl_status status = pl_cfg_number(path, e, -1, name, 0, -1e15, 1e15, fields[f].value, err);
    if (status) return status;
  }
  if (!(to >= from) || (step > 0) == (factor > 1) || (factor > 1 && !(from > 0)))
    return pl_fail(err, PL_E_INPUT,
                   "%s:%d: %s needs from, a to not below it, and either step above 0 or factor above 1", path,
                   line_of(s), axis->name);
  const double steps = step > 0 ? (to - from) / step : log(to / from) / log(factor);
  if (steps >= PL_GRID_POINTS_MAX)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s has more than %d values", path, line_of(s), axis->name,
                   PL_GRID_POINTS_MAX);
  axis->count = (int)floor(steps + 1e-9) + 1;
  if (!(axis->value = malloc(sizeof(double) * (size_t)axis->count)))
    return pl_fail(err, PL_E_MEMORY, "out of memory for the grid");
  for (int i = 0; i < axis->count; i++) axis->value[i] = step > 0 ? from + i * step : from * pow(factor, i);
  return PL_OK;
}

static pl_status read_list(const char *path, const config_setting_t *s, pl_axis *axis, pl_error *err) {
  axis->count = config_setting_length(s);
  if (!axis->count) return pl_fail(err, PL_E_INPUT, "%s:%d: %s has no values", path, line_of(s), axis->name);
  if (!(axis->value = malloc(sizeof(double) * (size_t)axis->count)))
    return pl_fail(err, PL_E_MEMORY, "out of memory for the grid");
  for (int i = 0; i < axis->count; i++) {
    const pl_status status = pl_cfg_number(path, s, i, axis->name, 0, -1e15, 1e15, &axis->value[i], err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status check_values(const char *path, const config_setting_t *s, const pl_grid *g, pl_axis *axis,
                              pl_error *err) {
  char where[600];
  snprintf(where, sizeof where, "%.500s:%d", path, line_of(s));
  axis->of = !strcmp(axis->name, "tokens")  ? PL_AXIS_TOKENS
             : !strcmp(axis->name, "batch") ? PL_AXIS_BATCH
                                            : PL_AXIS_ARCH;
  for (int i = 0; i < axis->count; i++) {
    if (axis->of != PL_AXIS_ARCH && !(axis->value[i] >= 1 && axis->value[i] == floor(axis->value[i])))
      return pl_fail(err, PL_E_INPUT, "%s: %s is %.10g but must be a whole number above 0", where, axis->name,
                     axis->value[i]);
    if (axis->of != PL_AXIS_ARCH) continue;
    const pl_status status = pl_arch_field(&g->arch, where, axis->name, axis->value[i], &axis->offset, err);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status read_axes(const char *path, const config_setting_t *vary, pl_grid *g, pl_error *err) {
  double points = 1;
  if (config_setting_type(vary) != CONFIG_TYPE_GROUP || !config_setting_length(vary))
    return pl_fail(err, PL_E_INPUT, "%s:%d: vary must be a group such as { bits = [4, 8]; }", path, line_of(vary));
  for (int i = 0; i < config_setting_length(vary); i++) {
    const config_setting_t *s = config_setting_get_elem(vary, (unsigned)i);
    const int type = config_setting_type(s);
    if (g->axes == PL_GRID_AXES)
      return pl_fail(err, PL_E_INPUT, "%s:%d: vary has more than %d fields", path, line_of(s), PL_GRID_AXES);
    pl_axis *axis = &g->axis[g->axes++];
    snprintf(axis->name, sizeof axis->name, "%s", config_setting_name(s));
    pl_status status = PL_OK;
    if (type == CONFIG_TYPE_GROUP) status = read_range(path, s, axis, err);
    else if (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST) status = read_list(path, s, axis, err);
    else
      status = pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a list of numbers or a range { from, to, step }", path,
                       line_of(s), axis->name);
    if (!status) status = check_values(path, s, g, axis, err);
    if (status) return status;
    if ((points *= axis->count) > PL_GRID_POINTS_MAX)
      return pl_fail(err, PL_E_INPUT, "%s:%d: the grid has more than %d designs", path, line_of(s), PL_GRID_POINTS_MAX);
  }
  g->count = (int)points;
  return PL_OK;
}

static pl_status read_root(const char *path, const config_setting_t *root, pl_grid *g, pl_error *err) {
  const config_setting_t *vary = NULL;
  char arch[512] = "", model[512] = "";
  pl_status status = PL_OK;
  for (int i = 0; i < config_setting_length(root) && !status; i++) {
    const config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
    const char *name = config_setting_name(s);
    double train = 0;
    if (!strcmp(name, "arch")) status = pl_cfg_text(path, s, arch, sizeof arch, err);
    else if (!strcmp(name, "model")) status = pl_cfg_text(path, s, model, sizeof model, err);
    else if (!strcmp(name, "tokens")) status = pl_cfg_number(path, s, -1, name, 1, 1, 1e9, &g->how.tokens, err);
    else if (!strcmp(name, "batch")) status = pl_cfg_number(path, s, -1, name, 1, 1, 1e9, &g->how.batch, err);
    else if (!strcmp(name, "train"))
      status = pl_cfg_number(path, s, -1, name, 1, 0, 1, &train, err), g->how.train = train > 0;
    else if (!strcmp(name, "vary")) vary = s;
    else
      status =
          pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s'; there are arch, model, tokens, batch, train and vary",
                  path, line_of(s), name);
  }
  if (!status && !*arch) status = pl_fail(err, PL_E_INPUT, "%s:1: field arch is missing", path);
  if (!status && !*model) status = pl_fail(err, PL_E_INPUT, "%s:1: field model is missing", path);
  if (!status && !vary) status = pl_fail(err, PL_E_INPUT, "%s:1: field vary is missing", path);
  if (!status) status = pl_arch_load(arch, &g->arch, err);
  if (!status) status = pl_shape_load(model, &g->shape, err);
  return status ? status : read_axes(path, vary, g, err);
}

pl_status pl_grid_load(const char *path, int quirks, pl_grid *g, pl_error *err) {
  char *text;
  memset(g, 0, sizeof *g);
  g->how = (pl_workload_options){.batch = 1, .quirks = quirks};
  pl_status status = pl_config_text("grid", path, &text, err);
  if (status) return status;
  config_t config;
  config_init(&config);
  if (config_read_string(&config, text)) status = read_root(path, config_root_setting(&config), g, err);
  else status = pl_fail(err, PL_E_INPUT, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
  config_destroy(&config);
  free(text);
  if (status) pl_grid_free(g);
  return status;
}

void pl_grid_free(pl_grid *g) {
  for (int i = 0; i < g->axes; i++) free(g->axis[i].value);
  free(g->point);
  pl_shape_free(&g->shape);
  memset(g, 0, sizeof *g);
}

/* ---- Points ---- */

static int by_energy(const void *a, const void *b) {
  const pl_grid_point *x = a, *y = b;
  if (x->energy_mj != y->energy_mj) return x->energy_mj < y->energy_mj ? -1 : 1;
  if (x->latency_ms != y->latency_ms) return x->latency_ms < y->latency_ms ? -1 : 1;
  return x->area_mm2 < y->area_mm2 ? -1 : x->area_mm2 > y->area_mm2;
}

/* In order of energy only an earlier point can beat a later one. `stair` holds the points that matter for time and
 * area: time rising, area falling. */
void pl_grid_front(pl_grid_point *point, int count) {
  int *stair = malloc(sizeof *stair * (size_t)(count ? count : 1)), steps = 0;
  for (int i = 0; i < count && stair; i++) {
    pl_grid_point *p = &point[i];
    const double area = isnan(p->area_mm2) ? 0 : p->area_mm2;
    int low = 0, high = steps; /* the first step with more time than p */
    while (low < high) {
      const int middle = (low + high) / 2;
      if (point[stair[middle]].latency_ms > p->latency_ms) high = middle;
      else low = middle + 1;
    }
    const pl_grid_point *before = low ? &point[stair[low - 1]] : NULL;
    const double before_area = before && !isnan(before->area_mm2) ? before->area_mm2 : 0;
    /* An equal twin is not beaten, but it need not be shown twice. */
    p->on_front = !before || before_area > area;
    if (!p->on_front) continue;
    int end = low; /* steps that p makes superfluous */
    while (end < steps && !(point[stair[end]].area_mm2 < area)) end++;
    if (low && point[stair[low - 1]].latency_ms == p->latency_ms) low--;
    memmove(stair + low + 1, stair + end, sizeof *stair * (size_t)(steps - end));
    stair[low] = i;
    steps += low + 1 - end;
  }
  free(stair);
}

pl_status pl_grid_run(pl_grid *g, pl_error *err) {
  pl_workload w = {0};
  pl_status status = PL_OK;
  if (!(g->point = calloc((size_t)g->count, sizeof *g->point)))
    return pl_fail(err, PL_E_MEMORY, "out of memory for %d designs", g->count);
  pl_workload_options how = g->how, made = {0};
  for (int i = 0; i < g->count && !status; i++) {
    pl_grid_point *p = &g->point[i];
    pl_arch arch = g->arch;
    for (int a = 0, rest = i; a < g->axes; rest /= g->axis[a++].count) {
      const pl_axis *axis = &g->axis[a];
      p->at[a] = axis->value[rest % axis->count];
      if (axis->of == PL_AXIS_TOKENS) how.tokens = p->at[a];
      else if (axis->of == PL_AXIS_BATCH) how.batch = p->at[a];
      else *pl_cfg_value(&arch, axis->offset) = p->at[a];
    }
    if (!w.op || made.tokens != how.tokens || made.batch != how.batch) {
      pl_workload_free(&w);
      if ((status = pl_workload_make(&g->shape, &how, &w, err))) break;
      made = how;
    }
    pl_cost cost;
    pl_design design;
    pl_cost_run(&arch, &w, &cost);
    pl_design_of(&arch, &design);
    p->energy_mj = pl_cost_pj(&cost) * 1e-9, p->latency_ms = cost.latency_s * 1e3, p->area_mm2 = design.total_area_mm2;
  }
  pl_workload_free(&w);
  if (status) return status;
  qsort(g->point, (size_t)g->count, sizeof *g->point, by_energy);
  pl_grid_front(g->point, g->count);
  g->front = 0;
  for (int i = 0; i < g->count; i++) g->front += g->point[i].on_front;
  return PL_OK;
}
