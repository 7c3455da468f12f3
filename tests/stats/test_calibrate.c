/* test_calibrate.c: closing the loop: an emulated device is measured by probes that know no more than its data sheet,
 * and the intervals must contain what it was made of. For every description in host/physics/cores, whatever is
 * shipped.
 *
 *   test_calibrate            from the project's root
 *   PL_STATS_SAMPLES=4e6      reads of a probe (2^18); the seed of the probes is fixed, so a pass repeats
 *
 * Then the test itself: a device whose noise has 5 % more variance must be told from the one described.
 */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "physics/fields.h"
#include "study/fit.h"

enum { SEED = 1, DESCRIPTIONS_MAX = 32, LOUD_READS = 1 << 20, RNS_READS = 1 << 18 };
#define FOLDER "host/physics/cores/"
#define CODE (0.5 / 16 / 127) /* half of a register's step of a transfer curve */

static double reads_of_a_probe(void) {
  const char *text = getenv("PL_STATS_SAMPLES");
  return text ? atof(text) : 1 << 18;
}

/* ---- The truth ---- */

/* Value of a parameter in a description, in the units of fit.h; NAN if the fit is free there. Effects that are off
 * have their neutral value. *resolution: of the registers that emulate it. */
static double truth_of(const pl_physics *p, const char *name, int index, double *resolution) {
  *resolution = 0;
#define IS(text) (!strcmp(name, text))
#define IF(effect, value) (p->effects & (effect) ? (value) : 0)
  if (IS("adc_offset_code2")) return p->adc_offset_code2;
  if (IS("crosstalk_field")) return pl_crosstalk_field(p);
  if (IS("crosstalk_db")) return p->crosstalk_db;
  if (IS("coupler_imbalance")) {
    *resolution = ldexp(0.5, -15);
    return IF(PL_EFFECT_DISPERSION, pl_coupler_imbalance(pl_grid_um(index, p->wavelengths, p->wavelength_spacing_nm)));
  }
  if (IS("wavelength_spacing_nm")) return p->wavelength_spacing_nm;
  if (IS("encoding_noise_rms_a")) return IF(PL_EFFECT_ENC_A, p->encoding_noise_rms_a);
  if (IS("encoding_noise_rms_b")) return IF(PL_EFFECT_ENC_B, p->encoding_noise_rms_b);
  if (IS("output_noise_rms")) return IF(PL_EFFECT_OUTPUT, p->output_noise_rms);
  if (IS("phase_noise_rms_deg")) return IF(PL_EFFECT_PHASE, p->phase_noise_rms_deg);
  if (IS("product_gain")) return exp(-pow(IF(PL_EFFECT_PHASE, p->phase_noise_rms_deg) * M_PI / 180, 2) / 2);
  const double c = pl_photons_per_code2(p);
  if (IS("thermal_noise_rms_code2")) return IF(PL_EFFECT_THERMAL, p->thermal_noise_rms_photons / c);
  if (IS("thermal_noise_rms_photons")) /* without shot noise the fit chooses the unit */
    return p->effects & (PL_EFFECT_SHOT | PL_EFFECT_PHOTONS) ? p->thermal_noise_rms_photons : NAN;
  if (IS("photons_full_scale")) return p->photons_full_scale;
  if (IS("photons_per_mac")) return c * 127 * 127; /* at full drive */
  if (IS("systematic_error_rms")) return IF(PL_EFFECT_SYSTEMATIC, p->systematic_error_rms);
  if (IS("extinction_a")) return IF(PL_EFFECT_TRANSFER_A, pl_transfer(p, 0, 0));
  if (IS("extinction_b")) return IF(PL_EFFECT_TRANSFER_B, pl_transfer(p, 1, 0));
  if (IS("transfer_a") || IS("transfer_b")) {
    const int operand = name[9] == 'b';
    *resolution = CODE;
    if (!(p->effects & (operand ? PL_EFFECT_TRANSFER_B : PL_EFFECT_TRANSFER_A))) return index / 127.0;
    return pl_transfer(p, operand, index / 127.0);
  }
  if (IS("channel_gains")) {
    double gain[PL_GAINS_MAX];
    const int count = pl_channel_gains(p, gain);
    *resolution = ldexp(0.5, -15);
    return gain[index % count];
  }
  if (IS("detector_noise_rms_amplitude")) return IF(PL_EFFECT_THERMAL, 1 / p->amplitude_snr);
  if (IS("amplitude_snr")) return p->amplitude_snr;
  if (IS("mean_light_code2")) return NAN;
  /* What is left belongs to light at the length of the probe, not to the description. */
  ck_assert_msg(IS("shot_noise_at_full_light_rms_code2"), "%s: the test knows no truth of it", name);
  return NAN;
}

/* ---- One device ---- */

static pl_fit *fit_of(const pl_image *image, double reads) {
  pl_device *dev;
  pl_error err;
  pl_fit *fit;
  pl_prober p;
  ck_assert_msg(!pl_open("model:?threads=2", &dev, &err), "%s", err.text);
  ck_assert_msg(!pl_configure(dev, image, &err), "%s", err.text);
  pl_prober_init(&p, dev, pl_sheet_of(image), (int64_t)reads, SEED);
  ck_assert_msg(!pl_fit_device(&p, &fit, &err), "%s", err.text);
  pl_close(dev);
  return fit;
}

/* Prints every parameter whose interval misses the truth; returns how many. */
static int count_misses(const pl_fit *fit, const pl_physics *truth, const char *what) {
  int misses = 0;
  for (int i = 0; i < fit->count; i++) {
    const pl_fit_parameter *p = &fit->list[i];
    double resolution, value = truth_of(truth, p->name, p->index, &resolution);
    if (isnan(value) || p->state == PL_FIT_CONVENTION) continue;
    if (value >= p->low - resolution && value <= p->high + resolution) continue;
    printf("%s: %s[%d] is %.8g, fitted %.8g (%.8g to %.8g)\n", what, p->name, p->index, value, p->value, p->low,
           p->high);
    misses++;
  }
  return misses;
}

/* The effects that were found are those that are there, but for what is listed as unresolved, and for shot noise and
 * counted photons, which are two emulations of one thing. */
static void compare_effects(const pl_fit *fit, const pl_physics *truth, const char *what) {
  const uint32_t light = PL_EFFECT_SHOT | PL_EFFECT_PHOTONS;
  const uint32_t found = fit->effects & ~light, there = truth->effects & ~light;
  ck_assert_msg(!(found & ~there), "%s: found effects 0x%x that are off", what, found & ~there);
  ck_assert_int_eq((fit->effects & light) != 0, (truth->effects & light) != 0);
  for (int i = 0; i < fit->count; i++)
    if (fit->list[i].state == PL_FIT_UNRESOLVED) return;
  ck_assert_msg(found == there, "%s: missed the effects 0x%x", what, there & ~found);
}

/* Names of the shipped descriptions, "lightening.cfg". */
static int list_descriptions(char names[DESCRIPTIONS_MAX][64]) {
  DIR *folder = opendir(FOLDER);
  ck_assert_msg(folder != NULL, "run this from the project's root: there is no %s", FOLDER);
  int count = 0;
  for (struct dirent *e; (e = readdir(folder));) {
    const size_t length = strlen(e->d_name);
    if (length < 5 || length > 63 || strcmp(e->d_name + length - 4, ".cfg")) continue;
    ck_assert_int_lt(count, DESCRIPTIONS_MAX);
    strcpy(names[count++], e->d_name);
  }
  closedir(folder);
  return count;
}

static void read_physics(const char *name, pl_physics *physics, pl_image *image) {
  char path[128];
  pl_error err;
  snprintf(path, sizeof path, FOLDER "%s", name);
  ck_assert_msg(!pl_physics_read(path, physics, image, &err), "%s", err.text);
}

/* ---- The loop ---- */

static void close_loop(const char *name) {
  pl_physics truth, again;
  pl_image image;
  pl_error err;
  read_physics(name, &truth, &image);
  pl_fit *fit = fit_of(&image, reads_of_a_probe());
  ck_assert_int_eq(count_misses(fit, &truth, name), 0);
  compare_effects(fit, &truth, name);
  for (int i = 0; i < fit->checks; i++)
    ck_assert_msg(fabs(pl_fit_deviation(&fit->check[i])) < 5, "%s: %s of random codes is %.1f errors from the fit",
                  name, fit->check[i].name, pl_fit_deviation(&fit->check[i]));

  /* The description that is written says the same. */
  char path[] = "/tmp/photolane-loop-XXXXXX.cfg";
  const int file = mkstemps(path, 4);
  ck_assert_int_ge(file, 0);
  ck_assert_msg(!pl_fit_write(fit, path, &err), "%s", err.text);
  ck_assert_msg(!pl_physics_read(path, &again, &image, &err), "%s", err.text);
  ck_assert_uint_eq(again.effects, fit->effects);
  ck_assert_int_eq(again.kind, truth.kind);
  ck_assert_int_eq(again.channels, truth.channels);
  ck_assert_int_eq(count_misses(fit, &again, "as written"), 0);
  printf("%-26s %10.3g reads, %3d parameters, effects 0x%05x of 0x%05x\n", name, (double)fit->reads, fit->count,
         fit->effects, truth.effects);
  remove(path);
  pl_fit_free(fit);
}

START_TEST(every_shipped_description) {
  char names[DESCRIPTIONS_MAX][64];
  const int count = list_descriptions(names);
  ck_assert_int_ge(count, 6);
  for (int i = 0; i < count; i++) close_loop(names[i]);
}
END_TEST

/* ---- Devices that are not what is described ---- */

/* Fits the device `image` and demands that exactly the parameter `name` of the description `truth` is missed. */
static void expect_miss(const pl_physics *device, const pl_physics *truth, const char *name) {
  pl_image image;
  pl_error err;
  ck_assert_msg(!pl_physics_derive(device, &image, &err), "%s", err.text);
  pl_fit *fit = fit_of(&image, device->kind == PL_KIND_RNS ? RNS_READS : LOUD_READS);
  const pl_fit_parameter *p = pl_fit_find(fit, name, -1);
  double unused, value = truth_of(truth, name, -1, &unused), changed = truth_of(device, name, -1, &unused);
  ck_assert_ptr_nonnull(p);
  ck_assert_msg(value < p->low || value > p->high, "%s is %g, changed to %g, fitted %g to %g: not told apart", name,
                value, changed, p->low, p->high);
  ck_assert_msg(changed >= p->low && changed <= p->high, "%s is %g, fitted %g to %g", name, changed, p->low, p->high);
  pl_fit_free(fit);
}

#define MORE 1.05 /* of a variance */

START_TEST(five_per_cent_more_coherent) {
  pl_physics truth, device;
  pl_image image;
  read_physics("lightening.cfg", &truth, &image);
  device = truth, device.encoding_noise_rms_a *= sqrt(MORE), expect_miss(&device, &truth, "encoding_noise_rms_a");
  device = truth, device.encoding_noise_rms_b *= sqrt(MORE), expect_miss(&device, &truth, "encoding_noise_rms_b");
  device = truth, device.output_noise_rms *= sqrt(MORE), expect_miss(&device, &truth, "output_noise_rms");
  device = truth, device.thermal_noise_rms_photons *= sqrt(MORE);
  expect_miss(&device, &truth, "thermal_noise_rms_photons");
  device = truth, device.photons_full_scale /= MORE, expect_miss(&device, &truth, "photons_full_scale");
}
END_TEST

START_TEST(five_per_cent_more_intensity) {
  pl_physics truth, device;
  pl_image image;
  read_physics("optical-transformers.cfg", &truth, &image);
  device = truth, device.photons_per_mac /= MORE, expect_miss(&device, &truth, "photons_per_mac");
  device = truth, device.systematic_error_rms *= sqrt(MORE), expect_miss(&device, &truth, "systematic_error_rms");
}
END_TEST

/* A noisier core than `mirage`, whose sums are hardly ever wrong. */
START_TEST(five_per_cent_more_rns) {
  pl_physics truth, device;
  pl_image image;
  read_physics("mirage.cfg", &truth, &image);
  truth.amplitude_snr = 33;
  device = truth, device.amplitude_snr /= sqrt(MORE), expect_miss(&device, &truth, "amplitude_snr");
}
END_TEST

/* Cores with what no shipped one has: crosstalk, offset, few bits; floors, curves and gains; both noises of residues.
 * */
START_TEST(other_cores) {
  pl_physics truth;
  pl_image image;
  pl_error err;
  read_physics("lightening.cfg", &truth, &image);
  truth.effects |= PL_EFFECT_CROSSTALK;
  truth.channels = 40, truth.wavelengths = 8, truth.wavelength_spacing_nm = 1.2, truth.adc_offset_code2 = 5000;
  truth.dac_bits_a = 6, truth.dac_bits_b = 4, truth.adc_bits = 6, truth.phase_noise_rms_deg = 5;
  ck_assert(!pl_physics_derive(&truth, &image, &err));
  pl_fit *fit = fit_of(&image, reads_of_a_probe());
  ck_assert_int_eq(count_misses(fit, &truth, "coherent, few bits"), 0);
  ck_assert_int_eq(fit->effects & PL_EFFECT_CROSSTALK, PL_EFFECT_CROSSTALK);
  pl_fit_free(fit);

  read_physics("optical-transformers.cfg", &truth, &image);
  truth.effects |= PL_EFFECT_TRANSFER_A | PL_EFFECT_GAIN | PL_EFFECT_THERMAL;
  truth.channels = 64, truth.photons_per_mac = 40, truth.thermal_noise_rms_photons = 30, truth.adc_offset_code2 = -300;
  truth.transfer_a = (pl_curve){5, {0.02, 0.1, 0.3, 0.7, 1.0}}, truth.channel_gain_rms = -1;
  truth.channel_gains = (pl_curve){4, {1.0, 0.95, 1.05, 1.1}};
  ck_assert_msg(!pl_physics_derive(&truth, &image, &err), "%s", err.text);
  fit = fit_of(&image, reads_of_a_probe());
  ck_assert_int_eq(count_misses(fit, &truth, "intensity with curves"), 0);
  compare_effects(fit, &truth, "intensity with curves");
  pl_fit_free(fit);

  read_physics("mirage.cfg", &truth, &image);
  truth.effects |= PL_EFFECT_REDUNDANCY | PL_EFFECT_PHASE;
  truth.effects &= ~(uint32_t)PL_EFFECT_THERMAL;
  truth.phase_noise_rms_deg = 2;
  ck_assert(!pl_physics_derive(&truth, &image, &err));
  fit = fit_of(&image, reads_of_a_probe());
  ck_assert_int_eq(count_misses(fit, &truth, "rns with phase noise"), 0);
  ck_assert_int_eq(fit->effects & (PL_EFFECT_PHASE | PL_EFFECT_THERMAL), PL_EFFECT_PHASE);
  pl_fit_free(fit);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("calibrate");
  TCase *tests = tcase_create("calibrate");
  printf("seed %d, %.0f reads a probe\n", SEED, reads_of_a_probe());
  fflush(stdout);
  tcase_set_timeout(tests, 600);
  tcase_add_test(tests, every_shipped_description);
  tcase_add_test(tests, five_per_cent_more_coherent);
  tcase_add_test(tests, five_per_cent_more_intensity);
  tcase_add_test(tests, five_per_cent_more_rns);
  tcase_add_test(tests, other_cores);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
