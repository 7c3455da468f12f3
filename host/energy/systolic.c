/* systolic.c: the systolic arrays that Mirage is compared with, and digital processors that are a constant.
 *
 * Runtime of an array of R x C, R along the reduction, by the form of SCALE-Sim (a reconstruction
 * that meets the paper's bars):  T [cycles] = ceil(tiles / arrays) * (2R + C + vectors - 2), the best of three
 * dataflows per product. Energy, as in the paper: the MAC units alone, no memory. */
#include <math.h>

#include "energy/models.h"

static double cycles(const pl_arch *a, double copies, double reduction, double outputs, double vectors) {
  const double tiles = copies * ceil(reduction / a->array_rows) * ceil(outputs / a->array_columns);
  return ceil(tiles / a->arrays) * (2 * a->array_rows + a->array_columns + vectors - 2);
}

static void add_op(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  (void)w;
  const double first = cycles(a, op->copies, op->k, op->m, op->n), second = cycles(a, op->copies, op->k, op->n, op->m),
               third = cycles(a, op->copies, op->n, op->m, op->k); /* DF1, DF2, DF3 */
  const double seconds = op->count * fmin(first, fmin(second, third)) / (a->clock_ghz * 1e9);
  cost->light_s += seconds;
  cost->latency_s += seconds;
  cost->macs += pl_op_macs(op);
  cost->pj[PL_PART_MAC] += pl_arch_mac_fj(a) * 1e-3 * pl_op_macs(op);
}

static void design(const pl_arch *a, pl_design *d) {
  const double macs = a->array_rows * a->array_columns * a->arrays;
  d->area_mm2[PL_PART_MAC] = a->mac_area_mm2 * macs;
  d->power_w[PL_PART_MAC] = pl_arch_mac_fj(a) * 1e-15 * macs * a->clock_ghz * 1e9;
  if (!(a->mac_area_mm2 > 0)) d->total_area_mm2 = NAN;
}

static void notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  (void)a, (void)w, (void)cost;
  pl_note(notes, "MAC units alone: the paper leaves memories out on this side");
}

const pl_cost_model pl_model_systolic = {add_op, NULL, design, notes};

/* ---- A constant energy per MAC ---- */

static void add_constant(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  (void)w;
  const double seconds = pl_op_macs(op) / (a->peak_tmac_per_s * 1e12);
  cost->light_s += seconds;
  cost->latency_s += seconds;
  cost->macs += pl_op_macs(op);
  cost->pj[PL_PART_MAC] += pl_arch_mac_fj(a) * 1e-3 * pl_op_macs(op);
}

static void constant_design(const pl_arch *a, pl_design *d) {
  d->area_mm2[PL_PART_MAC] = a->area_mm2;
  d->power_w[PL_PART_MAC] = a->rated_power_w > 0 ? a->rated_power_w : pl_arch_mac_fj(a) * 1e-3 * a->peak_tmac_per_s;
  if (!(a->area_mm2 > 0)) d->total_area_mm2 = NAN;
}

static void constant_notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  (void)w, (void)cost;
  pl_note(notes, "%.4g fJ for each MAC at full use of its peak; no memory of its own", pl_arch_mac_fj(a));
}

const pl_cost_model pl_model_digital = {add_constant, NULL, constant_design, constant_notes};
