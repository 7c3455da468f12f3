/* test_physics_fields.c: every field of every kind of core description: its limits, its type, who needs it, what it
 * becomes in pl_physics. The table below says it a second time, on purpose. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "physics/fields.h"

static char file[64];

static void make_file(void) {
  strcpy(file, "/tmp/photolane-fields-XXXXXX");
  const int fd = mkstemp(file);
  ck_assert_int_ge(fd, 0);
  close(fd);
}
static void remove_file(void) { unlink(file); }

static pl_status load(const char *text, pl_physics *p, pl_error *err) {
  pl_image image;
  FILE *out = fopen(file, "wb");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
  return pl_physics_read(file, p, &image, err);
}

enum { C = 1, I = 2, R = 4 };
static const char *const kinds[3] = {"coherent", "intensity", "rns"};

/* good: a value that is accepted; low, high: just outside, NULL: there is none; needed: the effect, NULL: none. */
static const struct {
  const char *name;
  unsigned kinds;
  const char *good, *low, *high, *needed;
} rows[] = {
    {"seed", C | I | R, "5", "-1", "4294967296L", NULL},
    {"adc_bits", C | I | R, "12", "1", "17", "adc"},
    {"dac_bits_a", C | I, "5", "1", "9", "dac_a"},
    {"dac_bits_b", C | I, "5", "1", "9", "dac_b"},
    {"thermal_noise_rms_photons", C | I, "3.5", "-0.1", "2e15", "thermal"},
    {"adc_full_scale_code2", C | I, "1e5", "0.9", "1.1e9", NULL},
    {"adc_offset_code2", C | I, "-3.0", "-6e8", "6e8", NULL},
    {"wavelengths", C, "7", "0", "33", "dispersion"},
    {"wavelengths", C, "7", "0", "33", "crosstalk"},
    {"wavelength_spacing_nm", C, "0.8", "0.0005", "21.0", "dispersion"},
    {"encoding_noise_rms_a", C, "0.01", "-0.01", "0.25", "enc_a"},
    {"encoding_noise_rms_b", C, "0.01", "-0.01", "0.25", "enc_b"},
    {"phase_noise_rms_deg", C, "2.5", "-1.0", "20.1", "phase"},
    {"output_noise_rms", C, "0.02", "-0.1", "1.0", "output"},
    {"photons_full_scale", C, "1e5", "0.9", "2e15", "shot"},
    {"photons_full_scale", C, "1e5", "0.9", "2e15", "thermal"},
    {"crosstalk_db", C, "-25.0", "-121.0", "-6.0", "crosstalk"},
    {"photons_per_mac", I, "3.0", "1e-5", "2e15", "shot"},
    {"photons_per_mac", I, "3.0", "1e-5", "2e15", "thermal"},
    {"photons_per_mac", I, "3.0", "1e-5", "2e15", "photons"},
    {"mean_input", I, "0.2", "1e-5", "1.1", NULL},
    {"extinction_a", I, "0.02", "-0.1", "1.0", "transfer_a"},
    {"extinction_b", I, "0.02", "-0.1", "1.0", "transfer_b"},
    {"channel_gain_rms", I, "0.02", "-0.1", "0.2", "gain"},
    {"channel_gain_seed", I, "7", "-1", "4294967296L", NULL},
    {"systematic_error_rms", I, "0.02", "-0.1", "2.0", "systematic"},
    {"mean_light_code2", I, "1e5", "-1.0", "5e9", "systematic"},
    {"moduli_k", R, "6", "3", "9", "residues"},
    {"redundant_moduli", R, "1", "-1", "3", "redundancy"},
    {"mantissa_bits", R, "4", "0", "9", "bfp"},
    {"amplitude_snr", R, "40.0", "4.0", "2e9", "thermal"},
    {"phase_noise_rms_deg", R, "22.0", "-1.0", "22.6", "phase"},
    {"shifter_error_rms_turns", R, "0.01", "-0.1", "0.07", "phase"},
    {"ring_error_rms_turns", R, "0.001", "-0.1", "0.07", "phase"},
    {"adc_full_scale_amplitude", R, "1.5", "0.4", "9.0", NULL},
    {"range_limit_code2", R, "3600.0", "0.5", "2e8", NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void expect_error(const char *text, const char *says, const char *more) {
  pl_physics p;
  pl_error err = {0};
  ck_assert_msg(load(text, &p, &err) == PL_E_INPUT, "accepted:\n%s", text);
  ck_assert_msg(strstr(err.text, says) && strstr(err.text, more), "%s\n%s\nwanted: %s ... %s", text, err.text, says,
                more);
}

/* Off and out of place, too small, too large, of another type, in a core of another kind: refused. Good: stored. */
START_TEST(limits_and_types) {
  for (int i = 0; i < ROWS; i++)
    for (int kind = 0; kind < 3; kind++) {
      char head[128], text[256], belongs[64];
      snprintf(head, sizeof head, "kind = \"%s\";\neffects = [];\nchannels = 4;\n%s = ", kinds[kind], rows[i].name);
      if (!(rows[i].kinds >> kind & 1)) {
        if (pl_field_find(kind, rows[i].name)) continue; /* another row */
        snprintf(text, sizeof text, "%s%s;\n", head, rows[i].good);
        snprintf(belongs, sizeof belongs, "has no field %s", rows[i].name);
        expect_error(text, ":4: ", belongs);
        continue;
      }
      pl_physics p;
      pl_error err = {0};
      snprintf(text, sizeof text, "%s%s;\n", head, rows[i].good);
      ck_assert_msg(!load(text, &p, &err), "%s", err.text);
      const pl_field *f = pl_field_find(kind, rows[i].name);
      const void *at = (const char *)&p + f->offset;
      double stored = 0;
      if (f->type == PL_REAL) stored = *(const double *)at;
      if (f->type == PL_WHOLE_INT) stored = *(const int *)at;
      if (f->type == PL_WHOLE_U32) stored = *(const uint32_t *)at;
      ck_assert_double_eq(stored, strtod(rows[i].good, NULL));
      snprintf(text, sizeof text, "%s%s;\n", head, rows[i].low);
      expect_error(text, ":4: ", "but must be");
      snprintf(text, sizeof text, "%s%s;\n", head, rows[i].high);
      expect_error(text, ":4: ", rows[i].name);
      snprintf(text, sizeof text, "%s\"1\";\n", head);
      expect_error(text, ":4: ", f->type == PL_REAL ? "must be a number" : "must be a whole number");
    }
}
END_TEST

START_TEST(what_effects_need) {
  for (int i = 0; i < ROWS; i++) {
    if (!rows[i].needed) continue;
    for (int kind = 0; kind < 3; kind++) {
      if (!(rows[i].kinds >> kind & 1)) continue;
      char text[1024], effect[64];
      int length = snprintf(text, sizeof text, "kind = \"%s\";\neffects = [\"%s\"];\nchannels = 4;\n", kinds[kind],
                            rows[i].needed);
      const pl_field *f = pl_field_find(kind, rows[i].name);
      const char *last = "";
      for (int j = 0; j < ROWS; j++) { /* all that the effect needs but this, or another of its group */
        const pl_field *g = pl_field_find(kind, rows[j].name);
        if (!(rows[j].kinds >> kind & 1) || g == f || (f->group && g->group == f->group)) continue;
        if (!strcmp(rows[j].name, last)) continue; /* the same field for another effect */
        last = rows[j].name;
        length += snprintf(text + length, sizeof text - (size_t)length, "%s = %s;\n", last, rows[j].good);
      }
      snprintf(effect, sizeof effect, "is missing, which the effect %s needs", rows[i].needed);
      expect_error(text, rows[i].name, effect);
      snprintf(text + length, sizeof text - (size_t)length, "%s = %s;\n", rows[i].name, rows[i].good);
      pl_physics p;
      pl_error err = {0};
      ck_assert_msg(!load(text, &p, &err), "%s: %s", rows[i].name, err.text);
    }
  }
}
END_TEST

/* Every field of the program stands in the table above, but for the lists and channels. */
START_TEST(the_table_is_complete) {
  int count;
  const pl_field *fields = pl_fields(&count);
  for (const pl_field *f = fields; f < fields + count; f++) {
    unsigned seen = f->type == PL_LIST || !strcmp(f->name, "channels") ? f->kinds : 0;
    for (int i = 0; i < ROWS; i++)
      if (!strcmp(rows[i].name, f->name)) seen |= rows[i].kinds;
    ck_assert_msg((seen & f->kinds) == f->kinds, "%s is not tested", f->name);
  }
}
END_TEST

#define HEAD "kind = \"intensity\";\neffects = [\"%s\"];\nchannels = 4;\n"

START_TEST(lists) {
  static const struct {
    const char *effect, *text, *says;
  } wrong[] = {
      {"transfer_a", "transfer_a = [0.5];\n", "transfer_a must be a list of 2 to 1024 numbers"},
      {"transfer_a", "transfer_a = 0.5;\n", "transfer_a must be a list of 2 to 1024 numbers"},
      {"transfer_b", "transfer_b = [0.5, 2.5];\n", "transfer_b[1] is 2.5 but must be 0 to 2"},
      {"transfer_b", "transfer_b = (0.5, \"1\");\n", "transfer_b[1] must be a number"},
      {"transfer_a", "\n", "field extinction_a or transfer_a is missing, which the effect transfer_a needs"},
      {"gain", "channel_gains = [];\n", "channel_gains must be a list of 1 to 32 numbers"},
      {"gain", "channel_gains = [1.0, 0.4];\n", "channel_gains[1] is 0.4 but must be 0.5 to 1.5"},
      {"gain", "\n", "field channel_gains or channel_gain_rms is missing, which the effect gain needs"},
      {"gain", "channel_gains = [1.0];\nchannel_gain_rms = 0.1;\n", ":5: channel_gain_rms and channel_gains exclude"},
  };
  char text[8192];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    snprintf(text, sizeof text, HEAD "%s", wrong[i].effect, wrong[i].text);
    expect_error(text, wrong[i].says, file);
  }
  int length = snprintf(text, sizeof text, HEAD "channel_gains = [1", "gain");
  for (int i = 0; i < 32; i++) length += snprintf(text + length, sizeof text - (size_t)length, ", 1");
  snprintf(text + length, sizeof text - (size_t)length, "];\n");
  expect_error(text, ":4: ", "channel_gains must be a list of 1 to 32 numbers");
  pl_physics p;
  pl_error err = {0};
  snprintf(text, sizeof text, HEAD "transfer_b = (0, 0.25, 1);\n", "transfer_b");
  ck_assert_msg(!load(text, &p, &err), "%s", err.text);
  ck_assert_int_eq(p.transfer_b.count, 3);
  ck_assert_double_eq(p.transfer_b.value[1], 0.25);
}
END_TEST

START_TEST(equation_is_kept) {
  pl_physics p;
  pl_error err = {0};
  const char *head = "kind = \"coherent\";\neffects = [];\nchannels = 4;\n";
  char text[128];
  snprintf(text, sizeof text, "%sequation = \"paper\";\n", head);
  ck_assert_msg(!load(text, &p, &err), "%s", err.text);
  ck_assert_int_eq(p.equation, PL_COHERENT_PAPER);
  snprintf(text, sizeof text, "%sequation = \"code\";\n", head);
  ck_assert_msg(!load(text, &p, &err), "%s", err.text);
  ck_assert_int_eq(p.equation, PL_COHERENT_CODE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fields");
  TCase *tests = tcase_create("fields");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, make_file, remove_file);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, limits_and_types);
  tcase_add_test(tests, what_effects_need);
  tcase_add_test(tests, the_table_is_complete);
  tcase_add_test(tests, lists);
  tcase_add_test(tests, equation_is_kept);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
