/* l3_intensity.h: operating points of the intensity core's statistical tests: codes, photons, effects.
 *
 *   for each effects[e], points[i]:
 *     codes_of(&points[i], a, b);                                operand codes, one per channel
 *     pl_physics p = physics_of(&points[i], effects[e].bit);     in physical units
 *     pl_intensity core = core_of(&p);                           ready to draw; image_of(&p): registers
 */
#ifndef PHOTOLANE_TESTS_L3_INTENSITY_H
#define PHOTOLANE_TESTS_L3_INTENSITY_H

#include "l3.h"
#include "physics/intensity.h"

#define SEED 20261122u
enum { CHANNELS_MAX = 4096 };

typedef enum { FULL, NEGATIVE, DARK, SMALL, RANDOM } pattern;
typedef struct {
  const char *name;
  int channels;
  pattern codes;
  double photons; /* on the detector in one read without floors, curves and gains; dark: at full drive */
} point;

/* Down to one photon, which is right in mean and variance alone. */
static const point points[] = {
    {"1 full, 1 photon", 1, FULL, 1},         {"1 full, 30 photons", 1, FULL, 30},
    {"1 full, 1e5 photons", 1, FULL, 1e5},    {"1 small, 1e4 photons", 1, SMALL, 1e4},
    {"64 random, 1 photon", 64, RANDOM, 1},   {"64 random, 1e3 photons", 64, RANDOM, 1e3},
    {"64 random, 1e5 photons", 64, RANDOM, 1e5}, {"64 full, 1e5 photons", 64, FULL, 1e5},
    {"64 negative, 1e5 photons", 64, NEGATIVE, 1e5}, {"64 small, 1e5 photons", 64, SMALL, 1e5},
    {"64 dark", 64, DARK, 1e5},               {"768 random, 2e4 photons", 768, RANDOM, 2e4},
    {"4096 random, 1e5 photons", 4096, RANDOM, 1e5}, {"4096 full, 1e6 photons", 4096, FULL, 1e6},
    {"4096 full, 1 photon", 4096, FULL, 1},
};
enum { POINTS = sizeof points / sizeof *points, TYPICAL = 6 };

static const uint32_t everything = PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B | PL_EFFECT_GAIN | PL_EFFECT_SHOT |
                                   PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL;
static const struct {
  const char *name;
  uint32_t bit;
} effects[] = {{"shot", PL_EFFECT_SHOT},
               {"shot, floors", PL_EFFECT_SHOT | PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B},
               {"systematic", PL_EFFECT_SYSTEMATIC},
               {"thermal", PL_EFFECT_THERMAL},
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

/* Light of a read without floors, curves and gains, code^2; of full drive if there is none. */
static inline double plain_light(const point *at) {
  int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
  double light = 0;
  codes_of(at, a, b);
  for (int i = 0; i < at->channels; i++) light += fabs((double)a[i] * b[i]);
  return light > 0 ? light : at->channels * 127.0 * 127;
}

static inline pl_physics physics_of(const point *at, uint32_t on) {
  pl_physics p;
  pl_physics_reset(&p);
  const double light = plain_light(at);
  p.kind = PL_KIND_INTENSITY;
  p.effects = on;
  p.seed = SEED;
  p.channels = at->channels;
  p.mean_input = 0.25; /* the source is constant, so this only scales */
  p.photons_per_mac = at->photons / light * 127 * 127 * p.mean_input;
  p.extinction_a = 0.01;
  p.transfer_a = (pl_curve){.count = 5, .value = {0, 0.2, 0.45, 0.75, 1}};
  p.extinction_b = 0.02004;
  p.channel_gain_rms = 0.05;
  p.thermal_noise_rms_photons = 0.5 * sqrt(at->photons);
  p.systematic_error_rms = 0.021;
  p.mean_light_code2 = nearbyint(light);
  return p;
}

static inline pl_intensity core_of(const pl_physics *p) {
  pl_intensity core;
  pl_error err = {0};
  require(!pl_intensity_init(&core, p, &err), err.text);
  return core;
}

static inline pl_image image_of(const pl_physics *p) {
  pl_image image;
  pl_error err = {0};
  require(!pl_physics_derive(p, &image, &err), err.text);
  return image;
}

/* Photons per MAC at which the golden model's reads have the wanted sigma, relative to the light of the read: corrected
 * until they do, with registers derived anew every time. */
static inline double photons_for_error(int channels, double wanted) {
  int8_t a[CHANNELS_MAX], b[CHANNELS_MAX];
  const point first = {"", 64, RANDOM, 1e4};
  codes_of(&first, a, b);
  for (int i = 64; i < channels; i++) a[i] = a[i - 64], b[i] = b[i - 64]; /* the same data, longer */
  pl_physics p = physics_of(&first, PL_EFFECT_SHOT);
  p.channels = channels, p.mean_input = 1;
  for (int round = 0; round < 4; round++) {
    const pl_intensity core = core_of(&p);
    const pl_intensity_moments m = pl_intensity_expect(&core, a, b, channels);
    const pl_image image = image_of(&p);
    histogram h = golden_reads(&image, a, b, channels, fmax(2e5, reads_wanted() / 4),
                               5000 + (uint32_t)(channels + round), m.mean, sqrt(m.variance), threads_to_use());
    require(h.counts != NULL, "out of memory");
    p.photons_per_mac *= moments_of(&h).variance / pow(wanted * m.light, 2);
    free(h.counts);
  }
  return p.photons_per_mac;
}

#endif
