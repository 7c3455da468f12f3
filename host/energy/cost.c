/* cost.c: the table of the cost models, and what is the same for all of them. See cost.h. */
#include "energy/cost.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "energy/models.h"

static const pl_cost_model *const models[PL_ARCH_MODELS] = {
    [PL_ARCH_CROSSBAR] = &pl_model_crossbar, [PL_ARCH_RING_BANK] = &pl_model_ring_bank,
    [PL_ARCH_MZI_MESH] = &pl_model_mzi_mesh, [PL_ARCH_IN_PLACE] = &pl_model_in_place,
    [PL_ARCH_RESIDUE] = &pl_model_residue,   [PL_ARCH_SYSTOLIC] = &pl_model_systolic,
    [PL_ARCH_DIGITAL] = &pl_model_digital,
};

static const struct {
  const char *name;
  pl_group group;
} parts[PL_PARTS] = {
#define X(NAME, name, group) {name, PL_GROUP_##group},
    PL_COMPONENT_LIST(X)
#undef X
};
static const char *const groups[PL_GROUPS] = {"optics",    "receivers", "converters", "memory",
                                              "mac units", "digital",   "host link"};

const char *pl_part_name(pl_part part) { return parts[part].name; }
pl_group pl_part_group(pl_part part) { return parts[part].group; }
const char *pl_group_name(pl_group group) { return groups[group]; }

double pl_cost_pj(const pl_cost *cost) {
  double sum = 0;
  for (int i = 0; i < PL_PARTS; i++) sum += cost->pj[i];
  return sum;
}

void pl_cost_run(const pl_arch *a, const pl_workload *w, pl_cost *cost) {
  const pl_cost_model *model = models[a->head.kind];
  memset(cost, 0, sizeof *cost);
  for (int i = 0; i < w->count; i++) model->op(a, w, &w->op[i], cost);
  if (model->rest) model->rest(a, w, cost);
}

void pl_design_of(const pl_arch *a, pl_design *d) {
  memset(d, 0, sizeof *d);
  models[a->head.kind]->design(a, d);
  double area = 0, power = 0;
  for (int i = 0; i < PL_PARTS; i++) area += d->area_mm2[i], power += d->power_w[i];
  if (!d->total_area_mm2) d->total_area_mm2 = area; /* NAN stays */
  if (!d->total_power_w) d->total_power_w = power;
}

void pl_note(pl_notes *notes, const char *format, ...) {
  if (notes->count == PL_NOTES_MAX) return;
  va_list args;
  va_start(args, format);
  vsnprintf(notes->text[notes->count++], PL_NOTE_SIZE, format, args);
  va_end(args);
}

void pl_cost_notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  notes->count = 0;
  if (*a->head.about) pl_note(notes, "%s", a->head.about);
  models[a->head.kind]->notes(a, w, cost, notes);
}
