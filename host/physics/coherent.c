/* coherent.c: the coherent core in double precision: draws and exact moments of a detector read.
 *
 * For channel i with fields X, W (codes), factor f, imbalance e, phase offset d and phase error s g; with crosstalk, r
 * of the field of the channel before is added to both fields first (none at the first wavelength):
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
#include <string.h>

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
  core->crosstalk = pl_crosstalk_field(p);
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

/* Part of the field of channel i - 1 of a read that channel i receives: nothing at the first wavelength. */
static double leak(const pl_coherent *core, int i) { return i % core->wavelengths ? core->crosstalk : 0; }

void pl_coherent_leak(const pl_coherent *core, double *field_code, int count) {
  for (int i = count - 1; i > 0; i--) field_code[i] += leak(core, i) * field_code[i - 1];
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
  pl_coherent_leak(core, x, count);
  pl_coherent_leak(core, w, count);
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
  for (int row = 0; row < m + n; row++) {
    double *fields = x + (size_t)row * k;
    pl_coherent_encode(fields, k, row < m ? core->encoding_rms_a : core->encoding_rms_b, random, fields);
    for (int at = 0; at < k; at += core->channels)
      pl_coherent_leak(core, fields + at, k - at < core->channels ? k - at : core->channels);
  }
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

/* The values at which a normal deviate is taken, with weights: four points are exact for polynomials of degree 7, and
 * the third moment of a read has degree 6 in each operand (Gauss-Hermite quadrature). */
typedef struct {
  int count;
  double field[4], weight[4];
} nodes;

static nodes nodes_of(double code, double rms) {
  static const double at[4] = {-2.334414218338977, -0.741963784302726, 0.741963784302726, 2.334414218338977};
  nodes n = {.count = 1, .field = {code}, .weight = {1}};
  if (rms <= 0 || code == 0) return n;
  n.count = 4;
  for (int j = 0; j < 4; j++) {
    n.field[j] = code * (1 + rms * at[j]);
    n.weight[j] = j % 3 ? 0.454124145231931 : 0.045875854768068; /* (3 +- sqrt 6) / 12 */
  }
  return n;
}

/* Moments of the sum s of the p so far and of the light l so far, both less their means, given the last fields. */
typedef struct {
  double s1, s2, s3, l1, sl;
} partial;

/* Channel by channel. Crosstalk ties a channel to the one before, so the sum so far is known for each pair of values of
 * the last channel's fields before crosstalk, and averaged over them when the next is added. */
pl_coherent_moments pl_coherent_expect(const pl_coherent *core, const int8_t *a, const int8_t *b, int count) {
  const double ra = core->encoding_rms_a, rb = core->encoding_rms_b;
  const double s2 = core->phase_rms_rad * core->phase_rms_rad, photons = core->photons_per_code2;
  double mean = 0, light = 0, phase = 0, third_phase = 0;
  nodes xp = nodes_of(0, 0), wp = xp; /* of the channel before */
  partial before[16] = {{0}}, now[16];
  for (int i = 0; i < count; i++) {
    const int at = i % core->wavelengths;
    const double f = core->product_factor[at], e = core->imbalance[at] / 2, d = core->phase_offset_rad[at];
    const double r = leak(core, i), x0 = r > 0 ? r * a[i - 1] : 0, w0 = r > 0 ? r * b[i - 1] : 0;
    /* E[cos^j(d + s g)] by the double and triple angle. */
    const double c1 = cos(d) * exp(-s2 / 2), c2 = (1 + cos(2 * d) * exp(-2 * s2)) / 2;
    const double c3 = (3 * c1 + cos(3 * d) * exp(-4.5 * s2)) / 4;
    const double x2 = pow(a[i] + x0, 2) + ra * ra * (a[i] * a[i] + x0 * x0);
    const double w2 = pow(b[i] + w0, 2) + rb * rb * (b[i] * b[i] + w0 * w0);
    const double mean_p = f * c1 * (a[i] + x0) * (b[i] + w0) + e * (x2 - w2), mean_l = (x2 + w2) / 2;
    const nodes xn = nodes_of(a[i], ra), wn = nodes_of(b[i], rb);
    for (int j = 0; j < xn.count * wn.count; j++) {
      const double x1 = xn.field[j / wn.count], w1 = wn.field[j % wn.count];
      partial sum = {0};
      for (int k = 0; k < xp.count * wp.count; k++) {
        const partial *t = &before[k];
        const double weight = xp.weight[k / wp.count] * wp.weight[k % wp.count];
        const double x = x1 + r * xp.field[k / wp.count], w = w1 + r * wp.field[k % wp.count];
        const double u = f * x * w, v = e * (x * x - w * w) - mean_p, l = (x * x + w * w) / 2 - mean_l;
        const double q1 = u * c1 + v, q2 = u * u * c2 + 2 * u * v * c1 + v * v;
        const double q3 = u * u * u * c3 + 3 * u * u * v * c2 + 3 * u * v * v * c1 + v * v * v;
        sum.s1 += weight * (t->s1 + q1);
        sum.s2 += weight * (t->s2 + 2 * t->s1 * q1 + q2);
        sum.s3 += weight * (t->s3 + 3 * t->s2 * q1 + 3 * t->s1 * q2 + q3);
        sum.l1 += weight * (t->l1 + l);
        sum.sl += weight * (t->sl + t->s1 * l + t->l1 * q1 + q1 * l);
        const double both = weight * xn.weight[j / wn.count] * wn.weight[j % wn.count];
        phase += both * u * u * (c2 - c1 * c1);
        third_phase += both * u * u * u * (c3 - 3 * c1 * c2 + 2 * c1 * c1 * c1);
      }
      now[j] = sum;
    }
    memcpy(before, now, sizeof before);
    xp = xn, wp = wn;
    mean += mean_p, light += mean_l;
  }
  double second = 0, third = 0, light_covariance = 0;
  for (int k = 0; k < xp.count * wp.count; k++) {
    const double weight = xp.weight[k / wp.count] * wp.weight[k % wp.count];
    second += weight * before[k].s2, third += weight * before[k].s3, light_covariance += weight * before[k].sl;
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
