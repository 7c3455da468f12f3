/* devices.c: converters, lasers and digital work as Lightening-Transformer's cost model has them (see models.h).
 * Formulas: authors' repository, main version, commit 7c3d4ad (docs/energy.md, Sources). */
#include <math.h>

#include "energy/models.h"

double pl_adc_mw(const pl_arch *a) {
  const double bits = a->adc_bits > 0 ? a->adc_bits : a->bits;
  return a->adc_rated_power_mw * (bits / a->adc_rated_bits) * (a->clock_ghz / a->adc_rated_gs_per_s);
}

double pl_dac_mw(const pl_arch *a) {
  const double levels = exp2(a->bits) / a->bits, rated = exp2(a->dac_rated_bits) / a->dac_rated_bits;
  return a->dac_rated_power_mw * (levels / rated) * (a->clock_ghz / a->dac_rated_gs_per_s);
}

double pl_laser_mw(const pl_arch *a, double loss_db, double fan_out) {
  const double dbm = a->detector_sensitivity_dbm + loss_db + 10 * log10(fan_out);
  return exp2(a->bits) * pow(10, dbm / 10) / a->laser_efficiency;
}

pl_op_energies pl_device_energies(const pl_arch *a) {
  const double f = a->clock_ghz;
  return (pl_op_energies){.dac = pl_dac_mw(a) / f,
                          .adc = pl_adc_mw(a) / f,
                          .detector = 2 * a->detector_power_mw / f,
                          .tia = a->tia_power_mw / f,
                          .adder = a->adder_power_uw / a->adder_power_divisor * 1e-3 / f,
                          .words = a->bits / a->access_bits};
}

/* The authors take 2^30 for 10^9 when they turn the cycle of the memory compiler into bytes per second. */
double pl_global_buffer_bytes_per_s(const pl_arch *a) {
  return a->global_buffer_width_bytes * 1073741824.0 / a->global_buffer_cycle_ns;
}

/* Per element: activation_ops, norm_ops or 1 (residual) operations; a softmax; two accesses of the global buffer.
 * Quirks: one layer only, at 4 bits, with norms of n (e + 1) elements; a time a thousand times too short. */
void pl_digital_rest(const pl_arch *a, const pl_workload *w, pl_cost *cost) {
  const int one = a->head.quirks & PL_QUIRK_ONE_LAYER && w->how.quirks;
  const double bits = one ? 4 : a->bits, layers = one ? 1 : w->layers;
  const double norm = one ? w->norm / 2 + w->columns : w->norm;
  const double elements = w->softmax + w->residual + norm + w->activation;
  const double pj = (a->activation_ops * w->activation + a->norm_ops * norm + w->residual) * a->digital_op_pj +
                    a->softmax_pj_per_8bit * w->softmax * bits / 8 +
                    elements * a->global_buffer_pj_per_access * (bits / a->access_bits) * 2;
  const double seconds = elements * bits / 8 / pl_global_buffer_bytes_per_s(a);
  cost->pj[PL_PART_NON_MATRIX] += pj * layers;
  cost->latency_s += seconds * layers * (a->head.quirks & PL_QUIRK_MILLI && w->how.quirks ? 1e-3 : 1);
}

void pl_light_notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  const unsigned quirks = w->how.quirks ? a->head.quirks : 0;
  if (quirks & PL_QUIRK_BUFFER_READS && a->head.kind == PL_ARCH_CROSSBAR)
    pl_note(notes,
            "as published: attention's reads of the global buffer are lost (the authors' program squares an energy)");
  if (quirks & PL_QUIRK_ONE_LAYER)
    pl_note(notes, "as published: softmax, norms, activations and residuals are counted for one layer, at 4 bits");
  if (quirks & PL_QUIRK_TWICE && cost->skipped_macs > 0)
    pl_note(notes, "as published: where attention is skipped, the products q, k and v are counted a second time");
  if (cost->skipped_macs > 0)
    pl_note(notes, "%.3g %% of the MACs are attention, which this architecture cannot do: they are left out",
            100 * cost->skipped_macs / (cost->macs + cost->skipped_macs));
  if (w->how.train) pl_note(notes, "training is not a use its authors described");
}
