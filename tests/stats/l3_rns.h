/* l3_rns.h: what the residue core's statistical tests share: descriptions, registers, chances.
 *
 *   pl_physics p = physics_of(5, PL_EFFECT_RESIDUES | PL_EFFECT_PHASE);   moduli 31, 32, 33; then set the noise
 *   pl_rns core = core_of(&p);                                           ready to draw; image_of(&p): registers
 *   pl_physics p = noisy(5, 0, 3.0);                                     with phase noise: half a level is 3 sigma
 *   pl_model_regs r = regs_of(&p);  golden_read(&r, n);                   read n of the golden model
 *   golden_outcomes(&p, reads, count);  drawn_outcomes(...);              what became of reads: RIGHT .. WRONG
 */
#ifndef PHOTOLANE_TESTS_L3_RNS_H
#define PHOTOLANE_TESTS_L3_RNS_H

#include "l3.h"
#include "model/rns.h"
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
  require(!pl_rns_init(&core, p, &err), err.text);
  return core;
}

static inline pl_image image_of(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  require(!pl_physics_derive(p, &image, &err), err.text);
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

/* Noise that makes half a level of the middle modulus `sigmas` standard deviations wide. */
static inline pl_physics noisy(int k, int noise, double sigmas) {
  static const uint32_t effects[] = {PL_EFFECT_PHASE, PL_EFFECT_THERMAL, PL_EFFECT_PHASE | PL_EFFECT_THERMAL};
  pl_physics p = physics_of(k, PL_EFFECT_RESIDUES | effects[noise]);
  const double share = noise == 2 ? M_SQRT1_2 : 1, half_level_turns = ldexp(0.5, -k);
  p.phase_noise_rms_deg = share * half_level_turns / sigmas * 360;
  p.amplitude_snr = sigmas / (share * half_level_turns * 2 * M_PI);
  p.range_limit_code2 = k == 4 ? 2000 : 3600;
  return p;
}

/* Every call has a job of its own, so no two operating points of a test share draws. */
static inline pl_model_regs regs_of(const pl_physics *p) {
  static uint32_t jobs;
  const pl_image image = image_of(p);
  pl_model_regs r;
  pl_model_unpack(&image, &r);
  r.job = ++jobs;
  return r;
}

/* A read of its own for every n, of a sum that is spread evenly over -limit..limit. */
static inline pl_rns_values golden_read(const pl_model_regs *r, uint64_t n) {
  const uint64_t mixed = n * 0x9e3779b97f4a7c15u;
  const int32_t limit = r->range_limit, y = (int32_t)((mixed >> 32) * (uint64_t)(2 * limit + 1) >> 32) - limit;
  return pl_rns_read(r, y, (uint32_t)(n >> 16), (uint32_t)(n & 0xffff), 0);
}

/* ---- Outcomes ---- */

enum { RIGHT, CORRECTED, DETECTED, WRONG, OUTCOMES };
static const char *const outcome_name[OUTCOMES] = {"right", "corrected", "detected", "wrong"};

static inline int outcome(int detected, int corrected, int64_t x, int64_t y) {
  return detected ? DETECTED : x != y ? WRONG : corrected ? CORRECTED : RIGHT;
}

static inline void golden_outcomes(const pl_physics *p, double reads, double count[OUTCOMES]) {
  const pl_model_regs r = regs_of(p);
  for (int o = 0; o < OUTCOMES; o++) count[o] = 0;
  for (uint64_t n = 0; n < reads; n++) {
    const pl_rns_values v = golden_read(&r, n);
    count[outcome(v.detected, v.corrected, v.value, v.sum)]++;
  }
}

static inline void drawn_outcomes(const pl_physics *p, double reads, double count[OUTCOMES], const pl_random *random) {
  const pl_rns core = core_of(p);
  for (int o = 0; o < OUTCOMES; o++) count[o] = 0;
  for (uint64_t n = 0; n < reads; n++) {
    int received[5];
    int64_t x;
    const int limit = (int)core.range_limit, y = (int)(random->uniform(random->state) * (2 * limit + 1)) - limit;
    for (int i = 0; i < core.moduli; i++) {
      const int m = core.modulus[i];
      received[i] = pl_rns_receive(&core, i, (y % m + m) % m, random);
    }
    const pl_rns_verdict verdict = pl_rns_decode(&core, received, &x);
    count[outcome(verdict == PL_RNS_DETECTED, verdict == PL_RNS_CORRECTED, x, y)]++;
  }
}

#endif
