/* rns_chance.c: see rns_chance.h. */
#include "study/rns_chance.h"

#include <math.h>
#include <stdlib.h>

#include "model/rns.h"
#include "physics/rns.h"

enum { PHASES = 61, PHASES_SHARP = 1601, NEAR = 64, FINE_BITS = 9 };

pl_status pl_rns_receiver_init(pl_rns_receiver *r, const pl_sheet *sheet, pl_error *err) {
  *r = (pl_rns_receiver){.sheet = sheet, .moduli = 3 + sheet->redundant};
  for (int i = 0; i < r->moduli; i++) r->modulus[i] = pl_rns_modulus_of(sheet->rns_k, i);
  if (!sheet->adc_bits || sheet->adc_bits > FINE_BITS) return PL_OK;
  const int codes = 1 << sheet->adc_bits, scale = 1 << (20 - sheet->adc_bits);
  r->angle = malloc((size_t)codes * (size_t)codes * sizeof *r->angle);
  if (!r->angle) return pl_fail(err, PL_E_MEMORY, "out of memory for the angles of a receiver");
  for (int q = 0; q < codes; q++)
    for (int i = 0; i < codes; i++)
      r->angle[q * codes + i] = pl_rns_atan20((q - codes / 2) * scale, (i - codes / 2) * scale);
  return PL_OK;
}

void pl_rns_receiver_free(pl_rns_receiver *r) { free(r->angle); }

static double tail(double z) { return 0.5 * erfc(z * M_SQRT1_2); }

/* The codes that a converter may give for value v with noise n, and their chances; those below 1e-13 are left out.
 * Returns how many from *first on, at most NEAR. */
static int codes_of(const pl_sheet *sheet, double v, double n, int *first, double chance[NEAR]) {
  const int low = -(1 << (sheet->adc_bits - 1)), high = -low - 1;
  const double step = sheet->adc_step, reach = 7.5 * n;
  int from = (int)floor((v - reach) / step + 0.5), to = (int)floor((v + reach) / step + 0.5);
  from = from < low ? low : from > high ? high : from;
  to = to > high ? high : to < low ? low : to;
  if (to - from >= NEAR) to = from + NEAR - 1; /* not with converters this coarse and noise below the amplitude */
  for (int c = from; c <= to; c++) {
    const double below = c == low ? -INFINITY : (c - 0.5) * step - v;
    const double above = c == high ? INFINITY : (c + 0.5) * step - v;
    if (n > 0) chance[c - from] = below > 0 ? tail(below / n) - tail(above / n) : tail(-above / n) - tail(-below / n);
    else chance[c - from] = below <= 0 && above > 0;
  }
  *first = from;
  return to - from + 1;
}

static double wrong_at(const pl_rns_receiver *r, int m, int sent, double turns, double n) {
  double in_phase[NEAR], quadrature[NEAR], wrong = 0;
  const int codes = 1 << r->sheet->adc_bits;
  int i0, q0;
  const int is = codes_of(r->sheet, cos(2 * M_PI * turns), n, &i0, in_phase);
  const int qs = codes_of(r->sheet, sin(2 * M_PI * turns), n, &q0, quadrature);
  for (int q = 0; q < qs; q++) {
    const uint32_t *angle = r->angle + (size_t)(q0 + q + codes / 2) * (size_t)codes + (i0 + codes / 2);
    double in_row = 0;
    for (int i = 0; i < is; i++) {
      const int level = (int)((angle[i] * (uint32_t)m + (1u << 19)) >> 20);
      if (level != sent && !(level == m && !sent)) in_row += in_phase[i];
    }
    wrong += in_row * quadrature[q];
  }
  return wrong;
}

/* Without converters: the chances of the levels beside the right one while they are small; else what the right one
 * leaves. */
static double wrong_without(const pl_sheet *sheet, int m, pl_rns_noise noise) {
  const double rounding = sheet->adc_bits ? sheet->adc_step * sheet->adc_step / 12 : 0;
  const pl_rns core = {.residues = 1, .moduli = 1, .modulus = {m}, .phase_rms_turns = {noise.phase_turns},
                       .noise_rms_amplitude = sqrt(noise.noise_amplitude * noise.noise_amplitude + rounding)};
  const double beside = 2 * (pl_rns_level_chance(&core, 0, 1) + pl_rns_level_chance(&core, 0, 2));
  return beside < 0.01 ? beside : 1 - pl_rns_level_chance(&core, 0, 0);
}

double pl_rns_wrong_chance(const pl_rns_receiver *r, int i, int sent, pl_rns_noise noise) {
  const int m = r->modulus[i];
  if (!r->angle) return wrong_without(r->sheet, m, noise);
  const double turns = (double)sent / m, s = noise.phase_turns;
  if (!(s > 0)) return wrong_at(r, m, sent, turns, noise.noise_amplitude);
  /* The average over the phase noise; without other noise the chance jumps from 0 to 1 on the way. */
  const int phases = noise.noise_amplitude > 0 ? PHASES : PHASES_SHARP;
  double wrong = 0, weights = 0;
  for (int j = 0; j < phases; j++) {
    const double g = 13.0 * (j + 0.5) / phases - 6.5, weight = exp(-g * g / 2);
    wrong += weight * wrong_at(r, m, sent, turns + s * g, noise.noise_amplitude);
    weights += weight;
  }
  return wrong / weights;
}
