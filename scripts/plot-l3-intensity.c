/* plot-l3-intensity.c: figures of the intensity core's physics as CSV; scripts/plot-l3-intensity draws them.
 *
 *   plot-l3-intensity FIGURE > l3-FIGURE.csv
 *
 * photons: four blocks, 1, 10, 100 and 1000 photons in a read: probability of each count by Poisson's law and of reads
 *   of the golden model, 10^6 of them, that fall nearest to it, under the effects shot and photons.
 * snr: mean over sigma of full-scale reads with that many photons, golden model (10^5 reads) and square root. law:
 * photons per MAC at which reads have a relative error of 1 %, over the channels, and the 1/N law through 64 channels.
 * transfer: light and signed field by operand code: physics and registers, a floor of 0.02004 and a curve.
 */
#include "l3_intensity.h"

static histogram full_scale_reads(uint32_t effect, double photons, double reads, uint32_t job, pl_intensity_moments *m,
                                  double *c) {
  const int8_t full = 127;
  const point at = {"", 1, FULL, photons};
  const pl_physics p = physics_of(&at, effect);
  const pl_intensity core = core_of(&p);
  const pl_image image = image_of(&p);
  *m = pl_intensity_expect(&core, &full, &full, 1);
  *c = core.photons_per_code2;
  histogram h = golden_reads(&image, &full, &full, 1, reads, job, m->mean, sqrt(m->variance), 1);
  if (!h.counts) exit(1);
  return h;
}

static void photons(void) {
  for (int block = 0; block < 4; block++) {
    static double seen[2][3000];
    const double n = pow(10, block);
    const int first = (int)(n - 6 * sqrt(n)), last = (int)(n + 6 * sqrt(n) + 2);
    memset(seen, 0, sizeof seen);
    for (int counts = 0; counts < 2; counts++) {
      double c;
      pl_intensity_moments m;
      histogram h = full_scale_reads(counts ? PL_EFFECT_PHOTONS : PL_EFFECT_SHOT, n, 1e6, (uint32_t)block, &m, &c);
      for (int i = 0; i < CODES; i++) {
        const double count = nearbyint((h.centre_code2 + (i - CODES / 2) * h.step_code2) * c);
        if (count >= first && count <= last) seen[counts][(int)count - first] += (double)h.counts[i] / h.reads;
      }
      free(h.counts);
    }
    printf("%s# %g photons\ncount,poisson,shot,photons\n", block ? "\n\n" : "", n);
    for (int k = first; k <= last; k++)
      printf("%d,%.6g,%.6g,%.6g\n", k, k < 0 ? 0 : exp(k * log(n) - n - lgamma(k + 1)), seen[0][k - first],
             seen[1][k - first]);
  }
}

static void snr(void) {
  printf("photons,root,golden\n");
  for (int i = 0; i <= 24; i++) {
    const double n = pow(10, i / 4.0);
    double c;
    pl_intensity_moments m;
    histogram h = full_scale_reads(PL_EFFECT_SHOT, n, 1e5, 100 + (uint32_t)i, &m, &c);
    const sample s = moments_of(&h);
    printf("%.6g,%.6g,%.6g\n", n, sqrt(n), s.mean / sqrt(s.variance));
    free(h.counts);
  }
}

static void law(void) {
  printf("channels,golden,law\n");
  double at64 = 0;
  for (int n = 64; n <= 4096; n *= 2) {
    const double needed = photons_for_error(n, 0.01);
    if (n == 64) at64 = needed * 64;
    printf("%d,%.6g,%.6g\n", n, needed, at64 / n);
  }
}

static void transfer(void) {
  pl_physics p;
  pl_physics_reset(&p);
  p.kind = PL_KIND_INTENSITY;
  p.effects = PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B;
  p.extinction_b = 0.02004;
  p.transfer_a = (pl_curve){.count = 5, .value = {0.05, 0.12, 0.35, 0.75, 1}};
  const pl_image image = image_of(&p);
  const pl_intensity core = core_of(&p);
  pl_model_regs r;
  pl_model_unpack(&image, &r);
  printf("code,floor,floor_register,curve,curve_register,field,field_golden\n");
  for (int code = -127; code <= 127; code++) {
    const int8_t a = 127, b = (int8_t)code;
    const int at = abs(code);
    r.rows = r.cols = 1, r.depth = 1;
    const double scale = (core.light[0][127] - core.light[0][0]) * 127; /* what A at full scale makes of full light */
    printf("%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", code, core.light[1][at] / 127, r.transfer[1][at] / 16.0 / 127,
           core.light[0][at] / 127, r.transfer[0][at] / 16.0 / 127, pl_intensity_expect(&core, &a, &b, 1).mean / scale,
           read_lsb(&r, &a, &b) * LSB / scale);
  }
}

int main(int argc, char **argv) {
  const char *wanted = argc == 2 ? argv[1] : "";
  if (!strcmp(wanted, "photons")) return photons(), 0;
  if (!strcmp(wanted, "snr")) return snr(), 0;
  if (!strcmp(wanted, "law")) return law(), 0;
  if (!strcmp(wanted, "transfer")) return transfer(), 0;
  fprintf(stderr, "plot-l3-intensity: name one figure: photons, snr, law, transfer\n");
  return 2;
}
