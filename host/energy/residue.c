/* residue.c: tiles of residue arithmetic, as in Mirage (arXiv 2311.17323v2). Reprogramming time, clock,
 * units and printed powers are the paper's (sections V and VI, table II, figure 9); the ceil structure of the latency
 * is a reconstruction that meets its printed runtimes (table III, figure 8).
 *
 *   tiles of group x rows; a unit holds one tile and sends a vector through it each clock
 *   T = ceil(tiles / units) * (reprogram + vectors / clock), the better of two dataflows for each product
 *
 * Three ways to an energy, none of them the paper's own, which it does not give:
 *   as printed           shares of the printed peak power, while the product lasts: an upper bound
 *   use_constants        TIA, conversions, DAC and ADC from the printed constants instead
 *   use_fitted_energy    one fitted energy per MAC, without SRAM */
#include <math.h>

#include "energy/models.h"

typedef struct {
  double tiles, vectors, stationary; /* of all copies; elements that are programmed */
  double seconds;
  int second; /* the second operand is stationary */
} dataflow;

static dataflow flow(const pl_arch *a, double copies, double reduction, double outputs, double vectors) {
  const double tiles = copies * ceil(reduction / a->group) * ceil(outputs / a->rows);
  return (dataflow){tiles, vectors, copies * reduction * outputs,
                    ceil(tiles / a->units) * (a->reprogram_ns + vectors / a->clock_ghz) * 1e-9, 0};
}

/* First operand stationary or second one (paper VI-A3: DF1, DF2; chosen for each product: OPT2). */
static dataflow best(const pl_arch *a, const pl_op *op) {
  const dataflow first = flow(a, op->copies, op->k, op->m, op->n);
  dataflow second = flow(a, op->copies, op->k, op->n, op->m);
  second.second = 1;
  return second.seconds < first.seconds ? second : first;
}

/* Multipliers over those of the paper: printed power and area are taken in proportion, which the paper says of moduli.
 */
static double size_of(const pl_arch *a) { return a->units * a->moduli * a->group * a->rows / a->printed_multipliers; }

/* Energies of one dot product of `group` products through all moduli, pJ, from the printed constants. */
static double adc_pj(const pl_arch *a) {
  return a->adc_rated_power_mw / a->adc_rated_gs_per_s * a->moduli * a->detections;
}
static double tia_pj(const pl_arch *a) { return a->tia_fj_per_bit * 1e-3 * a->residue_bits * a->detections; }
/* Of one stationary element: both arms of its modulator, for all moduli. */
static double dac_pj(const pl_arch *a) { return a->dac_rated_power_mw / a->dac_rated_gs_per_s * 2 * a->moduli; }

static void add_op(const pl_arch *a, const pl_workload *w, const pl_op *op, pl_cost *cost) {
  (void)w;
  const dataflow d = best(a, op);
  const double n = op->count;
  const double dots = n * op->copies * (op->measured ? op->reads : op->m * op->n * ceil(op->k / a->group));
  /* The second operand of a linear layer are the values, operand A of the device; in attention they are operand B. */
  const double encoded = d.second == pl_op_is_attention(op) ? op->encodings_b : op->encodings_a;
  const double stationary = op->measured ? op->copies * encoded : d.stationary;
  const double busy = n * d.seconds, peak_pj = a->printed_power_w * size_of(a) * busy * 1e12;
  cost->dac_conversions += n * stationary * a->moduli * 2;
  cost->adc_conversions += dots * a->moduli * a->detections;
  cost->light_s += busy;
  cost->latency_s += busy;
  cost->macs += pl_op_macs(op);
  if (a->use_fitted_energy) {
    cost->pj[PL_PART_UNSPLIT] += a->fitted_pj_per_mac * pl_op_macs(op);
    return;
  }
  cost->pj[PL_PART_SRAM] += peak_pj * a->sram_share;
  cost->pj[PL_PART_LASER] += peak_pj * a->laser_share;
  cost->pj[PL_PART_ACCUMULATOR] += peak_pj * a->accumulator_share;
  if (a->use_constants) {
    cost->pj[PL_PART_TIA] += dots * tia_pj(a);
    cost->pj[PL_PART_NUMBERS] +=
        dots * a->residue_conversion_pj + n * d.tiles * d.vectors * a->block_float_conversion_pj;
    cost->pj[PL_PART_ADC] += dots * adc_pj(a);
    cost->pj[PL_PART_DAC] += n * stationary * dac_pj(a);
    return;
  }
  cost->pj[PL_PART_TIA] += peak_pj * a->tia_share;
  cost->pj[PL_PART_NUMBERS] += peak_pj * (a->residue_conversion_share + a->block_float_conversion_share);
  cost->pj[PL_PART_CONVERTER] += peak_pj * a->converter_share;
}

static void design(const pl_arch *a, pl_design *d) {
  const double scale = size_of(a), power = a->printed_power_w * scale;
  d->power_w[PL_PART_SRAM] = power * a->sram_share;
  d->power_w[PL_PART_LASER] = power * a->laser_share;
  d->power_w[PL_PART_TIA] = power * a->tia_share;
  d->power_w[PL_PART_NUMBERS] = power * (a->residue_conversion_share + a->block_float_conversion_share);
  d->power_w[PL_PART_CONVERTER] = power * a->converter_share;
  d->power_w[PL_PART_ACCUMULATOR] = power * a->accumulator_share;
  d->total_power_w = power;
  d->area_mm2[PL_PART_UNSPLIT] = a->printed_area_mm2 * scale;
}

/* "12 W where the paper prints 34 W" */
static void compare(pl_notes *notes, const char *what, double from_constants, double printed) {
  const double ratio = from_constants / printed;
  if (ratio < 1.1 && ratio > 0.9) return; /* shares are printed to two digits */
  pl_note(notes, "%s: %.3g W by the paper's own constants, %.3g W as printed (a factor of %.3g)", what, from_constants,
          printed, ratio);
}

static void notes(const pl_arch *a, const pl_workload *w, const pl_cost *cost, pl_notes *notes) {
  const double rate = a->clock_ghz * 1e9 * a->units * a->rows * 1e-12, printed = a->printed_power_w * size_of(a);
  (void)w, (void)cost;
  if (a->use_fitted_energy)
    pl_note(notes, "energy is a FITTED %.4g pJ per MAC without SRAM: it cannot be derived from what the paper prints",
            a->fitted_pj_per_mac);
  else
    pl_note(notes,
            "energy is the printed peak power while a product lasts, an upper bound: the paper gives no formula");
  if (size_of(a) != 1)
    pl_note(notes,
            "power and area are the printed ones times %.4g, the ratio of multipliers; light rises faster with group",
            size_of(a));
  compare(notes, "ADC alone (DAC and ADC as printed)", adc_pj(a) * rate, printed * a->converter_share);
  compare(notes, "TIA", tia_pj(a) * rate, printed * a->tia_share);
  compare(notes, "conversion from residues", a->residue_conversion_pj * rate, printed * a->residue_conversion_share);
  compare(notes, "conversion to block floating point", a->block_float_conversion_pj * rate / a->rows,
          printed * a->block_float_conversion_share);
  if (a->printed_footprint_mm2 > 0)
    pl_note(notes, "area is that of both chiplets; their stack covers %.4g mm2", a->printed_footprint_mm2 * size_of(a));
}

const pl_cost_model pl_model_residue = {add_op, NULL, design, notes};
