/* measured.h: the job log of a real run in place of formula counts: how often the emulated device converted and read,
 * not how often a formula says it would have.
 *
 * Each entry of the log becomes a product of the workload. The models then take encodings of operands for DAC
 * conversions and detector reads for ADC conversions; what they have no counter for (cycles of light, memory traffic
 * beside the converters) stays as the formulas have it. pl_measured_compare sets both counts side by side, product by
 * product. */
#ifndef PL_ENERGY_MEASURED_H
#define PL_ENERGY_MEASURED_H

#include "energy/cost.h"
#include "nn/job_log.h"

/* Appends the log's products to a workload that was zeroed. photons_per_mac: photons that the core's description spends
 * on a product in one pass, 0 if it does not say. measured 0: the same products without the counters, for comparison.
 * The caller frees the workload. */
pl_status pl_measured_workload(const pl_nn_job_log *log, double photons_per_mac, int measured, pl_workload *w,
                               pl_error *err);

typedef struct {
  const char *product; /* "q", "k", ... */
  double jobs, macs;
  double dac_formula, dac_measured, adc_formula, adc_measured;
  int skipped; /* this architecture does not do it optically */
} pl_measured_row;

/* One row for each of pl_nn_product that occurs; returns how many. row has PL_NN_PRODUCTS places. */
int pl_measured_compare(const pl_arch *arch, const pl_nn_job_log *log, pl_measured_row *row);

#endif
