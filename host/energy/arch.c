/* arch.c: architecture files: the table of their fields and what fits together in one. See arch.h. */
#include "energy/arch.h"

#include <stdio.h>
#include <string.h>

enum {
  C = 1 << PL_ARCH_CROSSBAR,
  R = 1 << PL_ARCH_RING_BANK,
  M = 1 << PL_ARCH_MZI_MESH,
  P = 1 << PL_ARCH_IN_PLACE,
  N = 1 << PL_ARCH_RESIDUE,
  S = 1 << PL_ARCH_SYSTOLIC,
  D = 1 << PL_ARCH_DIGITAL,
};

static const pl_cfg_field fields[] = {
#define X(name, models, needed, type, min, max)                                                                        \
  {#name, models, needed, PL_CFG_##type, offsetof(pl_arch, name), min, max},
    PL_ARCH_FIELDS(X)
#undef X
};
enum { FIELDS = sizeof fields / sizeof *fields };
_Static_assert((int)FIELDS <= (int)PL_CFG_FIELDS_MAX, "pl_cfg_head has no room for so many fields");

static const char *const models[] = {"crossbar", "ring_bank", "mzi_mesh", "in_place",
                                     "residue",  "systolic",  "digital",  NULL};
static const char *const quirks[] = {"attention_buffer_reads_lost", "digital_one_layer_4bit", "digital_time_thousandth",
                                     "skipped_attention_counts_qkv", NULL};
static const pl_cfg_table table = {"architecture", "archs", "model", models, quirks, fields, FIELDS, NULL};

/* What the ranges of single fields cannot say. */
static pl_status check(const pl_arch *a, pl_error *err) {
  const char *path = *a->head.path ? a->head.path : a->head.name;
  if (a->head.kind == PL_ARCH_DIGITAL && !(a->mac_energy_fj > 0) == !(a->rated_power_w > 0))
    return pl_fail(err, PL_E_INPUT, "%s:1: a digital architecture has either mac_energy_fj or rated_power_w", path);
  const double shares = a->sram_share + a->laser_share + a->tia_share + a->residue_conversion_share +
                        a->block_float_conversion_share + a->converter_share + a->accumulator_share;
  if (a->head.kind == PL_ARCH_RESIDUE && !(shares > 0.99 && shares < 1.01))
    return pl_fail(err, PL_E_INPUT, "%s:1: the fields ..._share add up to %.4g, not to 1", path, shares);
  if (a->head.kind == PL_ARCH_RESIDUE && a->use_fitted_energy && !(a->fitted_pj_per_mac > 0))
    return pl_fail(err, PL_E_INPUT, "%s:1: use_fitted_energy needs the field fitted_pj_per_mac", path);
  if (a->head.kind == PL_ARCH_RESIDUE && a->use_fitted_energy && a->use_constants)
    return pl_fail(err, PL_E_INPUT, "%s:1: use_fitted_energy and use_constants exclude each other", path);
  return PL_OK;
}

pl_status pl_arch_load(const char *name_or_path, pl_arch *a, pl_error *err) {
  memset(a, 0, sizeof *a);
  const pl_status status = pl_cfg_load(&table, name_or_path, a, err);
  return status ? status : check(a, err);
}

pl_status pl_arch_parse(const char *path, const char *text, pl_arch *a, pl_error *err) {
  memset(a, 0, sizeof *a);
  snprintf(a->head.path, sizeof a->head.path, "%s", path);
  const pl_status status = pl_cfg_parse(&table, path, text, a, err);
  return status ? status : check(a, err);
}

pl_status pl_arch_set(pl_arch *a, const char *list, pl_error *err) {
  const pl_status status = pl_cfg_set_list(&table, "--set", list, a, err);
  return status ? status : check(a, err);
}

pl_status pl_arch_field(const pl_arch *a, const char *where, const char *name, double value, size_t *offset,
                        pl_error *err) {
  pl_arch trial = *a;
  const pl_status status = pl_cfg_set(&table, where, name, value, &trial, err);
  if (!status) *offset = pl_cfg_find(&table, a->head.kind, name)->offset;
  return status;
}

const pl_cfg_table *pl_arch_table(void) { return &table; }

const char *pl_arch_model_name(const pl_arch *a) { return models[a->head.kind]; }

double pl_arch_mac_fj(const pl_arch *a) {
  return a->mac_energy_fj > 0 ? a->mac_energy_fj : a->rated_power_w / a->peak_tmac_per_s * 1e3;
}
