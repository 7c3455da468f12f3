/* coherent.c: the coherent core in double precision: draws and exact moments of a detector read.
 *
 * For channel i with fields X, W (codes), factor f, imbalance e, phase offset d and phase error s g:
 *
 *   p_i = f X W cos(d + s g) + e/2 (X^2 - W^2)                                     [LT, equation of the poster]
 *   photons on the two diodes: Poisson of (light +- sum p_i)/2, light = sum (X^2 + W^2)/2, times photons per code^2
 *   value = (counts' difference + thermal photons) / photons per code^2, times (1 + output_rms g)
 *
 * Sources: LT = Zhu et al., "Lightening-Transformer", HPCA 2024, arXiv 2305.19533 and the authors' poster and code;
 * photon counting is elementary. docs/physics.md has the derivations.
 */
#include <math.h>
#include <stdlib.h>

#include "physics/coherent.h"

#define PI 3.14159265358979323846
#define FULL_CODE 127.0

pl_status pl_coherent_init(pl_coherent *core, const pl_physics *p, int terms, pl_error *err) {
  const int counts_photons = (p->effects & (PL_EFFECT_SHOT | PL_EFFECT_THERMAL)) != 0;
  if (p->channels < 1 || p->channels > 4096 || p->wavelengths < 1 || p->wavelengths > 32)
    return pl_fail(err, PL_E_INPUT, "a core has 1 to 4096 channels and 1 to 32 wavelengths, not %d and %d", p->channels,
                   p->wavelengths);
  if (counts_photons && !(p->photons_full_scale > 0))
    return pl_fail(err, PL_E_INPUT, "shot and thermal noise need photons_full_scale above 0");
  *core = (pl_coherent){.channels = p->channels, .wavelengths = p->wavelengths, .photons_per_code2 = 1};
  if (p->effects & PL_EFFECT_ENC_A) core->encoding_rms_a = p->encoding_noise_rms_a;
  if (p->effects & PL_EFFECT_ENC_B) core->encoding_rms_b = p->encoding_noise_rms_b;
  if (p->effects & PL_EFFECT_PHASE) core->phase_rms_rad = p->phase_noise_rms_deg * PI / 180;
  if (p->effects & PL_EFFECT_OUTPUT) core->output_rms = p->output_noise_rms;
  if (p->effects & PL_EFFECT_THERMAL) core->thermal_rms_photons = p->thermal_noise_rms_photons;
  core->shot = (p->effects & PL_EFFECT_SHOT) != 0;
  if (counts_photons) core->photons_per_code2 = p->photons_full_scale / (FULL_CODE * FULL_CODE);
  for (int i = 0; i < p->wavelengths; i++) {
    core->product_factor[i] = 1;
    if (!(p->effects & PL_EFFECT_DISPERSION)) continue;
    const double um = pl_grid_um(i, p->wavelengths, p->wavelength_spacing_nm);
    const double e = core->imbalance[i] = pl_coupler_imbalance(um);
    if (terms & PL_COHERENT_FACTOR) core->product_factor[i] = sqrt(1 - e * e);
    if (terms & PL_COHERENT_PHASE_SHIFTER) core->phase_offset_rad[i] = PI / 2 * (1.55 / um - 1);
  }
  return PL_OK;
}

/* ---- One detector read ---- */

void pl_coherent_encode(const double *code, int count, double rms, const pl_random *random, double *field_code) {
  for (int i = 0; i < count; i++) field_code[i] = rms > 0 ? code[i] * (1 + rms * pl_random_normal(random)) : code[i];
}

pl_coherent_read pl_coherent_detect(const pl_coherent *core, const double *a, const double *b, int count,
                                    const pl_random *random) {
  pl_coherent_read read = {0};
  double light_code2 = 0;
  for (int i = 0; i < count; i++) {
    const int w = i % core->wavelengths;
    double phase = core->phase_offset_rad[w];
    if (core->phase_rms_rad > 0) phase += core->phase_rms_rad * pl_random_normal(random);
    const double a2 = a[i] * a[i], b2 = b[i] * b[i];
    read.optical_code2 += core->product_factor[w] * a[i] * b[i] * cos(phase) + core->imbalance[w] / 2 * (a2 - b2);
    light_code2 += (a2 + b2) / 2;
  }
  /* The authors' equation without its factor can ask for slightly more light in one port than there is. */
  read.photons_plus = fmax(0, (light_code2 + read.optical_code2) / 2 * core->photons_per_code2);
  read.photons_minus = fmax(0, (light_code2 - read.optical_code2) / 2 * core->photons_per_code2);
  read.value_code2 = read.optical_code2;
  if (core->shot) {
    read.photons_plus = pl_random_poisson(random, read.photons_plus);
    read.photons_minus = pl_random_poisson(random, read.photons_minus);
    read.value_code2 = (read.photons_plus - read.photons_minus) / core->photons_per_code2;
  }
  if (core->thermal_rms_photons > 0) {
    read.thermal_photons = core->thermal_rms_photons * pl_random_normal(random);
    read.value_code2 += read.thermal_photons / core->photons_per_code2;
  }
  if (core->output_rms > 0) read.value_code2 *= 1 + core->output_rms * pl_random_normal(random);
  return read;
}

pl_coherent_read pl_coherent_draw(const pl_coherent *core, const int8_t *a, const int8_t *b, int count,
                                  const pl_random *random) {
  double x[4096], w[4096];
  for (int i = 0; i < count; i++) x[i] = a[i], w[i] = b[i];
  pl_coherent_encode(x, count, core->encoding_rms_a, random, x);
  pl_coherent_encode(w, count, core->encoding_rms_b, random, w);
  return pl_coherent_detect(core, x, w, count, random);
}

pl_status pl_coherent_product(const pl_coherent *core, const int8_t *a, const int8_t *b, int m, int n, int k,
                              const pl_random *random, double *c_code2, pl_error *err) {
  if (m < 1 || n < 1 || k < 1) return pl_fail(err, PL_E_INPUT, "a product needs m, n and k of 1 or more");
  const size_t elements_a = (size_t)m * (size_t)k, elements_b = (size_t)n * (size_t)k;
  double *x = malloc((elements_a + elements_b) * sizeof *x);
  if (!x) return pl_fail(err, PL_E_MEMORY, "no memory for %zu operand fields: use smaller shapes",
                         elements_a + elements_b);
  double *w = x + elements_a;
  for (size_t i = 0; i < elements_a; i++) x[i] = a[i];
  for (size_t i = 0; i < elements_b; i++) w[i] = b[i];
  for (int i = 0; i < m; i++) pl_coherent_encode(x + (size_t)i * k, k, core->encoding_rms_a, random, x + (size_t)i * k);
  for (int j = 0; j < n; j++) pl_coherent_encode(w + (size_t)j * k, k, core->encoding_rms_b, random, w + (size_t)j * k);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int at = 0; at < k; at += core->channels) {
        const int count = k - at < core->channels ? k - at : core->channels;
        sum += pl_coherent_detect(core, x + (size_t)i * k + at, w + (size_t)j * k + at, count, random).value_code2;
      }
      c_code2[(size_t)i * n + j] = sum;
    }
  free(x);
  return PL_OK;
}

/* ---- Moments ---- */

/* E[X^j], j = 0..6, of X = x (1 + s g). */
static void field_moments(double x, double s, double moment[7]) {
  const double s2 = s * s, s4 = s2 * s2;
  const double unit[7] = {1, 1, 1 + s2, 1 + 3 * s2, 1 + 6 * s2 + 3 * s4, 1 + 10 * s2 + 15 * s4,
                          1 + 15 * s2 + 45 * s4 + 15 * s2 * s4};
  double power = 1;
  for (int j = 0; j < 7; j++, power *= x) moment[j] = power * unit[j];
}

pl_coherent_moments pl_coherent_expect(const pl_coherent *core, const int8_t *a, const int8_t *b, int count) {
  const double s2 = core->phase_rms_rad * core->phase_rms_rad, photons = core->photons_per_code2;
  double mean = 0, second = 0, third = 0, light = 0, light_covariance = 0, phase = 0, third_phase = 0;
  for (int i = 0; i < count; i++) {
    const int at = i % core->wavelengths;
    const double f = core->product_factor[at], e = core->imbalance[at] / 2, d = core->phase_offset_rad[at];
    double x[7], w[7];
    field_moments(a[i], core->encoding_rms_a, x);
    field_moments(b[i], core->encoding_rms_b, w);
    /* E[cos^j(d + s g)] by the double and triple angle. */
    const double c1 = cos(d) * exp(-s2 / 2), c2 = (1 + cos(2 * d) * exp(-2 * s2)) / 2;
    const double c3 = (3 * c1 + cos(3 * d) * exp(-4.5 * s2)) / 4;
    const double m1 = f * c1 * x[1] * w[1] + e * (x[2] - w[2]);
    const double m2 = f * f * c2 * x[2] * w[2] + 2 * f * e * c1 * (x[3] * w[1] - x[1] * w[3]) +
                      e * e * (x[4] - 2 * x[2] * w[2] + w[4]);
    const double m3 = f * f * f * c3 * x[3] * w[3] + 3 * f * f * e * c2 * (x[4] * w[2] - x[2] * w[4]) +
                      3 * f * e * e * c1 * (x[5] * w[1] - 2 * x[3] * w[3] + x[1] * w[5]) +
                      e * e * e * (x[6] - 3 * x[4] * w[2] + 3 * x[2] * w[4] - w[6]);
    mean += m1;
    second += m2 - m1 * m1;
    third += m3 - 3 * m1 * m2 + 2 * m1 * m1 * m1;
    phase += f * f * (c2 - c1 * c1) * x[2] * w[2];
    third_phase += f * f * f * (c3 - 3 * c1 * c2 + 2 * c1 * c1 * c1) * x[3] * w[3];
    const double l = (x[2] + w[2]) / 2;
    light += l;
    light_covariance += (f * c1 * (x[3] * w[1] + x[1] * w[3]) + e * (x[4] - w[4])) / 2 - m1 * l;
  }
  pl_coherent_moments m = {.mean = mean, .phase = phase, .third_phase = third_phase};
  /* Detection, by the laws of total variance and total cumulance: the counts' difference has, given the fields, the
   * variance of the light and the third cumulant of the difference itself. */
  if (core->shot) {
    m.receiver = light / photons;
    m.third_poisson = mean / (photons * photons);
    third += 3 * light_covariance / photons + m.third_poisson;
  }
  m.receiver += pow(core->thermal_rms_photons / photons, 2);
  second += m.receiver;
  /* r (1 + o g): variance and third central moment from those of r. */
  const double o2 = core->output_rms * core->output_rms;
  m.variance = second + o2 * (second + mean * mean);
  m.third = third + 3 * o2 * (2 * mean * second + third);
  m.variance_order = o2 * (m.receiver + phase);
  m.third_order = 3 * o2 * (2 * mean * (m.receiver + phase) + (core->shot ? 3 * light_covariance / photons : 0));
  return m;
}
