/* test_physics_core.c: core descriptions: the shipped ones, and every kind of error: one sentence that names file,
 * line and field. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photolane/photolane.h"

static char folder[64], file[128];

static void make_folder(void) {
  strcpy(folder, "/tmp/photolane-core-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/mine.cfg", folder);
}

static void remove_folder(void) {
  unlink(file);
  rmdir(folder);
}

static pl_status load_bytes(const char *text, size_t size, pl_core *core, pl_error *err) {
  FILE *out = fopen(file, "wb");
  ck_assert_ptr_nonnull(out);
  ck_assert_uint_eq(fwrite(text, 1, size, out), size);
  fclose(out);
  return pl_core_load(file, core, err);
}

#define HEAD "kind = \"coherent\";\n"         /* line 1 */
#define OFF "effects = [];\nchannels = 64;\n" /* lines 2 and 3 */

START_TEST(shipped) {
  pl_core core;
  pl_error err = {0};
  ck_assert_msg(!pl_core_load("ideal", &core, &err), "%s", err.text);
  ck_assert_str_eq(core.name, "ideal");
  ck_assert_uint_eq(core.image.reg[PL_REG_EFFECTS], 0);

  ck_assert_msg(!pl_core_load("lightening", &core, &err), "%s", err.text);
  ck_assert_str_eq(core.name, "lightening");
  ck_assert_uint_eq(core.image.reg[PL_REG_EFFECTS], 1023);
  ck_assert_uint_eq(core.image.reg[PL_REG_CHANNELS], 72);
  ck_assert_uint_eq(core.image.reg[PL_REG_ENC_SIGMA_A], 3932);
  ck_assert_uint_eq(core.image.reg[PL_REG_PHASE_LOSS], 2555); /* 1 - exp(-s^2/2) = 1.523e-4 at 1 degree */
  ck_assert_int_eq((int32_t)core.image.reg[PL_REG_DISPERSION], -291);
  ck_assert_int_eq(pl_image_check(&core.image, &err), PL_OK);
  /* never clips: the default range holds 72 products of 127 x 127 */
  double full_scale = pl_range_step(&core.image, (pl_range){0}) * 128;
  ck_assert(full_scale >= 72 * 127 * 127 && full_scale < 72 * 127 * 127 * 1.0001);
}
END_TEST

/* Every shipped description loads, passes the check, has nothing to warn of, and is of its kind. */
START_TEST(shipped_kinds) {
  static const struct {
    const char *name;
    uint32_t kind, channels;
  } cores[] = {{"ideal", PL_KIND_COHERENT, 64},         {"ideal8", PL_KIND_COHERENT, 64},
               {"converters", PL_KIND_COHERENT, 72},
               {"lightening", PL_KIND_COHERENT, 72},    {"lightening-code", PL_KIND_COHERENT, 4092},
               {"optical-transformers", PL_KIND_INTENSITY, 768}, {"mirage", PL_KIND_RNS, 16}};
  for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
    pl_core core;
    pl_error err = {0};
    ck_assert_msg(!pl_core_load(cores[i].name, &core, &err), "%s", err.text);
    ck_assert_uint_eq(core.image.reg[PL_REG_KIND], cores[i].kind);
    ck_assert_uint_eq(core.image.reg[PL_REG_CHANNELS], cores[i].channels);
    ck_assert_msg(!pl_image_check(&core.image, &err), "%s", err.text);
    ck_assert_str_eq(core.warning, "");
  }
}
END_TEST

START_TEST(warnings) {
  pl_core core;
  const char *dim = "kind = \"intensity\";\neffects = [\"shot\"];\nchannels = 64;\nphotons_per_mac = 1.0;\n";
  ck_assert_int_eq(load_bytes(dim, strlen(dim), &core, NULL), PL_OK);
  ck_assert_ptr_nonnull(strstr(core.warning, "a typical read has 4 photons")); /* 64 / 16 */
  ck_assert_ptr_nonnull(strstr(core.warning, "(photons in place of shot counts them exactly)"));
  dim = "kind = \"intensity\";\neffects = [\"photons\"];\nchannels = 64;\nphotons_per_mac = 1.0;\n";
  ck_assert_int_eq(load_bytes(dim, strlen(dim), &core, NULL), PL_OK);
  ck_assert_str_eq(core.warning, "");
  dim = "kind = \"intensity\";\neffects = [\"photons\", \"shot\"];\nchannels = 64;\nphotons_per_mac = 1.0;\n";
  ck_assert_int_eq(load_bytes(dim, strlen(dim), &core, NULL), PL_OK);
  ck_assert_ptr_nonnull(strstr(core.warning, "counted twice"));
  dim = "kind = \"coherent\";\neffects = [\"shot\"];\nchannels = 64;\nphotons_full_scale = 100.0;\n";
  ck_assert_int_eq(load_bytes(dim, strlen(dim), &core, NULL), PL_OK);
  ck_assert_ptr_nonnull(strstr(core.warning, "a typical read has 400 photons"));
  ck_assert_ptr_null(strstr(core.warning, "in place of shot"));
  const char *wide = "kind = \"rns\";\neffects = [\"residues\", \"bfp\"];\nchannels = 73;\nmoduli_k = 5;\n"
                     "mantissa_bits = 4;\n";
  ck_assert_int_eq(load_bytes(wide, strlen(wide), &core, NULL), PL_OK);
  ck_assert_ptr_nonnull(strstr(core.warning, "can reach 16425 but these moduli hold 16367")); /* g <= 72 */
}
END_TEST

START_TEST(own_file) {
  pl_core core;
  pl_error err = {0};
  const char *text = HEAD "effects = (\"shot\", \"adc\");\nchannels = 8;\nadc_bits = 10;\nseed = 4294967295L;\n"
                          "photons_full_scale = 1000;\nname = \"my core\";\nadc_full_scale_code2 = 5e4;\n"
                          "adc_offset_code2 = -3;\n";
  ck_assert_msg(!load_bytes(text, strlen(text), &core, &err), "%s", err.text);
  ck_assert_str_eq(core.name, "my core");
  ck_assert_uint_eq(core.image.reg[PL_REG_EFFECTS], PL_EFFECT_SHOT | PL_EFFECT_ADC);
  ck_assert_uint_eq(core.image.reg[PL_REG_SEED], 4294967295u);
  ck_assert_uint_eq(core.image.reg[PL_REG_ADC_BITS], 10);
  ck_assert_int_eq((int32_t)core.image.reg[PL_REG_ADC_OFFSET], -12);
  ck_assert_double_eq_tol(pl_range_step(&core.image, (pl_range){0}) * 512 / 5e4, 1, 1e-4);

  text = HEAD OFF; /* the file's name is the default */
  ck_assert_msg(!load_bytes(text, strlen(text), &core, &err), "%s", err.text);
  ck_assert_str_eq(core.name, "mine");
}
END_TEST

static const struct {
  const char *text;
  int line; /* that the sentence must name */
  const char *says;
} wrong[] = {
    {HEAD "channels = 64;\n", 1, "field effects is missing"},
    {OFF, 1, "field kind is missing"},
    {HEAD "effects = [];\n", 2, "field channels is missing"},
    {HEAD "effects = [\"adc\"];\nchannels = 3;\n", 2, "field adc_bits is missing, which the effect adc needs"},
    {HEAD "\neffects = [\"shot\"];\nchannels = 3;\n", 3, "photons_full_scale is missing, which the effect shot needs"},
    {HEAD "effects = [\"thermal\"];\nchannels = 3;\nthermal_noise_rms_photons = 3.0;\n", 2,
     "photons_full_scale is missing"},
    {HEAD "effects = [\"adcc\"];\nchannels = 3;\n", 2,
     "effects names 'adcc', which a core of kind coherent does not have; there are dac_a, dac_b, enc_a"},
    {HEAD "effects = \"adc\";\nchannels = 3;\n", 2, "effects must be a list of names"},
    {HEAD "effects = [1, 2];\nchannels = 3;\n", 2, "effects must hold names in quotes"},
    {"kind = \"incoherent\";\n" OFF, 1, "kind is 'incoherent' but there are coherent, intensity and rns"},
    {"kind = 3;\n" OFF, 1, "kind must be text in quotes"},
    {HEAD OFF "name = \"\";\n", 4, "name must have 1 to 63 characters"},
    {HEAD OFF "phase_noise_rms_rad = 0.1;\n", 4,
     "unknown field 'phase_noise_rms_rad'; did you mean phase_noise_rms_deg?"},
    {HEAD OFF "wavelength_spacing_um = 0.1;\n", 4, "did you mean wavelength_spacing_nm?"},
    {HEAD OFF "frobnicate = 1;\n", 4, "unknown field 'frobnicate' (docs/cores.md"},
    {HEAD OFF "\n\nadc_bits = 17;\n", 6, "adc_bits is 17 but must be 2 to 16"},
    {HEAD OFF "adc_bits = 1;\n", 4, "adc_bits is 1 but must be 2 to 16"},
    {HEAD OFF "dac_bits_a = 9;\n", 4, "dac_bits_a is 9 but must be 2 to 8"},
    {HEAD OFF "dac_bits_b = 8.0;\n", 4, "dac_bits_b must be a whole number"},
    {HEAD OFF "wavelengths = 33;\n", 4, "wavelengths is 33 but must be 1 to 32"},
    {HEAD OFF "encoding_noise_rms_a = 0.25;\n", 4, "encoding_noise_rms_a is 0.25 but must be 0 to 0.2499"},
    {HEAD OFF "encoding_noise_rms_b = -0.1;\n", 4, "encoding_noise_rms_b is -0.1"},
    {HEAD OFF "output_noise_rms = \"0.1\";\n", 4, "output_noise_rms must be a number"},
    {HEAD OFF "output_noise_rms = [0.1];\n", 4, "output_noise_rms must be a number"},
    {HEAD OFF "phase_noise_rms_deg = 1e999;\n", 4, "phase_noise_rms_deg is inf but must be 0 to 20"},
    {HEAD OFF "seed = -1;\n", 4, "seed is -1 but must be 0 to 4294967295"},
    {HEAD OFF "seed = 4294967296L;\n", 4, "seed is 4294967296 but"},
    {HEAD "effects = [];\nchannels = 5000;\n", 3, "channels is 5000 but must be 1 to 4096"},
    {HEAD "effects = [\"thermal\"];\nchannels = 3;\nphotons_full_scale = 1.0;\nthermal_noise_rms_photons = 1e9;\n", 4,
     "more than registers hold"},
    {HEAD OFF "channels = 65;\n", 4, "duplicate"},
    {HEAD OFF "this is no libconfig\n", 4, "syntax error"},
    {HEAD OFF "seed = \n", 5, "syntax error"},
    {"kind = \"intensity\";\neffects = [\"enc_a\"];\nchannels = 3;\n", 2,
     "which a core of kind intensity does not have"},
    {"kind = \"rns\";\neffects = [\"shot\"];\nchannels = 3;\n", 2, "'shot', which a core of kind rns does not have"},
    {"kind = \"intensity\";\n" OFF "wavelengths = 3;\n", 4,
     "a core of kind intensity has no field wavelengths, which belongs to the kind coherent"},
    {HEAD OFF "photons_per_mac = 3.0;\n", 4, "has no field photons_per_mac, which belongs to the kind intensity"},
    {"kind = \"rns\";\n" OFF "equation = \"code\";\n", 4, "has no field equation, which belongs to the kind coherent"},
    {HEAD OFF "equation = \"poster\";\n", 4, "equation is 'poster' but must be \"paper\" or \"code\""},
    {HEAD OFF "equation = 1;\n", 4, "equation must be text in quotes"},
    {HEAD OFF "group : { channels = 3; };\n", 4, "unknown field 'group'"},
};

START_TEST(errors_name_file_line_and_field) {
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    pl_core core;
    pl_error err = {0};
    char place[160];
    snprintf(place, sizeof place, "%s:%d: ", file, wrong[i].line);
    ck_assert_msg(load_bytes(wrong[i].text, strlen(wrong[i].text), &core, &err) == PL_E_INPUT, "accepted:\n%s",
                  wrong[i].text);
    ck_assert_msg(!strncmp(err.text, place, strlen(place)) && strstr(err.text, wrong[i].says), "%s\nwanted: %s%s",
                  err.text, place, wrong[i].says);
  }
}
END_TEST

START_TEST(hostile_files) {
  pl_core core;
  pl_error err = {0};
  ck_assert_int_eq(pl_core_load("/nonexistent/x.cfg", &core, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/x.cfg: No such file"));
  ck_assert_int_eq(pl_core_load("/tmp/", &core, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_core_load(folder, &core, &err), PL_E_INPUT); /* a directory */
  ck_assert_ptr_nonnull(strstr(err.text, "Is a directory"));
  ck_assert_int_eq(pl_core_load("", &core, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_core_load(NULL, &core, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_core_load("nosuch", &core, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "there is no core 'nosuch'; there are"));
  ck_assert_ptr_nonnull(strstr(err.text, " lightening"));

  ck_assert_int_eq(load_bytes("a\0b", 3, &core, &err), PL_E_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "not a short text"));
  ck_assert_int_eq(load_bytes("", 0, &core, &err), PL_E_INPUT);
  ck_assert_int_eq(load_bytes("@include \"/tmp\"\n", 16, &core, &err), PL_E_INPUT); /* libconfig would exit */
  ck_assert_ptr_nonnull(strstr(err.text, "@include is not supported"));

  char *deep = malloc(100001);
  memset(deep, '(', 100000);
  memcpy(deep, "a = ", 4);
  deep[100000] = 0;
  ck_assert_int_eq(load_bytes(deep, 100000, &core, &err), PL_E_INPUT);
  char *big = calloc(1, 2 << 20);
  memset(big, '\n', 2 << 20);
  ck_assert_int_eq(load_bytes(big, 2 << 20, &core, &err), PL_E_INPUT);
  free(deep);
  free(big);

  /* Every prefix of a good file is either good or an error, and nothing worse. */
  const char *text = HEAD "effects = [\"shot\", \"adc\"];\nchannels = 8;\nadc_bits = 10;\nphotons_full_scale = 1e3;\n";
  int good = 0;
  for (size_t length = 0; length <= strlen(text); length++) good += load_bytes(text, length, &core, &err) == PL_OK;
  ck_assert_int_ge(good, 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("core");
  TCase *tests = tcase_create("core");
  tcase_set_timeout(tests, 30);
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, shipped);
  tcase_add_test(tests, shipped_kinds);
  tcase_add_test(tests, warnings);
  tcase_add_test(tests, own_file);
  tcase_add_test(tests, errors_name_file_line_and_field);
  tcase_add_test(tests, hostile_files);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
