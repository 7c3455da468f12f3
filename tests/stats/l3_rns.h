/* l3_rns.h: what the residue core's statistical tests share: descriptions, registers, chances.
 *
 *   pl_physics p = physics_of(5, PL_EFFECT_RESIDUES | PL_EFFECT_PHASE);   moduli 31, 32, 33; then set the noise
 *   pl_rns core = core_of(&p);                                           ready to draw; image_of(&p): registers
 */
#ifndef PHOTOLANE_TESTS_L3_RNS_H
#define PHOTOLANE_TESTS_L3_RNS_H

#include <check.h>

#include "l3.h"
#include "physics/rns.h"

#define SEED 20261122u

static inline pl_physics physics_of(int k, uint32_t on) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_RNS;
  p.effects = on;
  p.seed = SEED;
  p.channels = 16;
  p.moduli_k = k;
  return p;
}

static inline pl_rns core_of(const pl_physics *p) {
  pl_rns core;
  pl_error err = {0};
  ck_assert_msg(!pl_rns_init(&core, p, &err), "%s", err.text);
  return core;
}

static inline pl_image image_of(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  ck_assert_msg(!pl_physics_derive(p, &image, &err), "%s", err.text);
  return image;
}

/* Chance that residue i is received wrong: summed over the wrong levels, so that small ones keep their digits. */
static inline double wrong_chance(const pl_rns *core, int i) {
  const int m = core->modulus[i];
  double p = 0;
  for (int levels = -(m - 1) / 2; levels <= m / 2; levels++)
    if (levels) p += pl_rns_level_chance(core, i, levels);
  return p;
}

#endif
