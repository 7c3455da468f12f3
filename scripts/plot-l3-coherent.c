/* plot-l3-coherent.c: densities of golden model and physics as CSV; scripts/plot-l3-coherent draws them.
 *
 *   plot-l3-coherent EFFECT > l3-EFFECT.csv     enc_a, enc_b, phase, output, shot, thermal, all, dispersion, crosstalk
 *
 * Three panels per effect, one block of rows each: z = (value - mean)/sigma by the physics' exact moments, in bins of
 * about 1/8; probability density of 10^6 reads of the golden model and of draws of the physics (0: none fell there).
 * With few photons a bin is a whole number of them, else it would hold now two and now three counts. dispersion: per
 * wavelength the imbalance by the formula, the register, and the golden model's error of one lit channel (x = 127, w =
 * 0) in detector LSB. crosstalk: by its strength, what it adds to a read of 12 channels (part of the read's full scale)
 * by the physics and by the golden model, full-scale and random codes; the latter's error and its bound in detector
 * LSB.
 */
#include "l3.h"
#include "physics/coherent.h"

enum { BINS = 97, READS = 1000000, DRAWS = 400000, CHANNELS = 64 };

static double uniform(void *state) { /* xorshift64*, Vigna 2014; any good generator would do */
  uint64_t *x = state;
  *x ^= *x >> 12, *x ^= *x << 25, *x ^= *x >> 27;
  return ((double)(*x * 2685821657736338717u >> 12) + 0.5) * 0x1p-52;
}

static int bin_of(double z, double width) {
  const double bin = floor(z / width + BINS / 2 + 0.5);
  return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (int)bin;
}

/* photon: what one photon changes, in sigma; 0 if there are many. */
static void panel(int number, const pl_physics *p, int random_codes, double photon) {
  const double width = photon > 0 ? photon * (2 * floor(0.0625 / photon) + 1) : 0.125; /* an odd number */
  int8_t a[CHANNELS], b[CHANNELS];
  uint64_t state = 88172645463325252u;
  for (int i = 0; i < p->channels; i++) {
    a[i] = random_codes ? (int8_t)(uniform(&state) * 256 - 128) : 127;
    b[i] = random_codes ? (int8_t)(uniform(&state) * 256 - 128) : 127;
  }
  pl_coherent core;
  pl_image image;
  if (pl_coherent_init(&core, p, PL_COHERENT_CODE, NULL) || pl_physics_derive(p, &image, NULL)) exit(2);
  const pl_coherent_moments m = pl_coherent_expect(&core, a, b, p->channels);
  const double sigma = sqrt(m.variance);
  histogram h = golden_reads(&image, a, b, p->channels, READS, (uint32_t)number, m.mean, sigma, 1);
  if (!h.counts) exit(1);
  double golden[BINS] = {0}, physics[BINS] = {0};
  for (int i = 0; i < CODES; i++)
    golden[bin_of((h.centre_code2 + (i - CODES / 2) * h.step_code2 - m.mean) / sigma, width)] +=
        (double)h.counts[i] / h.reads;
  free(h.counts);
  const pl_random random = {uniform, &state};
  for (int n = 0; n < DRAWS; n++)
    physics[bin_of((pl_coherent_draw(&core, a, b, p->channels, &random).value_code2 - m.mean) / sigma, width)] +=
        1.0 / DRAWS;
  printf("%s# panel %d: %d channels, %s codes; mean %.6g code^2, sigma %.6g code^2, skewness %.4f\nz,golden,physics\n",
         number ? "\n\n" : "", number, p->channels, random_codes ? "random" : "full-scale", m.mean, sigma,
         m.third / pow(sigma, 3));
  for (int i = 0; i < BINS; i++) 
    printf("%.4f,%.6g,%.6g\n", (i - BINS / 2) * width, golden[i] / width, physics[i] / width);
}

static void dispersion(void) {
  pl_physics p;
  pl_image image;
  pl_model_regs r;
  pl_physics_reset(&p);
  p.effects = PL_EFFECT_DISPERSION, p.channels = p.wavelengths = 12;
  if (pl_physics_derive(&p, &image, NULL)) exit(2);
  pl_model_unpack(&image, &r);
  r.rows = r.cols = 1, r.depth = 12;
  printf("wavelength_nm,imbalance,register,error_lsb,bound_lsb\n");
  for (int i = 0; i < 12; i++) {
    int8_t a[12] = {0}, b[12] = {0};
    a[i] = 127;
    const double nm = pl_grid_um(i, 12, p.wavelength_spacing_nm) * 1e3, e = pl_coupler_imbalance(nm * 1e-3);
    const double got = pl_model_read(&r, a, b, 0, 0, 0).detector, want = e / 2 * 127 * 127 / LSB;
    printf("%.1f,%.9f,%.9f,%.4f,%.4f\n", nm, e, ldexp(r.dispersion[i], -15), got - want,
           127 * 127 * 0x1p-17 / LSB + 0.5 + 2.0 / 128);
  }
}

static void crosstalk(void) {
  int8_t a[12], b[12];
  uint64_t state = 88172645463325252u;
  printf("db,physics_full,golden_full,physics_random,golden_random,error_lsb,bound_lsb\n");
  for (double db = -60; db <= -6.5; db += 1.5) {
    double change[2][2], error = 0, bound = 0.5;
    for (int random_codes = 0; random_codes < 2; random_codes++) {
      pl_physics p;
      pl_image image;
      pl_coherent core;
      pl_model_regs r;
      state = 88172645463325252u;
      for (int i = 0; i < 12; i++) {
        a[i] = random_codes ? (int8_t)(uniform(&state) * 256 - 128) : 127;
        b[i] = random_codes ? (int8_t)(uniform(&state) * 256 - 128) : 127;
      }
      pl_physics_reset(&p);
      p.effects = PL_EFFECT_CROSSTALK, p.channels = p.wavelengths = 12, p.crosstalk_db = db;
      if (pl_physics_derive(&p, &image, NULL) || pl_coherent_init(&core, &p, PL_COHERENT_CODE, NULL)) exit(2);
      pl_model_unpack(&image, &r);
      r.rows = r.cols = 1, r.depth = 12;
      const double with = pl_coherent_expect(&core, a, b, 12).mean, golden = read_lsb(&r, a, b) * LSB;
      double product = 0;
      for (int i = 0; i < 12; i++) {
        product += a[i] * b[i];
        if (!random_codes || i == 0) continue;
        const double x = fabs(a[i] + core.crosstalk * a[i - 1]), w = fabs(b[i] + core.crosstalk * b[i - 1]);
        bound += (x * (0x1p-16 * abs(b[i - 1]) + 1.0 / 32) + w * (0x1p-16 * abs(a[i - 1]) + 1.0 / 32)) / LSB;
      }
      change[random_codes][0] = fabs(with - product) / (12 * 127 * 127);
      change[random_codes][1] = fabs(golden - product) / (12 * 127 * 127);
      error = (golden - with) / LSB;
    }
    printf("%.1f,%.6g,%.6g,%.6g,%.6g,%.3f,%.3f\n", db, change[0][0], change[0][1], change[1][0], change[1][1], error,
           bound);
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    uint32_t bits;
  } effects[] = {{"enc_a", PL_EFFECT_ENC_A}, {"enc_b", PL_EFFECT_ENC_B}, {"phase", PL_EFFECT_PHASE},
                 {"output", PL_EFFECT_OUTPUT}, {"shot", PL_EFFECT_SHOT}, {"thermal", PL_EFFECT_THERMAL},
                 {"all", 0x3ff & ~(PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC)}};
  const char *wanted = argc == 2 ? argv[1] : "";
  if (!strcmp(wanted, "dispersion")) return dispersion(), 0;
  if (!strcmp(wanted, "crosstalk")) return crosstalk(), 0;
  for (size_t e = 0; e < sizeof effects / sizeof *effects; e++) {
    if (strcmp(wanted, effects[e].name)) continue;
    const int shot = effects[e].bits == PL_EFFECT_SHOT;
    for (int i = 0; i < 3; i++) {
      pl_physics p; /* `lightening` with the 2 degrees of `lightening-code` */
      pl_physics_reset(&p);
      p.effects = effects[e].bits;
      p.seed = 7;
      p.channels = shot && i < 2 ? 1 : i == 0 ? 1 : i == 1 ? 12 : CHANNELS;
      p.encoding_noise_rms_a = p.encoding_noise_rms_b = 0.015;
      p.phase_noise_rms_deg = 2;
      p.output_noise_rms = 0.025;
      p.photons_full_scale = shot && i == 0 ? 10 : shot && i == 1 ? 100 : 105280;
      p.thermal_noise_rms_photons = 2015;
      panel(i, &p, i > 0 && p.channels > 1, shot && i < 2 ? 1 / sqrt(p.photons_full_scale) : 0);
    }
    return 0;
  }
  fprintf(stderr, "plot-l3-coherent: name one effect: enc_a, enc_b, phase, output, shot, thermal, all, dispersion, "
                  "crosstalk\n");
  return 2;
}
