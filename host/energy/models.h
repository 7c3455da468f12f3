/* models.h: what a cost model is made of. Private to host/energy; cost.c has the table of the models.
 *
 *   op       adds one product (all its copies and repetitions) to *cost
 *   rest     adds what is not a matrix product, or NULL
 *   design   fills in area and peak power; totals are summed afterwards unless it sets them
 *   notes    what a reader of the figures must know */
#ifndef PL_ENERGY_MODELS_H
#define PL_ENERGY_MODELS_H

#include "energy/cost.h"

typedef struct {
  void (*op)(const pl_arch *arch, const pl_workload *w, const pl_op *op, pl_cost *cost);
  void (*rest)(const pl_arch *arch, const pl_workload *w, pl_cost *cost);
  void (*design)(const pl_arch *arch, pl_design *design);
  void (*notes)(const pl_arch *arch, const pl_workload *w, const pl_cost *cost, pl_notes *notes);
} pl_cost_model;

extern const pl_cost_model pl_model_crossbar, pl_model_ring_bank, pl_model_mzi_mesh, pl_model_in_place,
    pl_model_residue, pl_model_systolic, pl_model_digital;

/* ---- devices.c: what the family of Lightening-Transformer's cost model shares ---- */

/* Energies of one operation, pJ = mW / GHz. */
typedef struct {
  double dac, adc, detector, tia, adder;
  double words; /* accesses of the memories' width that one operand needs: bits / access_bits */
} pl_op_energies;

pl_op_energies pl_device_energies(const pl_arch *a);

double pl_adc_mw(const pl_arch *a); /* 14.8 mW * (b/8) * (f/10 GS/s) */
double pl_dac_mw(const pl_arch *a); /* 50 mW * [(2^b/b)/(2^8/8)] * (f/14 GS/s) */

/* 2^b * 10^((sensitivity + loss + 10 log10 fan-out)/10) / efficiency; loss in dB. */
double pl_laser_mw(const pl_arch *a, double loss_db, double fan_out);

double pl_global_buffer_bytes_per_s(const pl_arch *a);

/* Softmax, norms, activations and residuals. */
void pl_digital_rest(const pl_arch *a, const pl_workload *w, pl_cost *cost);

/* Notes about quirks that are on, and about products that were left out. */
void pl_light_notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes);

#endif
