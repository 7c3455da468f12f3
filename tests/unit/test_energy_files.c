/* test_energy_files.c: architecture, shape, system, grid and claim files: every kind of error is one sentence that
 * names file, line and field; bases; --set; the workloads that come out of shapes. */
#include <unistd.h>

#include "energy/claims.h"
#include "energy/core_link.h"
#include "energy/grid.h"
#include "energy/ledger.h"
#include "energy_support.h"

static char folder[64], file[128];

static void make_folder(void) {
  strcpy(folder, "/tmp/photolane-energy-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/mine.cfg", folder);
}

static void remove_folder(void) {
  unlink(file);
  rmdir(folder);
}

static void put(const char *text) {
  FILE *out = fopen(file, "w");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
}

#define DIGITAL "model = \"digital\";\nmac_energy_fj = 300.0;\npeak_tmac_per_s = 312.0;\n"
#define VIT "kind = \"transformer\";\nlayers = 12;\nwidth = 192;\nheads = 3;\ntokens = 197;\n"
#define CNN "kind = \"layers\";\n"

START_TEST(arch_errors) {
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"", "mine.cfg:1: field model is missing; there are crossbar, ring_bank"},
      {"model = 3;", "mine.cfg:1: model must be text in quotes"},
      {"model = \"laser\";", "mine.cfg:1: model is 'laser' but there are crossbar"},
      {DIGITAL "colour = 3;", "mine.cfg:4: unknown field 'colour'"},
      {DIGITAL "area_um2 = 3.0;", "mine.cfg:4: unknown field 'area_um2'; did you mean area_mm2?"},
      {DIGITAL "tia_power_mw = 3.0;", "mine.cfg:4: model digital has no field tia_power_mw, which belongs to crossbar"},
      {DIGITAL "area_mm2 = -3.0;", "mine.cfg:4: area_mm2 is -3 but must be 0 to"},
      {DIGITAL "area_mm2 = \"big\";", "mine.cfg:4: area_mm2 must be a number"},
      {DIGITAL "area_mm2 = 1e400;", "mine.cfg:4: area_mm2 is inf"},
      {DIGITAL "rated_power_w = 3.0;", "has either mac_energy_fj or rated_power_w"},
      {"model = \"digital\";\nmac_energy_fj = 300.0;\n",
       "mine.cfg:1: field peak_tmac_per_s is missing, which model digital needs"},
      {"model = \"digital\";\nmac_energy_fj = 300.0\npeak = 1;\n", "mine.cfg:3: unknown field 'peak'"},
      {"model = = 3;", "mine.cfg:1: syntax error"},
      {"base = \"lt-base\";\nadc_rated_power_w = 1.0;",
       "mine.cfg:2: unknown field 'adc_rated_power_w'; did you mean adc_rated_power_mw?"},
      {"base = \"lt-base\";\nadc_rated_power_mw = -1.0;", "mine.cfg:2: adc_rated_power_mw is -1 but must be 0 to"},
      {"base = \"lt-base\";\ntiles = 2.5;", "mine.cfg:2: tiles must be a whole number"},
      {"base = \"lt-base\";\nshare_adc = 1;", "mine.cfg:2: share_adc must be true or false"},
      {"base = \"lt-base\";\nquirks = [\"charm\"];", "mine.cfg:2: quirks names 'charm' but there are"},
      {"base = \"lt-base\";\nquirks = 1;", "mine.cfg:2: quirks must be a list of names"},
      {"base = \"lt-base\";\nabout = \"\";", "mine.cfg:2: about must have 1 to"},
      {"base = \"lt-gone\";", "mine.cfg:1: base: there is no architecture 'lt-gone'; there are"},
      {"base = 5;", "mine.cfg:1: base must be text in quotes"},
      {"base = \"mirage\";\nsram_share = 0.7;", "the fields ..._share add up to 1.08, not to 1"},
      {"@include \"x\"", "@include is not supported"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_arch a;
    pl_error err = {0};
    put(cases[i].text);
    ck_assert_int_eq(pl_arch_load(file, &a, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, cases[i].want) && strstr(err.text, "mine.cfg") && !strchr(err.text, '\n'),
                  "\"%s\": %s", cases[i].text, err.text);
  }
}
END_TEST

START_TEST(circle_of_bases) {
  char text[200];
  pl_arch a;
  pl_error err;
  snprintf(text, sizeof text, "base = \"%s\";\n", file);
  put(text);
  ck_assert_int_eq(pl_arch_load(file, &a, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "in a circle"), "%s", err.text);
  ck_assert_int_eq(pl_arch_load(folder, &a, &err), PL_E_INPUT); /* a directory */
  ck_assert_int_eq(pl_arch_load("", &a, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_arch_load("lt-nobody", &a, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "lt-base") && strstr(err.text, "ends in .cfg"), "%s", err.text);
}
END_TEST

START_TEST(base_and_set) {
  pl_arch a;
  pl_error err;
  put("base = \"lt-base\";\ntiles = 9;\n");
  ck_assert_msg(!pl_arch_load(file, &a, &err), "%s", err.text);
  ck_assert_str_eq(a.head.name, "mine");
  ck_assert(a.tiles == 9 && a.core_height == 12 && a.head.quirks);
  put("base = \"lt-base\";\nquirks = [\"digital_time_thousandth\"];\n"); /* a list replaces the base's */
  ck_assert(!pl_arch_load(file, &a, &err) && a.head.quirks == PL_QUIRK_MILLI);
  ck_assert(!pl_arch_set(&a, "tiles=3,clock_ghz=2.5,share_adc=false", &err) && a.tiles == 3 && a.clock_ghz == 2.5 &&
            !a.share_adc);
  ck_assert(!pl_arch_set(&a, "", &err));
  static const struct {
    const char *set, *want;
  } cases[] = {{"tiles", "wants FIELD=VALUE"},
               {"tiles=", "tiles must be a number"},
               {"tiles=x", "tiles must be a number"},
               {"tiles=1x", "tiles must be a number"},
               {"tiles=0", "tiles is 0 but must be 1"},
               {"tiles=1.5", "must be a whole number"},
               {"tiles=nan", "must be 1 to"},
               {"tils=1", "unknown field 'tils'; did you mean tiles?"},
               {"=1", "wants FIELD=VALUE"},
               {"ring_loss_db=1", "belongs to ring_bank"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_int_eq(pl_arch_set(&a, cases[i].set, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, cases[i].want) && !strncmp(err.text, "--set", 5), "%s: %s", cases[i].set, err.text);
  }
}
END_TEST

START_TEST(shape_errors) {
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"kind = \"rnn\";", "kind is 'rnn' but there are transformer, layers"},
      {"kind = \"transformer\";\nlayers = 12;\nwidth = 192;\nheads = 3;\n", "mine.cfg:1: field tokens is missing"},
      {"kind = \"transformer\";\nlayers = 12;\nwidth = 200;\nheads = 3;\ntokens = 7;\n",
       "width 200 is no multiple of heads 3: give head_width"},
      {VIT "heads_of_keys = 3;", "mine.cfg:6: unknown field 'heads_of_keys'"},
      {VIT "batched = true;", "mine.cfg:6: kind transformer has no field batched"},
      {CNN, "field layers is missing"},
      {CNN "layers = 3;", "mine.cfg:2: layers must be a list"},
      {CNN "layers = ();", "mine.cfg:2: layers must be a list"},
      {CNN "layers = (\n 3 );", "mine.cfg:3: layers must hold groups"},
      {CNN "layers = (\n { conv = [1, 2]; } );", "mine.cfg:3: conv must be a list of 6 whole numbers"},
      {CNN "layers = (\n { conv = [3, 64, 7, 2, -1, 224]; } );", "mine.cfg:3: conv[4] is -1 but must be 0 to"},
      {CNN "layers = (\n { conv = [3, 64, 7, 0, 1, 224]; } );", "mine.cfg:3: conv[3] is 0 but must be 1 to"},
      {CNN "layers = (\n { conv = [3, 64, 9, 1, 0, 7]; } );", "mine.cfg:3: conv: the kernel is larger than its input"},
      {CNN "layers = (\n { pool = [2]; } );", "mine.cfg:3: unknown layer 'pool'"},
      {CNN "layers = (\n { fc = [2, 3]; fc2 = 1; } );", "unknown layer 'fc2'"},
      {CNN "layers = (\n { fc = [2, 3]; times = 0; } );", "mine.cfg:3: times is 0 but must be 1"},
      {CNN "layers = (\n { times = 2; } );", "mine.cfg:3: a group of layers must hold one of"},
      {CNN "layers = (\n { fc = [2, 3]; times = 200; },\n { fc = [2, 3]; times = 200; } );",
       "mine.cfg:4: layers: more than 256"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_shape s;
    pl_error err = {0};
    put(cases[i].text);
    ck_assert_int_eq(pl_shape_load(file, &s, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, cases[i].want) && strstr(err.text, "mine.cfg"), "\"%s\": %s", cases[i].text,
                  err.text);
    pl_shape_free(&s);
  }
}
END_TEST

/* Layer counts and forward GMAC per image that meet the runtimes of Mirage; and the true networks, published counts. */
START_TEST(networks) {
  static const struct {
    const char *name;
    int layers;
    double published, honest; /* GMAC; 0: not checked */
  } rows[] = {{"alexnet", 8, 0.6254, 0.714}, {"resnet18", 21, 1.6065, 1.814},     {"resnet50", 54, 3.8713, 4.089},
              {"vgg16", 16, 14.7098, 15.47}, {"mobilenetv2", 53, 4.7893, 0.3008}, {"yolov2", 23, 15.52, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int quirks = 0; quirks < 2; quirks++) {
      pl_shape s;
      pl_workload w;
      pl_error err;
      const pl_workload_options how = {.batch = 1, .quirks = quirks};
      ck_assert_msg(!pl_shape_load(rows[i].name, &s, &err), "%s", err.text);
      ck_assert_int_eq(s.layer_count, rows[i].layers);
      ck_assert(!pl_workload_make(&s, &how, &w, &err));
      if (quirks) near(rows[i].name, w.macs * 1e-9, rows[i].published, 4e-4);
      else if (rows[i].honest) near(rows[i].name, w.macs * 1e-9, rows[i].honest, 1e-3);
      pl_workload_free(&w);
      pl_shape_free(&s);
    }
}
END_TEST

START_TEST(workloads) {
  pl_shape s;
  pl_workload pass, decode, train;
  pl_error err;
  ck_assert(!pl_shape_load("gpt2", &s, &err));
  near("parameters of GPT-2 without its table of positions", pl_shape_parameters(&s),
       12 * 12 * 768.0 * 768 + 50257 * 768.0, 1e-12);
  const pl_workload_options options[] = {{.batch = 2, .tokens = 10},
                                         {.batch = 2, .tokens = 10, .phase = PL_PHASE_DECODE},
                                         {.batch = 2, .tokens = 10, .train = 1}};
  ck_assert(!pl_workload_make(&s, &options[0], &pass, &err) && !pl_workload_make(&s, &options[1], &decode, &err) &&
            !pl_workload_make(&s, &options[2], &train, &err));
  near("training", train.macs, 3 * pass.macs, 1e-12);
  /* Ten tokens one after the other, each with the cache full: the linear products are those of the pass. */
  const double head = 2 * 50257 * 768.0, scores = 2 * 12 * 2 * 64 * 12 * 10.0;
  near("decoding", (decode.macs - head - scores) * 10, pass.macs - head - scores * 10, 1e-12);
  ck_assert(decode.cache_reads == 2 * 768 * 10 * 2 * 12 && decode.cache_writes == 2 * 768 * 2 * 12 &&
            pass.cache_reads == 0);
  ck_assert(decode.softmax == 12 * 2 * 10 && pass.softmax == 12 * 2 * 100);
  pl_workload_free(&pass), pl_workload_free(&decode), pl_workload_free(&train);
  pl_shape_free(&s);

  ck_assert(!pl_shape_load("resnet18", &s, &err));
  const pl_workload_options wrong[] = {{.batch = 1, .phase = PL_PHASE_DECODE}, {.batch = 1, .tokens = 5}};
  for (int i = 0; i < 2; i++) ck_assert_int_eq(pl_workload_make(&s, &wrong[i], &pass, &err), PL_E_INPUT);
  pl_shape_free(&s);
}
END_TEST

/* Gradients: (M, K, N), (K, M, N), (M, N, K). */
START_TEST(gradients) {
  pl_shape s;
  pl_workload w;
  pl_error err;
  const pl_workload_options how = {.batch = 5, .train = 1};
  ck_assert(!pl_shape_parse("x", CNN "batched = true; layers = ( { gemm = [2, 3, 4]; } );", &s, &err));
  ck_assert(!pl_workload_make(&s, &how, &w, &err));
  ck_assert_int_eq(w.count, 3);
  const double want[3][3] = {{2, 3, 20}, {3, 2, 20}, {2, 20, 3}};
  for (int i = 0; i < 3; i++) ck_assert(w.op[i].m == want[i][0] && w.op[i].k == want[i][1] && w.op[i].n == want[i][2]);
  pl_workload_free(&w);
  pl_shape_free(&s);
}
END_TEST

#define GRID "arch = \"lt-base\";\nmodel = \"deit-t\";\n"

START_TEST(grid_errors) {
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"model = \"deit-t\";", "mine.cfg:1: field arch is missing"},
      {"arch = \"lt-base\";", "mine.cfg:1: field model is missing"},
      {GRID, "mine.cfg:1: field vary is missing"},
      {GRID "vary = 3;", "mine.cfg:3: vary must be a group"},
      {GRID "vary = { };", "mine.cfg:3: vary must be a group"},
      {GRID "vary = {\n tile = [1]; };", "mine.cfg:4: unknown field 'tile'; did you mean tiles?"},
      {GRID "vary = {\n tiles = [0]; };", "mine.cfg:4: tiles is 0 but must be 1 to"},
      {GRID "vary = {\n tiles = []; };", "mine.cfg:4: tiles has no values"},
      {GRID "vary = {\n tiles = 4; };", "mine.cfg:4: tiles must be a list of numbers or a range"},
      {GRID "vary = {\n tiles = [\"x\"]; };", "mine.cfg:4: tiles[0] must be a number"},
      {GRID "vary = {\n tiles = { from = 1; to = 3; }; };",
       "mine.cfg:4: tiles needs from, a to not below it, and either step"},
      {GRID "vary = {\n tiles = { from = 4; to = 3; step = 1; }; };", "mine.cfg:4: tiles needs from"},
      {GRID "vary = {\n tiles = { from = 1; to = 3; step = 1; by = 2; }; };", "mine.cfg:4: unknown field 'by'"},
      {GRID "vary = {\n clock_ghz = { from = 1; to = 100; step = 1e-9; }; };", "mine.cfg:4: clock_ghz has more than"},
      {GRID
       "vary = {\n tiles = { from = 1; to = 2000; step = 1; };\n core_width = { from = 1; to = 2000; step = 1; }; };",
       "mine.cfg:5: the grid has more than"},
      {GRID "vary = {\n tokens = [0.5]; };", "mine.cfg:4: tokens is 0.5 but must be a whole number above 0"},
      {GRID "colour = 1;", "mine.cfg:3: unknown field 'colour'; there are arch"},
      {"arch = \"lt-none\";\nmodel = \"deit-t\";\nvary = { bits = [4]; };", "there is no architecture 'lt-none'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_grid g;
    pl_error err = {0};
    put(cases[i].text);
    ck_assert_int_eq(pl_grid_load(file, 1, &g, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, cases[i].want), "\"%s\": %s", cases[i].text, err.text);
  }
}
END_TEST

START_TEST(claim_errors) {
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"paper = \"x\";", "mine.cfg:1: field claims is missing"},
      {"claims = ( );", "mine.cfg:1: field paper is missing"},
      {"paper = \"x\"; claims = (\n { value = \"energy_mj\"; } );", "mine.cfg:2: field says is missing"},
      {"paper = \"x\"; claims = (\n { says = \"y\"; verdict = \"maybe\"; } );", "mine.cfg:2: verdict is 'maybe'"},
      {"paper = \"x\"; claims = (\n { says = \"y\"; value = \"energy_mj\"; } );", "needs the fields value and of"},
      {"paper = \"x\"; claims = (\n { says = \"y\"; value = \"energy_mj\"; of = { arch = \"lt-base\"; model = "
       "\"gpt2\"; }; } );",
       "mine.cfg:2: a claim needs the field printed, and one of"},
      {"paper = \"x\"; claims = (\n { says = \"y\"; of = { design = 3; }; } );", "mine.cfg:2: unknown field 'design'"},
      {"paper = \"x\"; claims = (\n { says = \"y\"; colour = 3; } );", "mine.cfg:2: unknown field 'colour' of a claim"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_claims c = {0};
    pl_error err = {0};
    put(cases[i].text);
    ck_assert_int_eq(pl_claims_load(file, &c, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, cases[i].want), "\"%s\": %s", cases[i].text, err.text);
    pl_claims_free(&c);
  }
}
END_TEST

/* Architectures that follow the cores the emulator has, and cores that do not fit. */
START_TEST(cores) {
  static const struct {
    const char *core, *arch;
    double bits, channels; /* channels: products before one conversion */
  } rows[] = {{"lightening", "lt-base", 8, 72},
              {"optical-transformers", "optical-transformers-b", 8, 0},
              {"mirage", "mirage", 0, 16}};
  pl_physics p;
  pl_arch a;
  pl_error err;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert_msg(!pl_core_physics(rows[i].core, &p, &err) && !pl_arch_load(rows[i].arch, &a, &err) &&
                      !pl_arch_follow(&a, &p, &err),
                  "%s", err.text);
    ck_assert(a.bits == rows[i].bits);
    ck_assert(a.adc_bits == (i < 2 ? p.adc_bits : 0) && p.adc_bits > 0);
    if (i == 0) ck_assert(a.temporal_accumulation * a.core_wavelengths * a.cores_per_tile == rows[i].channels);
    if (i == 1) ck_assert(a.photons_per_dot_product == p.photons_per_mac * p.channels && a.photons_per_dot_product > 0);
    if (i == 2) ck_assert(a.group == rows[i].channels && a.moduli == 3 && a.residue_bits == 5 + 5 + 6);
  }
  ck_assert_int_eq(pl_arch_follow(&a, (pl_core_physics("lightening", &p, &err), &p), &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "is of kind coherent, which mirage (residue) is no model of"), "%s", err.text);
  put("kind = \"coherent\";\neffects = [\"dac_a\", \"dac_b\"];\nchannels = 64;\ndac_bits_a = 5;\ndac_bits_b = 6;\n");
  ck_assert(!pl_core_physics(file, &p, &err) && !pl_arch_load("lt-base", &a, &err));
  ck_assert_int_eq(pl_arch_follow(&a, &p, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "no multiple of 12 wavelengths on 2 cores"), "%s", err.text);
  p.channels = 48;
  ck_assert(!pl_arch_follow(&a, &p, &err) && a.bits == 6 && a.temporal_accumulation == 2 && a.adc_bits == 0);
  p.effects |= PL_EFFECT_ADC, p.adc_bits = 11;
  ck_assert(!pl_arch_follow(&a, &p, &err) && a.bits == 6 && a.adc_bits == 11);
  put("kind = \"rns\";\neffects = [\"residues\", \"redundancy\"];\nchannels = 16;\nmoduli_k = 5;\nredundant_moduli = "
      "2;\n");
  ck_assert_msg(!pl_core_physics(file, &p, &err) && !pl_arch_load("mirage", &a, &err) && !pl_arch_follow(&a, &p, &err),
                "%s", err.text);
  ck_assert(a.moduli == 5 && a.residue_bits == 5 + 5 + 6 + 6 + 6); /* 31, 32, 33, 35, 37 */
  pl_design d;
  pl_design_of(&a, &d);
  near("power", d.total_power_w, 19.95 * 5 / 3, 1e-12);
}
END_TEST

START_TEST(systems) {
  pl_system s, host;
  pl_error err;
  ck_assert_msg(!pl_system_load("typical", &s, &err) && !pl_system_load("host-digital", &host, &err), "%s", err.text);
  ck_assert(!s.digital_on_host && host.digital_on_host && s.dram_pj_per_bit == host.dram_pj_per_bit);
  put("base = \"typical\";\nlink_pj_per_byte = 3.0;\n");
  ck_assert_int_eq(pl_system_load(file, &s, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "mine.cfg:2: unknown field 'link_pj_per_byte'; did you mean link_pj_per_bit?"), "%s",
                err.text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("energy_files");
  TCase *tests = tcase_create("files");
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, arch_errors);
  tcase_add_test(tests, circle_of_bases);
  tcase_add_test(tests, base_and_set);
  tcase_add_test(tests, shape_errors);
  tcase_add_test(tests, networks);
  tcase_add_test(tests, workloads);
  tcase_add_test(tests, gradients);
  tcase_add_test(tests, grid_errors);
  tcase_add_test(tests, claim_errors);
  tcase_add_test(tests, cores);
  tcase_add_test(tests, systems);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
