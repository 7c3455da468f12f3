/* in_place.c: weights that stay in place, as in Optical Transformers (arXiv 2302.10360): a RECONSTRUCTION, because the
 * paper's equations and most of its constants are not known. Ours:
 *
 *   energy of a product = values loaded * E_in + values detected * E_out + photons
 *   E_in  = memory + DAC + modulator          E_out = receiver + ADC + memory
 *
 * A linear layer loads its inputs only; in attention both operands are loaded. The vocabulary's head is digital.
 * Time is ours: one vector per modulator cycle, on as many cores as the matrix needs. */
#include <math.h>

#include "energy/models.h"

static const double planck_c_pj_nm = 6.62607015e-34 * 299792458.0 * 1e9 * 1e12; /* h*c in pJ * nm: exact SI values */

static double gain(double factor) { return factor > 0 ? factor : 1; }

/* Converters from their reference to `bits`: twice the energy for each bit, or in proportion to the bits. */
static double converter_scale(const pl_arch *a, double bits) {
  const double scale = a->converter_energy_doubles_per_bit ? exp2(bits - a->converter_reference_bits)
                                                           : bits / a->converter_reference_bits;
  return scale / gain(a->converter_efficiency_gain);
}

static double memory_scale(const pl_arch *a) {
  return a->bits / a->memory_reference_bits / gain(a->memory_efficiency_gain);
}

static void add_op(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  (void)w;
  const int attention = pl_op_is_attention(op);
  if (op->kind == PL_OP_HEAD || (attention && a->digital_attention)) {
    cost->skipped_macs += pl_op_macs(op);
    return;
  }
  const double all = op->copies * op->count * a->sign_passes;
  const double values = op->measured ? op->encodings_a : op->k * op->n;
  const double weights = op->measured ? op->encodings_b : op->m * op->k;
  const double loads = all * (values + (attention || a->reload_weights ? weights : 0));
  const double reads = all * (op->measured ? op->reads : op->m * op->n);
  const double photons = op->photons > 0 ? all * op->photons : reads * a->photons_per_dot_product;
  cost->pj[PL_PART_SRAM] += memory_scale(a) * (loads * a->memory_in_pj + reads * a->memory_out_pj);
  cost->pj[PL_PART_DAC] += converter_scale(a, a->bits) * loads * a->dac_pj;
  cost->pj[PL_PART_ADC] += converter_scale(a, a->adc_bits > 0 ? a->adc_bits : a->bits) * reads * a->adc_pj;
  cost->pj[PL_PART_MODULATOR] += loads * a->modulator_pj;
  cost->pj[PL_PART_TIA] += reads * a->receiver_pj;
  cost->pj[PL_PART_LASER] += photons * planck_c_pj_nm / a->wavelength_nm / a->laser_efficiency;
  cost->dac_conversions += loads;
  cost->adc_conversions += reads;

  const double vectors = attention ? op->m : op->n; /* copies, that is heads, each have a core */
  const double light = vectors * op->count * a->sign_passes / (a->clock_ghz * 1e9);
  cost->light_s += light;
  cost->latency_s += light;
  cost->macs += pl_op_macs(op);
}

static void design(const pl_arch *a, pl_design *d) {
  (void)a;
  d->total_area_mm2 = d->total_power_w = NAN;
}

static void notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  pl_note(notes, "a reconstruction: the paper's equations, memory and receiver energies and model table are not known");
  if (w->parameters > 0)
    pl_note(notes, "weights in place: %.3g parameters are %.3g cores of %.3g multiplications a cycle", w->parameters,
            ceil(w->parameters / a->core_macs_per_cycle), a->core_macs_per_cycle);
  if (cost->skipped_macs > 0)
    pl_note(notes, "the head over the vocabulary%s digital and not counted: %.3g %% of the MACs",
            a->digital_attention ? " and attention are" : " is",
            100 * cost->skipped_macs / (cost->macs + cost->skipped_macs));
  if (w->how.train)
    pl_note(notes, "training is not a use the paper describes: weights that change do not stay in place");
  pl_note(notes, "time is ours (one vector a cycle, as many cores as needed); area is not known");
}

const pl_cost_model pl_model_in_place = {add_op, NULL, design, notes};
