/* claims.c: see claims.h. */
#include "energy/claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/backend.h"

const char *const pl_verdict_names[] = {"reproduced", "fitted", "not reproducible", NULL};

/* ---- Values ---- */

static double part_of(const char *name, const double *values) {
  for (int i = 0; i < PL_PARTS; i++)
    if (!strcmp(name, pl_part_name((pl_part)i))) return values[i];
  return NAN;
}

double pl_value_of(const char *name, const pl_workload *w, const pl_cost *cost, const pl_design *design) {
  const double mj = pl_cost_pj(cost) * 1e-9, ms = cost->latency_s * 1e3;
  if (!strncmp(name, "energy:", 7)) return part_of(name + 7, cost->pj) * 1e-9;
  if (!strncmp(name, "share:", 6)) return part_of(name + 6, cost->pj) / pl_cost_pj(cost) * 100;
  if (!strncmp(name, "power:", 6)) return part_of(name + 6, design->power_w);
  if (!strncmp(name, "area:", 5)) return part_of(name + 5, design->area_mm2);
  const struct {
    const char *name;
    double value;
  } values[] = {{"energy_mj", mj},
                {"latency_ms", ms},
                {"edp_mj_ms", mj * ms},
                {"area_mm2", design->total_area_mm2},
                {"power_w", design->total_power_w},
                {"average_power_w", mj / ms},
                {"per_s", w->how.batch / cost->latency_s},
                {"fj_per_mac", pl_cost_pj(cost) * 1e3 / cost->macs},
                {"tmac_per_s", cost->macs / cost->latency_s * 1e-12}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    if (!strcmp(name, values[i].name)) return values[i].value;
  return NAN;
}

/* ---- The file ---- */

static int line_of(const config_setting_t *s) { return (int)config_setting_source_line(s); }

static pl_status read_bool(const char *path, const config_setting_t *s, int *to, pl_error *err) {
  if (config_setting_type(s) != CONFIG_TYPE_BOOL)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be true or false", path, line_of(s), config_setting_name(s));
  *to = config_setting_get_bool(s);
  return PL_OK;
}

static pl_status read_side(const char *path, const config_setting_t *group, pl_claim_side *side, pl_error *err) {
  if (config_setting_type(group) != CONFIG_TYPE_GROUP)
    return pl_fail(err, PL_E_INPUT, "%s:%d: %s must be a group { arch = ...; model = ...; }", path, line_of(group),
                   config_setting_name(group));
  for (int i = 0; i < config_setting_length(group); i++) {
    const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
    const char *name = config_setting_name(s);
    pl_status status;
    if (!strcmp(name, "arch")) status = pl_cfg_text(path, s, side->arch, sizeof side->arch, err);
    else if (!strcmp(name, "model")) status = pl_cfg_text(path, s, side->model, sizeof side->model, err);
    else if (!strcmp(name, "set")) status = pl_cfg_text(path, s, side->set, sizeof side->set, err);
    else if (!strcmp(name, "batch")) status = pl_cfg_number(path, s, -1, name, 1, 1, 1e9, &side->how.batch, err);
    else if (!strcmp(name, "tokens")) status = pl_cfg_number(path, s, -1, name, 1, 1, 1e9, &side->how.tokens, err);
    else if (!strcmp(name, "train")) status = read_bool(path, s, &side->how.train, err);
    else if (!strcmp(name, "quirks")) status = read_bool(path, s, &side->how.quirks, err);
    else
      status = pl_fail(err, PL_E_INPUT,
                       "%s:%d: unknown field '%s'; there are arch, model, set, batch, tokens, train and "
                       "quirks",
                       path, line_of(s), name);
    if (status) return status;
  }
  return PL_OK;
}

static pl_status read_means(const char *path, const config_setting_t *s, pl_claim *c, pl_error *err) {
  const int type = config_setting_type(s);
  c->means = config_setting_length(s);
  if ((type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) || c->means < 1 || c->means > PL_CLAIM_MODELS)
    return pl_fail(err, PL_E_INPUT, "%s:%d: mean_of must be a list of 1 to %d models", path, line_of(s),
                   PL_CLAIM_MODELS);
  for (int i = 0; i < c->means; i++) {
    const char *name = config_setting_get_string_elem(s, i);
    if (!name || strlen(name) >= PL_CFG_NAME)
      return pl_fail(err, PL_E_INPUT, "%s:%d: mean_of must hold names in quotes", path, line_of(s));
    strcpy(c->mean_of[i], name);
  }
  return PL_OK;
}

static pl_status read_verdict(const char *path, const config_setting_t *s, pl_claim *c, pl_error *err) {
  char text[PL_CFG_NAME];
  const pl_status status = pl_cfg_text(path, s, text, sizeof text, err);
  if (status) return status;
  for (int i = 0; pl_verdict_names[i]; i++)
    if (!strcmp(text, pl_verdict_names[i])) return c->verdict = (pl_verdict)i, PL_OK;
  return pl_fail(err, PL_E_INPUT, "%s:%d: verdict is '%s' but there are reproduced, fitted and not reproducible", path,
                 line_of(s), text);
}

static pl_status read_field(const char *path, const config_setting_t *s, pl_claim *c, pl_error *err) {
  const char *name = config_setting_name(s);
  if (!strcmp(name, "says")) return pl_cfg_text(path, s, c->says, sizeof c->says, err);
  if (!strcmp(name, "why")) return pl_cfg_text(path, s, c->why, sizeof c->why, err);
  if (!strcmp(name, "unit")) return pl_cfg_text(path, s, c->unit, sizeof c->unit, err);
  if (!strcmp(name, "value")) return pl_cfg_text(path, s, c->value, sizeof c->value, err);
  if (!strcmp(name, "printed")) return pl_cfg_number(path, s, -1, name, 0, 0, 1e18, &c->printed, err);
  if (!strcmp(name, "tolerance_percent"))
    return pl_cfg_number(path, s, -1, name, 0, 0, 100, &c->tolerance_percent, err);
  if (!strcmp(name, "at_least")) return read_bool(path, s, &c->at_least, err);
  if (!strcmp(name, "at_most")) return read_bool(path, s, &c->at_most, err);
  if (!strcmp(name, "verdict")) return read_verdict(path, s, c, err);
  if (!strcmp(name, "of")) return read_side(path, s, &c->of, err);
  if (!strcmp(name, "mean_of")) return read_means(path, s, c, err);
  if (!strcmp(name, "over")) return PL_OK; /* after `of`, which it starts from */
  return pl_fail(err, PL_E_INPUT, "%s:%d: unknown field '%s' of a claim (host/energy/claims.h lists them)", path,
                 line_of(s), name);
}

static pl_status read_claim(const char *path, const config_setting_t *s, pl_claim *c, pl_error *err) {
  if (config_setting_type(s) != CONFIG_TYPE_GROUP)
    return pl_fail(err, PL_E_INPUT, "%s:%d: claims must hold groups { says = ...; }", path, line_of(s));
  c->of.how = (pl_workload_options){.batch = 1, .quirks = 1};
  c->computed = NAN;
  c->line = line_of(s);
  for (int i = 0; i < config_setting_length(s); i++) {
    const pl_status status = read_field(path, config_setting_get_elem(s, (unsigned)i), c, err);
    if (status) return status;
  }
  const config_setting_t *over = config_setting_get_member(s, "over");
  c->over = c->of;
  if (over) {
    c->is_ratio = 1;
    c->over.set[0] = 0;
    const pl_status status = read_side(path, over, &c->over, err);
    if (status) return status;
  }
  if (!*c->says) return pl_fail(err, PL_E_INPUT, "%s:%d: field says is missing", path, c->line);
  if (c->verdict == PL_CLAIM_NOT) return PL_OK;
  if (!*c->value || !*c->of.arch || (!*c->of.model && !c->means))
    return pl_fail(err, PL_E_INPUT, "%s:%d: a claim needs the fields value and of, with arch and model", path, c->line);
  if (c->at_least + c->at_most + (c->tolerance_percent > 0) != 1 || !(c->printed > 0))
    return pl_fail(err, PL_E_INPUT,
                   "%s:%d: a claim needs the field printed, and one of tolerance_percent, at_least and "
                   "at_most",
                   path, c->line);
  return PL_OK;
}

static pl_status read_claims(const char *path, const config_setting_t *root, pl_claims *claims, pl_error *err) {
  char paper[PL_CFG_NAME] = "";
  const config_setting_t *list = config_setting_get_member(root, "claims"),
                         *p = config_setting_get_member(root, "paper");
  if (!list || config_setting_type(list) != CONFIG_TYPE_LIST)
    return pl_fail(err, PL_E_INPUT, "%s:1: field claims is missing, a list ( { ... }, { ... } )", path);
  if (!p) return pl_fail(err, PL_E_INPUT, "%s:1: field paper is missing", path);
  pl_status status = pl_cfg_text(path, p, paper, sizeof paper, err);
  const int more = config_setting_length(list);
  pl_claim *grown = status ? NULL : realloc(claims->claim, sizeof *grown * (size_t)(claims->count + more + 1));
  if (!status && !grown) status = pl_fail(err, PL_E_MEMORY, "out of memory reading %s", path);
  if (status) return status;
  claims->claim = grown;
  for (int i = 0; i < more && !status; i++) {
    pl_claim *c = &claims->claim[claims->count];
    memset(c, 0, sizeof *c);
    strcpy(c->paper, paper);
    if (!(status = read_claim(path, config_setting_get_elem(list, (unsigned)i), c, err))) claims->count++;
  }
  return status;
}

pl_status pl_claims_load(const char *name, pl_claims *claims, pl_error *err) {
  char path[PL_PATH_MAX + 80], *text = NULL;
  pl_status status = pl_shipped_path(PL_SEARCH_ENERGY, "claims", "list of claims", name, path, sizeof path, err);
  if (!status) status = pl_config_text("list of claims", path, &text, err);
  if (status) return status;
  config_t config;
  config_init(&config);
  if (config_read_string(&config, text)) status = read_claims(path, config_root_setting(&config), claims, err);
  else status = pl_fail(err, PL_E_INPUT, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
  config_destroy(&config);
  free(text);
  return status;
}

void pl_claims_free(pl_claims *claims) {
  free(claims->claim);
  *claims = (pl_claims){0};
}

/* ---- Computing ---- */

static pl_status compute_side(const pl_claim_side *side, const char *model, const char *value, double *result,
                              pl_error *err) {
  pl_arch arch;
  pl_shape shape = {0};
  pl_workload w = {0};
  pl_status status = pl_arch_load(side->arch, &arch, err);
  if (!status) status = pl_arch_set(&arch, side->set, err);
  if (!status) status = pl_shape_load(model, &shape, err);
  if (!status) status = pl_workload_make(&shape, &side->how, &w, err);
  if (!status) {
    pl_cost cost;
    pl_design design;
    pl_cost_run(&arch, &w, &cost);
    pl_design_of(&arch, &design);
    *result = pl_value_of(value, &w, &cost, &design);
    if (isnan(*result))
      status = pl_fail(err, PL_E_INPUT, "a claim asks for '%s', which %s does not have", value, arch.head.name);
  }
  pl_workload_free(&w);
  pl_shape_free(&shape);
  return status;
}

pl_status pl_claim_compute(pl_claim *c, pl_error *err) {
  c->holds = 1;
  if (c->verdict == PL_CLAIM_NOT) return PL_OK;
  double sum = 0;
  const int models = c->means ? c->means : 1;
  for (int i = 0; i < models; i++) {
    double above = 0, below = 1;
    pl_status status = compute_side(&c->of, c->means ? c->mean_of[i] : c->of.model, c->value, &above, err);
    if (!status && c->is_ratio)
      status = compute_side(&c->over, c->means ? c->mean_of[i] : c->over.model, c->value, &below, err);
    if (status) return status;
    sum += above / below;
  }
  c->computed = sum / models;
  c->holds = c->at_least  ? c->computed >= c->printed
             : c->at_most ? c->computed <= c->printed
                          : fabs(c->computed / c->printed - 1) * 100 <= c->tolerance_percent;
  return PL_OK;
}
