/* intensity.c: the intensity core in double precision: draws and exact moments of a detector read.
 *
 * An operand x has two rails; the one of its sign sends T(|x|), the other T(0), its extinction. For rails q of A and r
 * of B:
 *
 *   light of a pass   o_qr = sum_i g_i A_i,q B_i,r                              [code^2]
 *   photons           n_qr = Poisson(c o_qr),  c = photons_per_mac / (mean_input 127^2)
 *   value             (n_++ - n_+- - n_-+ + n_-- + thermal) / c + sum of the passes' errors, Normal(0, s mean(o_qr))
 *
 * Source: four non-negative passes, each with a photon budget, counts and an error of its own, of Anderson et al.,
 * "Optical Transformers", arXiv 2302.10360, as the simulator attributed to the authors has them; photon counting is
 * elementary. docs/physics.md has the differences.
 */
#include <math.h>

#include "physics/intensity.h"

#define FULL_CODE 127.0

pl_status pl_intensity_init(pl_intensity *core, const pl_physics *p, pl_error *err) {
  const int counts_photons = (p->effects & (PL_EFFECT_SHOT | PL_EFFECT_THERMAL | PL_EFFECT_PHOTONS)) != 0;
  if (p->kind != PL_KIND_INTENSITY || p->channels < 1 || p->channels > 4096)
    return pl_fail(err, PL_E_INPUT, "this is no intensity core of 1 to 4096 channels");
  if (counts_photons && !(pl_photons_per_code2(p) > 0))
    return pl_fail(err, PL_E_INPUT, "photons, shot and thermal noise need photons_per_mac above 0");
  *core = (pl_intensity){.channels = p->channels, .photons_per_code2 = 1};
  for (int operand = 0; operand < 2; operand++) {
    const int on = (p->effects & (operand ? PL_EFFECT_TRANSFER_B : PL_EFFECT_TRANSFER_A)) != 0;
    for (int code = 0; code <= 128; code++) /* the modulators end at 127 */
      core->light[operand][code] = on ? FULL_CODE * pl_transfer(p, operand, fmin(code / FULL_CODE, 1)) : code;
  }
  core->gains = pl_channel_gains(p, core->gain);
  core->shot = (p->effects & (PL_EFFECT_SHOT | PL_EFFECT_PHOTONS)) != 0; /* two emulations of one thing */
  if (counts_photons) core->photons_per_code2 = pl_photons_per_code2(p);
  if (p->effects & PL_EFFECT_THERMAL) core->thermal_rms_photons = p->thermal_noise_rms_photons;
  if (p->effects & PL_EFFECT_SYSTEMATIC)
    core->systematic_rms_code2 = p->systematic_error_rms * p->mean_light_code2 / PL_PASSES;
  return PL_OK;
}

/* Light of the four passes. */
static void passes_of(const pl_intensity *core, const int8_t *a, const int8_t *b, int count, double light[PL_PASSES]) {
  for (int q = 0; q < PL_PASSES; q++) light[q] = 0;
  for (int i = 0; i < count; i++) {
    const double gain = core->gain[i % core->gains];
    double rail[2][2]; /* of A, of B: plus, minus */
    for (int operand = 0; operand < 2; operand++) {
      const int code = operand ? b[i] : a[i];
      rail[operand][0] = core->light[operand][code > 0 ? code : 0];
      rail[operand][1] = core->light[operand][code < 0 ? -code : 0];
    }
    for (int q = 0; q < PL_PASSES; q++) light[q] += gain * rail[0][q >> 1] * rail[1][q & 1];
  }
}

static double sign_of(int pass) { return pass == 0 || pass == 3 ? 1 : -1; }

pl_intensity_read pl_intensity_draw(const pl_intensity *core, const int8_t *a, const int8_t *b, int count,
                                    const pl_random *random) {
  pl_intensity_read read = {0};
  const double c = core->photons_per_code2;
  passes_of(core, a, b, count, read.light_code2);
  double signal = 0;
  for (int q = 0; q < PL_PASSES; q++) {
    read.photons[q] = read.light_code2[q] * c;
    if (core->shot) read.photons[q] = pl_random_poisson(random, read.photons[q]);
    signal += sign_of(q) * read.photons[q];
    if (core->systematic_rms_code2 > 0)
      read.systematic_code2 += sign_of(q) * core->systematic_rms_code2 * pl_random_normal(random);
  }
  if (core->thermal_rms_photons > 0) read.thermal_photons = core->thermal_rms_photons * pl_random_normal(random);
  read.value_code2 = (signal + read.thermal_photons) / c + read.systematic_code2;
  return read;
}

pl_intensity_moments pl_intensity_expect(const pl_intensity *core, const int8_t *a, const int8_t *b, int count) {
  pl_intensity_moments m = {0};
  double light[PL_PASSES];
  const double c = core->photons_per_code2;
  passes_of(core, a, b, count, light);
  for (int q = 0; q < PL_PASSES; q++) {
    m.mean += sign_of(q) * light[q];
    m.light += light[q];
  }
  if (core->shot) { /* all cumulants of a Poisson count are its mean; those of independent counts add */
    m.variance = m.light / c;
    m.third = m.mean / (c * c);
  }
  m.variance += pow(core->thermal_rms_photons / c, 2) + PL_PASSES * pow(core->systematic_rms_code2, 2);
  m.photons = core->shot || core->thermal_rms_photons > 0 ? m.light * c : 0;
  return m;
}
