/* test_sweep_spec.c: the files of sweeps: points and their order, registers, samples, hash; every error is one sentence
 * with file, line and field. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/sweep.h"

static char folder[64], file[128], model[128], text[128];

static void put(const char *path, const char *what) {
  FILE *out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fputs(what, out);
  fclose(out);
}

static void make_folder(void) {
  strcpy(folder, "/tmp/photolane-sweep-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/my.sweep", folder);
  snprintf(model, sizeof model, "%s/m.gguf", folder);
  snprintf(text, sizeof text, "%s/t.txt", folder);
  put(model, "not looked into before it runs");
  put(text, "a text");
}

static void remove_folder(void) {
  unlink(file), unlink(model), unlink(text);
  rmdir(folder);
}

#define HEAD "model = \"m.gguf\"; text = \"t.txt\"; tokens = 64; context = 32;\n"

static pl_sweep *load(const char *what) {
  pl_sweep *s;
  pl_error err;
  put(file, what);
  ck_assert_msg(!pl_sweep_load(file, &s, &err), "%s: %s", what, err.text);
  return s;
}

static pl_sweep_point at(const pl_sweep *s, int i) {
  pl_sweep_point p;
  pl_error err;
  ck_assert_msg(!pl_sweep_at(s, i, &p, &err), "%s", err.text);
  return p;
}

START_TEST(grid_and_list) {
  pl_sweep *s = load(HEAD "points = (\n"
                          "{ name = \"g\"; core = \"converters\"; dac_bits = [4, 6]; adc_bits = [5, 6, 8]; seeds = [3, 9]; },\n"
                          "{ mode = \"list\"; core = \"lightening\"; range = [\"mse\", \"max\", \"99.5\"]; "
                          "phase_noise_rms_deg = (0, 1, 2.5); reg = { adc_bits = 7; dispersion-3 = [1, 2, -3]; }; });");
  ck_assert_int_eq(s->count, 15);
  for (int i = 0; i < 12; i++) { /* the last axis is the fastest */
    const pl_sweep_point p = at(s, i);
    ck_assert_uint_eq(p.image.reg[PL_REG_SEED], i % 2 ? 9 : 3);
    ck_assert_uint_eq(p.image.reg[PL_REG_ADC_BITS], ((uint32_t[]){5, 6, 8})[i / 2 % 3]);
    ck_assert_uint_eq(p.image.reg[PL_REG_DAC_BITS_A], i < 6 ? 4 : 6);
    ck_assert_uint_eq(p.image.reg[PL_REG_DAC_BITS_B], i < 6 ? 4 : 6);
    ck_assert_str_eq(p.block->name, "g");
  }
  static const pl_range_rule rules[] = {PL_RANGE_MSE, PL_RANGE_MAX, PL_RANGE_PERCENTILE};
  pl_core lightening;
  ck_assert(!pl_core_load("lightening", &lightening, NULL));
  for (int i = 0; i < 3; i++) {
    const pl_sweep_point p = at(s, 12 + i);
    ck_assert_str_eq(p.block->name, "2");
    ck_assert_int_eq(p.choice.rule, rules[i]);
    ck_assert_uint_eq(p.image.reg[PL_REG_ADC_BITS], 7);
    ck_assert_int_eq((int32_t)p.image.reg[PL_REG_DISPERSION + 3], ((int[]){1, 2, -3})[i]);
    ck_assert_uint_eq(p.image.reg[PL_REG_DISPERSION], lightening.image.reg[PL_REG_DISPERSION]);
    ck_assert_int_eq(p.image.reg[PL_REG_PHASE_LOSS] == lightening.image.reg[PL_REG_PHASE_LOSS], i == 1);
  }
  ck_assert_double_eq(at(s, 14).choice.percentile, 99.5);
  pl_sweep_point p;
  ck_assert_int_eq(pl_sweep_at(s, 15, &p, NULL), PL_E_INPUT);
  ck_assert_int_eq(pl_sweep_at(s, -1, &p, NULL), PL_E_INPUT);
  pl_sweep_free(s);
}
END_TEST

/* One of each `every` points, and not always the same value of the last axis. */
START_TEST(sample) {
  pl_sweep *s = load(HEAD "check = { device = \"rtl:1x2x8\"; every = 4; tokens = 2; };\n"
                          "points = ({ core = \"ideal8\"; dac_bits = [3,4,5,6,7,8]; adc_bits = [4,5,6,8]; seeds = [1,2]; });");
  int places[4] = {0};
  ck_assert_int_eq(s->count, 48);
  for (int i = 0; i < s->count; i += 4) {
    int checked = 0;
    for (int j = 0; j < 4; j++)
      if (at(s, i + j).is_checked) checked++, places[j]++;
    ck_assert_int_eq(checked, 1);
  }
  for (int j = 0; j < 4; j++) ck_assert_int_lt(places[j], 9);
  pl_sweep_free(s);
}
END_TEST

START_TEST(hash) {
  const char *const points = "points = ({ core = \"ideal8\"; adc_bits = [4, 6]; });";
  char what[400], first[17], before[17] = "";
  snprintf(what, sizeof what, HEAD "%s", points);
  pl_sweep *s = load(what);
  strcpy(first, s->hash);
  pl_sweep_free(s);
  snprintf(what, sizeof what, "# the same\n\n" HEAD "%s", points);
  s = load(what);
  ck_assert_str_eq(s->hash, first);
  pl_sweep_free(s);
  static const char *const others[] = {
      HEAD "points = ({ core = \"ideal8\"; adc_bits = [4, 7]; });",
      HEAD "points = ({ core = \"ideal8\"; adc_bits = [6, 4]; });",
      HEAD "points = ({ core = \"converters\"; adc_bits = [4, 6]; });",
      HEAD "optical = \"q\"; points = ({ core = \"ideal8\"; adc_bits = [4, 6]; });",
      HEAD "points = ({ core = \"ideal8\"; adc_bits = [4, 6]; range = \"max\"; });",
      HEAD "points = ({ core = \"ideal8\"; adc_bits = [4, 6]; channels = 72; });",
      HEAD "points = ({ core = \"ideal8\"; adc_bits = [4, 6]; channels = 72; energy = \"lt-base\"; });",
      "model = \"m.gguf\"; text = \"t.txt\"; tokens = 65; context = 32; points = ({ core = \"ideal8\"; adc_bits = [4, 6]; });",
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    s = load(others[i]);
    ck_assert_str_ne(s->hash, first);
    ck_assert_str_ne(s->hash, before);
    strcpy(before, s->hash);
    pl_sweep_free(s);
  }
  for (int i = 0; i < 2; i++) { /* the bytes of model and text count */
    put(i ? model : text, "another");
    s = load(what);
    ck_assert_str_ne(s->hash, first);
    strcpy(first, s->hash);
    pl_sweep_free(s);
  }
}
END_TEST

START_TEST(errors) {
  static const struct {
    const char *what, *want;
  } cases[] = {
      {"", ":1: field model is missing"},
      {"model = 3;", ":1: model must be text in quotes"},
      {"model = \"m.gguf\";\ntext = \"t.txt\"; tokens = 2;", ":2: tokens is 2 but must be 4"},
      {"model = \"m.gguf\";\ntext = \"t.txt\"; tokens = 2.5;", ":2: tokens must be a whole number"},
      {"colour = 3;", ":1: unknown field 'colour'"},
      {"model = = 3;", ":1: syntax error"},
      {HEAD, ":1: field points is missing"},
      {HEAD "points = 3;", ":2: points must be a list"},
      {HEAD "points = ();", ":2: points must be a list"},
      {HEAD "points = (3);", ":2: points must be a list of groups"},
      {HEAD "points = (\n{ adc_bits = 4; });", ":3: field core is missing"},
      {HEAD "points = ({\ncore = \"nobody\"; });", ":3: core: there is no core 'nobody'"},
      {HEAD "points = ({\ncore = [];});", ":3: core must have 1 to"},
      {HEAD "points = ({\ncore = 8;});", ":3: core must be text"},
      {HEAD "points = ({ core = \"ideal8\";\nadc_bits = [4, 17]; });", ":3: adc_bits is 17 but must be 2 to 16"},
      {HEAD "points = ({ core = \"ideal8\";\nadc_bits = 4.5; });", ":3: adc_bits is 4.5 but must be a whole number"},
      {HEAD "points = ({ core = \"ideal8\";\nadc_bits = \"4\"; });", ":3: adc_bits must be a number"},
      {HEAD "points = ({ core = \"ideal8\";\ndac_bit = 4; });", ":3: a core of kind coherent has no field 'dac_bit' that a "
                                                                "sweep can vary; did you mean dac_bits_a?"},
      {HEAD "points = ({ core = \"ideal8\";\nphotons_full_scale = 100.0; });", ":3: photons_full_scale changes nothing"},
      {HEAD "points = ({ core = \"ideal8\";\nmoduli_k = 5; });", ":3: a core of kind coherent has no field 'moduli_k'"},
      {HEAD "points = ({ core = \"ideal8\";\nrange = \"least\"; });", ":3: range is 'least' but must be"},
      {HEAD "points = ({ core = \"ideal8\";\nrange = \"101\"; });", ":3: range is '101' but must be"},
      {HEAD "points = ({ core = \"ideal8\";\nseeds = -1; });", ":3: seeds is -1 but must be 0"},
      {HEAD "points = ({ core = \"ideal8\";\nmode = \"net\"; });", ":3: mode is 'net' but must be"},
      {HEAD "points = ({ core = \"ideal8\"; mode = \"list\"; dac_bits = [4, 6];\nadc_bits = [4, 6, 8]; });",
       ":3: adc_bits has 3 values but the settings before it have 2"},
      {HEAD "points = ({ core = \"ideal8\";\nreg = 3; });", ":3: reg must be a group"},
      {HEAD "points = ({ core = \"ideal8\"; reg = {\ncolour = 3; }; });", ":3: there is no register 'colour'"},
      {HEAD "points = ({ core = \"ideal8\"; reg = {\nadc_bits = [4, 99]; }; });", ":3: register adc_bits is 99"},
      {HEAD "points = ({ core = \"ideal8\"; reg = {\ndispersion-99 = 1; }; });", ":3: there is no register 'dispersion[99]'"},
      {HEAD "points = ({ core = \"lightening\";\nenergy = \"lt-bas\"; });", ":3: energy: there is no "},
      {HEAD "points = ({ core = [\"lightening\", \"mirage\"];\nenergy = \"lt-base\"; });",
       ":3: energy: the core mirage is of kind rns, which lt-base (crossbar) is no model of"},
      {HEAD "points = ({ core = \"lightening\"; channels = [72, 64];\nenergy = \"lt-base\"; });",
       ":3: energy: the core lightening sums 64 channels a read, which is no multiple of 12 wavelengths on 2 cores"},
      {HEAD "points = ({ core = \"lightening\";\nenergy = 3; });", ":3: energy must be text"},
      {HEAD "optical = \"q,z\"; points = ({ core = \"ideal8\"; });", ":2: optical: "},
      {HEAD "check = { every = 3; };", ":2: field device is missing in check"},
      {HEAD "check = { device = \"rtl:1x2x8\"; often = 3; };", ":2: check has no field 'often'"},
      {"model = \"m.gguf\"; text = \"t.txt\";\ntokens = 16; context = 32; points = ({ core = \"ideal8\"; });",
       ":2: tokens is 16, which does not fill one window of context 32"},
      {"model = \"m.gguf\";\ntext = \"none.txt\"; tokens = 64; context = 32; points = ({ core = \"ideal8\"; });",
       ":2: text: cannot read"},
      {"model = \"none.gguf\"; text = \"t.txt\"; tokens = 64; context = 32; points = ({ core = \"ideal8\"; });",
       ":1: model: cannot read"},
      {HEAD "points = ({ core = \"ideal8\"; seeds = 1;\nseeds = 2; });", ":3: duplicate setting name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_sweep *s;
    pl_error err;
    put(file, cases[i].what);
    ck_assert_msg(pl_sweep_load(file, &s, &err) == PL_E_INPUT, "accepted: %s", cases[i].what);
    ck_assert_ptr_null(s);
    ck_assert_msg(!strncmp(err.text, file, strlen(file)) && !strncmp(err.text + strlen(file), cases[i].want, 3),
                  "%s: %s", cases[i].what, err.text);
    ck_assert_msg(strstr(err.text, cases[i].want), "%s: %s", cases[i].what, err.text);
    ck_assert_ptr_null(strchr(err.text, '\n'));
  }
}
END_TEST

START_TEST(too_many) {
  char *what = malloc(1 << 17);
  strcpy(what, HEAD "points = ({ core = \"ideal8\"; seeds = [0");
  for (int i = 1; i < 4000; i++) sprintf(what + strlen(what), ",%d", i);
  strcat(what, "]; adc_bits = [2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]; dac_bits = [7,8]; });");
  pl_sweep *s;
  pl_error err;
  put(file, what);
  ck_assert_int_eq(pl_sweep_load(file, &s, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "more than 100000 points"), "%s", err.text);
  free(what);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sweep_spec");
  TCase *tc = tcase_create("all");
  tcase_add_checked_fixture(tc, make_folder, remove_folder);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, grid_and_list);
  tcase_add_test(tc, sample);
  tcase_add_test(tc, hash);
  tcase_add_test(tc, errors);
  tcase_add_test(tc, too_many);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
