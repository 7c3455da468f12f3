/* measured.c: see measured.h. */
#include "energy/measured.h"

#include <stdio.h>

static pl_op op_of(const pl_nn_job_entry *e, double photons_per_mac, int measured) {
  const double jobs = (double)e->jobs;
  pl_op op = {.kind = PL_OP_LINEAR, .m = e->n, .k = e->k, .n = e->m, .copies = 1, .count = jobs};
  snprintf(op.name, sizeof op.name, "%s", pl_nn_product_names[e->product]);
  if (e->product == PL_NN_HEAD) op.kind = PL_OP_HEAD;
  if (e->product == PL_NN_SCORES || e->product == PL_NN_ATTN) {
    op.kind = e->product == PL_NN_SCORES ? PL_OP_SCORES : PL_OP_VALUES;
    op.m = e->m, op.n = e->n; /* queries first */
  }
  if (measured) {
    op.measured = 1;
    op.encodings_a = (double)e->encodings_a / jobs;
    op.encodings_b = (double)e->encodings_b / jobs;
    op.reads = (double)e->reads / jobs;
    op.photons = photons_per_mac * (double)e->macs / jobs;
  }
  return op;
}

pl_status pl_measured_workload(const pl_nn_job_log *log, double photons_per_mac, int measured, pl_workload *w,
                               pl_error *err) {
  *w = (pl_workload){.how = {.batch = 1}, .layers = 1};
  for (int i = 0; i < log->count; i++) {
    const pl_status status = pl_workload_add(w, op_of(&log->entry[i], photons_per_mac, measured), err);
    if (status) {
      pl_workload_free(w);
      return status;
    }
  }
  return PL_OK;
}

int pl_measured_compare(const pl_arch *arch, const pl_nn_job_log *log, pl_measured_row *row) {
  int count = 0;
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    pl_measured_row r = {.product = pl_nn_product_names[p]};
    for (int i = 0; i < log->count; i++) {
      const pl_nn_job_entry *e = &log->entry[i];
      if ((int)e->product != p) continue;
      pl_op op[2] = {op_of(e, 0, 0), op_of(e, 0, 1)};
      pl_cost cost[2];
      for (int measured = 0; measured < 2; measured++) {
        pl_workload one = {.count = 1, .op = &op[measured]};
        pl_cost_run(arch, &one, &cost[measured]);
      }
      r.jobs += (double)e->jobs, r.macs += (double)e->macs;
      r.dac_formula += cost[0].dac_conversions, r.dac_measured += cost[1].dac_conversions;
      r.adc_formula += cost[0].adc_conversions, r.adc_measured += cost[1].adc_conversions;
      r.skipped |= cost[0].skipped_macs > 0;
    }
    if (r.jobs > 0) row[count++] = r;
  }
  return count;
}
