/* plot-l3-rns.c: figures of the residue core's physics as CSV; scripts/plot-l3-rns draws them.
 *
 *   plot-l3-rns FIGURE > l3-FIGURE.csv
 *
 * levels: rate of wrong residues, modulo 32, over half a level in sigmas of the phase noise (of the amplitude noise):
 * error
 *   function, exact chances of the physics, golden model (0: none fell there).
 * outcomes: three blocks, no, one and two redundant moduli, with range check, moduli 31, 32, 33 (35, 37), sums up to
 * 3600:
 *   what becomes of a read over the rate of wrong residues modulo 32, golden model and draws of the physics.
 */
#include "l3_rns.h"

static void levels(void) {
  printf("sigmas,erfc,phase,phase_golden,amplitude,amplitude_golden\n");
  for (double sigmas = 1; sigmas < 4.6; sigmas += 0.2) {
    printf("%.2f,%.6g", sigmas, erfc(sigmas * M_SQRT1_2));
    for (int noise = 0; noise < 2; noise++) {
      const pl_physics p = noisy(5, noise, sigmas);
      const pl_rns core = core_of(&p);
      const pl_model_regs r = regs_of(&p);
      const double chance = wrong_chance(&core, 1), reads = fmin(1e7, fmax(1e5, 300 / chance));
      double wrong = 0;
      for (uint64_t n = 0; n < reads; n++) {
        const pl_rns_values v = golden_read(&r, n);
        wrong += v.received[1] != v.sent[1];
      }
      printf(",%.6g,%.6g", chance, wrong / ceil(reads));
    }
    printf("\n");
  }
}

static void outcomes(void) {
  enum { READS = 200000, DRAWS = 1000000 };
  uint64_t seed = SEED;
  const pl_random random = {pl_random_splitmix, &seed};
  for (int redundant = 0; redundant <= 2; redundant++) {
    printf("%s# %d redundant moduli\nrate", redundant ? "\n\n" : "", redundant);
    for (int o = 0; o < OUTCOMES; o++) printf(",%s,%s_drawn", outcome_name[o], outcome_name[o]);
    printf("\n");
    for (double sigmas = 1.2; sigmas < 3.5; sigmas += 0.15) {
      pl_physics p = noisy(5, 0, sigmas);
      p.effects |= PL_EFFECT_RANGE_CHECK | (redundant ? PL_EFFECT_REDUNDANCY : 0);
      p.redundant_moduli = redundant;
      const pl_rns core = core_of(&p);
      double golden[OUTCOMES], drawn[OUTCOMES];
      golden_outcomes(&p, READS, golden);
      drawn_outcomes(&p, DRAWS, drawn, &random);
      printf("%.6g", wrong_chance(&core, 1));
      for (int o = 0; o < OUTCOMES; o++) printf(",%.6g,%.6g", golden[o] / READS, drawn[o] / DRAWS);
      printf("\n");
    }
  }
}

int main(int argc, char **argv) {
  const char *wanted = argc == 2 ? argv[1] : "";
  if (!strcmp(wanted, "levels")) return levels(), 0;
  if (!strcmp(wanted, "outcomes")) return outcomes(), 0;
  fprintf(stderr, "plot-l3-rns: name one figure: levels, outcomes\n");
  return 2;
}
