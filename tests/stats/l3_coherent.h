/* l3_coherent.h: operating points of the coherent core's statistical tests: codes, strengths of the noise, effects.
 *
 *   for each effects[e], points[i]:
 *     codes_of(&points[i], a, b);                                operand codes, one per channel
 *     pl_physics p = physics_of(&points[i], effects[e].bit);     in physical units
 *     pl_coherent core = core_of(&p, PL_COHERENT_CODE);          ready to draw; image_of(&p): registers
 */
#ifndef PHOTOLANE_TESTS_L3_COHERENT_H
#define PHOTOLANE_TESTS_L3_COHERENT_H

#include "l3.h"
#include "physics/coherent.h"

#define SEED 20261122u
enum { CHANNELS_MAX = 4096 };

/* ---- Operating points ---- */

typedef enum { FULL, NEGATIVE, DARK, SMALL, RANDOM } pattern;
typedef struct {
  const char *name;
  int channels;
  pattern codes;
  int strong; /* 0: `lightening` with the 2 degrees of `lightening-code`; 1: far more, 100 photons at full scale */
} point;

static const point points[] = {
    {"1 full", 1, FULL, 0},          {"1 small", 1, SMALL, 0},           {"1 full strong", 1, FULL, 1},
    {"12 random", 12, RANDOM, 0},    {"64 random", 64, RANDOM, 0},       {"64 random strong", 64, RANDOM, 1},
    {"64 full", 64, FULL, 0},        {"64 negative", 64, NEGATIVE, 0},   {"64 small", 64, SMALL, 0},
    {"64 dark", 64, DARK, 0},        {"4096 random", 4096, RANDOM, 0},   {"4096 full", 4096, FULL, 0},
};
enum { POINTS = sizeof points / sizeof *points, TYPICAL = 4 };

static const uint32_t everything = PL_EFFECT_ENC_A | PL_EFFECT_ENC_B | PL_EFFECT_DISPERSION | PL_EFFECT_PHASE |
                                   PL_EFFECT_OUTPUT | PL_EFFECT_SHOT | PL_EFFECT_THERMAL | PL_EFFECT_CROSSTALK;
static const struct {
  const char *name;
  uint32_t bit;
} effects[] = {{"enc_a", PL_EFFECT_ENC_A}, {"enc_b", PL_EFFECT_ENC_B}, {"phase", PL_EFFECT_PHASE},
               {"output", PL_EFFECT_OUTPUT}, {"shot", PL_EFFECT_SHOT}, {"thermal", PL_EFFECT_THERMAL},
               {"crosstalk", PL_EFFECT_CROSSTALK | PL_EFFECT_ENC_A | PL_EFFECT_ENC_B}, /* alone it has no spread */
               {"all", everything}};
enum { EFFECTS = sizeof effects / sizeof *effects };

static inline void codes_of(const point *at, int8_t *a, int8_t *b) {
  uint64_t state = 88172645463325252u; /* xorshift64 */
  for (int i = 0; i < at->channels; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const int x = (int)(state >> 20 & 255) - 128, w = (int)(state >> 40 & 255) - 128;
    switch (at->codes) {
      case FULL: a[i] = b[i] = 127; break;
      case NEGATIVE: a[i] = -128, b[i] = 127; break;
      case DARK: a[i] = b[i] = 0; break;
      case SMALL: a[i] = (int8_t)(x / 26), b[i] = (int8_t)(w / 26); break; /* -4..4 */
      case RANDOM: a[i] = (int8_t)x, b[i] = (int8_t)w; break;
    }
  }
  if (at->codes == SMALL && at->channels == 1) a[0] = 3, b[0] = -2;
}

static inline pl_physics physics_of(const point *at, uint32_t on) {
  pl_physics p;
  pl_physics_reset(&p);
  p.effects = on;
  p.seed = SEED;
  p.channels = at->channels;
  p.encoding_noise_rms_a = p.encoding_noise_rms_b = at->strong ? 0.1 : 0.015;
  p.phase_noise_rms_deg = at->strong ? 12 : 2;
  p.output_noise_rms = at->strong ? 0.1 : 0.025;
  p.photons_full_scale = at->strong ? 100 : 105280;
  p.thermal_noise_rms_photons = at->strong ? 30 : 2015;
  p.crosstalk_db = at->strong ? -12 : -25;
  return p;
}

static inline pl_coherent core_of(const pl_physics *p, int terms) {
  pl_coherent core;
  pl_error err = {0};
  require(!pl_coherent_init(&core, p, terms, &err), err.text);
  return core;
}

static inline pl_image image_of(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  require(!pl_physics_derive(p, &image, &err), err.text);
  return image;
}

#endif
