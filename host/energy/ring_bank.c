/* ring_bank.c: the bank of microring weights that Lightening-Transformer is compared with (its "MRR" baseline): cost
 * model of the authors' repository, main version, commit 7c3d4ad (docs/energy.md, Sources).
 *
 * A core multiplies a stationary H x W matrix by one vector in a cycle. Inputs carry no sign: F = full_range_passes. */
#include <math.h>

#include "energy/models.h"

/* Each of the W rings of the input bus and of the weight bus is passed or met; splitters to H rows. */
static double core_laser_mw(const pl_arch *a) {
  const double loss = 2 * (a->ring_through_loss_db * (a->core_width - 1) + a->ring_loss_db) +
                      a->splitter_loss_db * ceil(log2(a->core_height));
  return pl_laser_mw(a, loss, a->core_height);
}

static void add_op(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  (void)w;
  /* Values have no sign after the softmax: the operands are swapped, and one pass is enough. */
  const int attention = pl_op_is_attention(op), values = op->kind == PL_OP_VALUES;
  const double N1 = values ? op->n : op->m, D = op->k, N2 = values ? op->m : op->n, h = op->copies;
  const double H = a->core_height, W = a->core_width, T = a->tiles, C = a->cores_per_tile, f = a->clock_ghz;
  const double F = values ? 1 : a->full_range_passes;
  const pl_op_energies e = pl_device_energies(a);
  const double i1 = ceil(N1 / H), iD = ceil(D / W), ring_mw = a->ring_energy_fj_per_bit * f * 1e-3;

  double loads = N1 * D + i1 * N2 * D * F, reads = N1 * N2 * iD * F;
  if (op->measured) loads = op->encodings_b + op->encodings_a * F, reads = op->reads * F;
  const double sums = reads / C;
  const int spilled = ceil(H * N2 * a->bits / 8 / a->local_buffer_bytes) > 1;
  const double partial = spilled ? N1 * N2 * (iD / C * F * 2 - 1) : sums;
  const double local = 2 * N1 * D + 2 * i1 * D * N2 * F + partial;
  const double global =
      N1 * D + N2 * D * i1 * F + N1 * N2 + (spilled ? N1 * N2 * (iD / C * F * 2 - 2) : 0) + (attention ? 0 : N1 * D);

  const double all = h * op->count, bits = all * e.words;
  cost->pj[PL_PART_LASER] += all * core_laser_mw(a) / f * i1 * N2 * iD * F;
  cost->pj[PL_PART_DAC] += all * e.dac * loads;
  cost->pj[PL_PART_MODULATOR] += all * (a->ring_static_mw + ring_mw) / f * i1 * N2 * D * F + /* inputs */
                                 all * (N1 * N2 * D * a->ring_static_mw / f * F +            /* weights */
                                        N1 * D * ring_mw / f * (attention ? 1 : F));
  cost->pj[PL_PART_DETECTOR] += all * e.detector * reads;
  cost->pj[PL_PART_TIA] += all * e.tia * reads;
  cost->pj[PL_PART_ADC] += all * e.adc * reads;
  cost->pj[PL_PART_ADDER] += all * e.adder * reads;
  cost->pj[PL_PART_REGISTERS] +=
      bits * (2 * a->register_pj_per_access * (loads + sums) + a->network_pj_per_access * reads);
  cost->pj[PL_PART_LOCAL_BUFFER] += bits * a->local_buffer_pj_per_access * local;
  cost->pj[PL_PART_GLOBAL_BUFFER] += bits * a->global_buffer_pj_per_access * global;
  if (!attention) cost->pj[PL_PART_DRAM] += bits * a->dram_pj_per_access * N1 * D;
  cost->dac_conversions += all * loads;
  cost->adc_conversions += all * reads;

  const double light = ceil(iD * i1 * N2 * h / (T * C)) * F / (f * 1e9);
  cost->light_s += light * op->count;
  cost->latency_s += light * op->count;
  cost->macs += pl_op_macs(op);
}

/* Area; the authors' program prints no power for this architecture. */
static void design(const pl_arch *a, pl_design *d) {
  const double H = a->core_height, W = a->core_width, T = a->tiles, C = a->cores_per_tile, mm2 = 1e-6;
  const double pitch = a->ring_side_um + a->ring_spacing_um;
  const double core = a->ring_side_um * (W * pitch + a->ring_margin_um) * H + W * pitch * a->ring_side_um +
                      a->splitter_length_um * ceil(log2(H) + 1) * a->splitter_width_um * H;
  d->area_mm2[PL_PART_CORE] = core * T * C * mm2;
  d->area_mm2[PL_PART_DAC] = a->dac_area_um2 * (H * W + W) * T * C * mm2;
  d->area_mm2[PL_PART_ADC] = a->adc_area_um2 * H * T * C * mm2;
  d->area_mm2[PL_PART_TIA] = a->tia_area_um2 * W * T * C * mm2;
  d->area_mm2[PL_PART_LASER] = a->laser_length_um * a->laser_width_um * T * mm2;
  d->area_mm2[PL_PART_COMB] = a->comb_side_um * a->comb_side_um * T * mm2;
  d->area_mm2[PL_PART_ADDER] = a->adder_area_um2 / a->adder_area_divisor * T * H * W * mm2;
  d->area_mm2[PL_PART_SRAM] = a->global_buffer_area_mm2 * T / a->global_buffer_tiles +
                              a->local_buffer_area_mm2 * 2 * T + a->pe_buffer_area_um2 * mm2 * (2 * T + 2 * T * C);
  d->total_power_w = NAN;
}

const pl_cost_model pl_model_ring_bank = {add_op, pl_digital_rest, design, pl_light_notes};
