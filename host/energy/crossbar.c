/* crossbar.c: the crossbar of dynamic dot products (DPTC) of Lightening-Transformer, HPCA 2024: cost model of the
 * authors' repository, main version, commit 7c3d4ad (docs/energy.md, Sources).
 *
 * A core multiplies H x L by L x W in one cycle; T tiles of C cores share the work. tau cycles and the C cores of a
 * tile are summed in the analog domain before one ADC sample. */
#include <math.h>

#include "energy/models.h"

static double tree_um2(const pl_arch *a, double ends) { /* a splitter to `ends` places, the first one not counted */
  return a->splitter_length_um * ceil(log2(ends) + 1) * a->splitter_width_um * ends;
}

/* Insertion loss of a path, dB: modulator, two routers, splitters; then splitter, phase shifter, coupler. */
static double loss_db(const pl_arch *a) {
  return a->mzm_loss_db + 2 * a->router_loss_db +
         a->splitter_loss_db * ceil(log2(fmax(a->core_height, a->core_width))) + a->splitter_loss_db +
         a->phase_shifter_loss_db + a->coupler_loss_db;
}

static double core_laser_mw(const pl_arch *a) { return pl_laser_mw(a, loss_db(a), a->core_height * a->core_width); }

/* A modulator channel: the modulator at one bit a cycle, and two routers. */
static double channel_mw(const pl_arch *a) {
  return a->mzm_energy_fj_per_bit * a->clock_ghz * 1e-3 + 2 * a->router_power_mw;
}

static void add_op(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  const double N1 = op->m, D = op->k, N2 = op->n, h = op->copies, H = a->core_height, W = a->core_width,
               L = a->core_wavelengths, T = a->tiles, C = a->cores_per_tile, f = a->clock_ghz;
  const int attention = pl_op_is_attention(op),
            lost = attention && a->head.quirks & PL_QUIRK_BUFFER_READS && w->how.quirks;
  const pl_op_energies e = pl_device_energies(a);
  const double i1 = ceil(N1 / H), i2 = ceil(N2 / W), iD = ceil(D / L);

  /* Conversions. */
  const double S = a->share_inputs ? T : 1, r1 = a->broadcast ? N2 : i2;
  const double tau = fmin(a->temporal_accumulation, ceil(D / (C * L)));
  double sums = N1 * N2 * ceil(ceil(iD / tau) / C), reads = a->share_adc ? sums : N1 * N2 * ceil(iD / tau);
  double loads = N1 * D * r1 + i1 * N2 * D / S;
  if (op->measured) loads = op->encodings_a + op->encodings_b, sums = reads = op->reads;

  /* Memories. R: how often partial sums pass the local buffer; rounded up for linear layers only. */
  const double filled = fmax(H * D * a->bits / 8 / a->local_buffer_bytes, 1), R = attention ? filled : ceil(filled);
  const double local = N1 * D * i2 + i1 * D * N2 / S + N1 * D + N2 * D * i1 / S + N1 * N2 * (2 * R - 1);
  double global = N1 * N2 * (2 * R - 1);
  if (!lost) global += N1 * D + N2 * D * i1 / S;
  if (!attention) global += N1 * D;

  const double all = h * op->count, bits = all * e.words;
  cost->pj[PL_PART_LASER] += all * core_laser_mw(a) / f * i1 * i2 * iD;
  cost->pj[PL_PART_DAC] += all * e.dac * loads;
  cost->pj[PL_PART_MODULATOR] += all * channel_mw(a) / f * loads;
  cost->pj[PL_PART_DETECTOR] += all * e.detector * N1 * N2 * iD;
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

  /* Time: weights from DRAM for a linear layer, operands from the global buffer for attention. */
  const double light = ceil(i1 * i2 * iD * h / (T * C)) / (f * 1e9), hz = a->memory_clock_mhz * 1e6;
  const double dram = a->dram_bandwidth_gib_per_s * 1073741824.0 * 8 / T, buffer = pl_global_buffer_bytes_per_s(a) * 8;
  const double turns = ceil(N1 / (T * H));
  const double memory = (attention ? h * turns * ceil((H * D * T + D * N2) * a->bits / buffer * hz)
                                   : turns * ceil(H * D * a->bits / dram * hz)) /
                        hz;
  cost->light_s += light * op->count;
  cost->memory_s += memory * op->count;
  cost->latency_s += fmax(light, memory) * op->count;
  cost->macs += pl_op_macs(op);
}

/* Area and peak power. */
static void design(const pl_arch *a, pl_design *d) {
  const double H = a->core_height, W = a->core_width, L = a->core_wavelengths, T = a->tiles, C = a->cores_per_tile;
  const double channels = H * L * T * C + W * L * C * (a->share_inputs ? 1 : T), shared = a->share_adc ? 1 : C;
  const double cell =
      (a->splitter_length_um + a->phase_shifter_length_um + a->coupler_length_um + a->detector_width_um +
       a->cell_margin_x_um) *
      (a->splitter_length_um + fmax(fmax(a->phase_shifter_width_um, a->coupler_width_um), 2 * a->detector_length_um) +
       a->cell_margin_y_um);
  const double tree = a->splitter_length_um * a->splitter_width_um + tree_um2(a, H) + tree_um2(a, W), mm2 = 1e-6;
  const double buffers = T / a->global_buffer_tiles;
  d->area_mm2[PL_PART_CORE] = (H * W * cell + tree) * T * C * mm2;
  d->area_mm2[PL_PART_DAC] = a->dac_area_um2 * channels * mm2;
  d->area_mm2[PL_PART_MODULATOR] = (a->mzm_length_um * a->mzm_width_um * channels +
                                    2 * a->router_side_um * a->router_side_um * (H + W) * L * T * C) *
                                   mm2;
  d->area_mm2[PL_PART_ADC] = a->adc_area_um2 * H * W * T * shared * mm2;
  d->area_mm2[PL_PART_TIA] = a->tia_area_um2 * H * W * T * shared * mm2;
  d->area_mm2[PL_PART_LASER] = a->laser_length_um * a->laser_width_um * (T + C) * mm2;
  d->area_mm2[PL_PART_COMB] = a->comb_side_um * a->comb_side_um * (T + C) * mm2;
  d->area_mm2[PL_PART_ADDER] = a->adder_area_um2 / a->adder_area_divisor * T * H * W * mm2;
  d->area_mm2[PL_PART_SRAM] = a->global_buffer_area_mm2 * buffers + a->local_buffer_area_mm2 * (T + 1) +
                              a->pe_buffer_area_um2 * mm2 * (2 * T + T * C + C);

  d->power_w[PL_PART_LASER] = core_laser_mw(a) * T * C * 1e-3;
  d->power_w[PL_PART_DAC] = pl_dac_mw(a) * channels * 1e-3;
  d->power_w[PL_PART_MODULATOR] = channel_mw(a) * channels * 1e-3;
  d->power_w[PL_PART_ADC] = pl_adc_mw(a) * H * W * T * shared * 1e-3;
  d->power_w[PL_PART_DETECTOR] = 2 * a->detector_power_mw * H * W * T * C * 1e-3;
  d->power_w[PL_PART_TIA] = a->tia_power_mw * H * W * T * shared * 1e-3;
  d->power_w[PL_PART_ADDER] = a->adder_power_uw / a->adder_power_divisor * T * H * W * 1e-6;
  d->power_w[PL_PART_SRAM] =
      (a->global_buffer_power_mw * buffers + T * (a->local_buffer_power_mw + 2 * a->pe_buffer_power_mw) +
       a->pe_buffer_power_mw * T * C + a->local_buffer_power_mw + a->pe_buffer_power_mw * C) *
      1e-3;
}

const pl_cost_model pl_model_crossbar = {add_op, pl_digital_rest, design, pl_light_notes};
