/* test_energy_models.c: Mirage and Optical Transformers against figures worked out by hand or by others; and for every
 * shipped architecture: no field that does not matter. */
#include "energy_support.h"

static const pl_workload_options batch256 = {.batch = 256}, training = {.batch = 256, .train = 1}, one = {.batch = 1};

/* ---- Mirage ---- */

START_TEST(mirage_times) {
  priced p = price("mirage", "", "resnet18", training);
  near("ResNet18 step, ms", p.cost.latency_s * 1e3, 31.300, 2e-5);
  price_free(&p);
  static const struct {
    const char *model;
    double per_s, tolerance;
  } rows[] = {{"resnet18", 24916, 2e-5}, {"resnet50", 10473, 5e-5}, {"alexnet", 64929, 2e-5}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    p = price("mirage", "", rows[i].model, batch256);
    near(rows[i].model, 256 / p.cost.latency_s, rows[i].per_s, rows[i].tolerance);
    price_free(&p);
  }
}
END_TEST

/* One product by hand: 100 x 40 times 40 x 1000 has 3 tiles of 16 for the sum and, first operand stationary, 4 of 32
 * outputs: 12 tiles on 8 units are 2 turns of 5 ns + 1000 * 0.1 ns; the other way 3 * 32 tiles, 12 turns of 15 ns. */
START_TEST(mirage_by_hand) {
  pl_arch a;
  pl_error err;
  pl_op op = {.kind = PL_OP_LINEAR, .m = 100, .k = 40, .n = 1000, .copies = 1, .count = 3};
  pl_workload w = {.count = 1, .op = &op};
  pl_cost c;
  ck_assert(!pl_arch_load("mirage", &a, &err));
  pl_cost_run(&a, &w, &c);
  near("ns", c.latency_s * 1e9, 3 * fmin(2 * 105, 12 * 15), 1e-12);
  near("ADC", c.adc_conversions, 3 * 100 * 1000 * 3 * 3 * 2, 1e-12);
  near("DAC, values stationary", c.dac_conversions, 3 * 40 * 1000 * 3 * 2, 1e-12);
}
END_TEST

/* From the printed constants: ADCs 14.7 W, TIA 4.67 W with two detections, reverse conversion 1.229 W. */
START_TEST(mirage_constants) {
  pl_arch a;
  pl_error err;
  pl_op op = {.kind = PL_OP_LINEAR, .m = 256, .k = 16, .n = 1e7, .copies = 1, .count = 1}; /* 8 full tiles for 1 ms */
  pl_workload w = {.count = 1, .op = &op};
  pl_cost c;
  ck_assert(!pl_arch_load("mirage", &a, &err) && !pl_arch_set(&a, "use_constants=true", &err));
  pl_cost_run(&a, &w, &c);
  near("ADC, W", c.pj[PL_PART_ADC] * 1e-12 / c.latency_s, 1536 * 23e-3 * 10 / 24, 1e-5);
  near("TIA, W", c.pj[PL_PART_TIA] * 1e-12 / c.latency_s, 57e-15 * 16 * 256 * 1e10 * 2, 1e-5);
  near("conversions, W", c.pj[PL_PART_NUMBERS] * 1e-12 / c.latency_s, 1.229 + 0.106, 1e-3);
  near("laser, W", c.pj[PL_PART_LASER] * 1e-12 / c.latency_s, 0.144 * 19.95, 1e-9);
}
END_TEST

/* ---- Optical Transformers: another implementation of both reconstructions, which leaves photons out ---- */

START_TEST(optical_transformers) {
  static const struct {
    const char *model;
    double a, b; /* fJ/MAC, three digits */
  } rows[] = {{"gpt2", 41.5, 69.2},      {"gpt2-xl", 22.0, 36.7},   {"megatron-8b", 9.54, 15.9},
              {"t-nlg-17b", 5.66, 9.45}, {"gpt3-175b", 3.08, 5.15}, {"mt-nlg-530b", 1.64, 2.74}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int b = 0; b < 2; b++) {
      priced p = price(b ? "optical-transformers-b" : "optical-transformers-a", "photons_per_dot_product=0",
                       rows[i].model, one);
      near(rows[i].model, pl_cost_pj(&p.cost) * 1e3 / p.cost.macs, b ? rows[i].b : rows[i].a, 3e-3);
      price_free(&p);
    }
}
END_TEST

/* One layer by the formulas of 4.3, written down anew: d = 64, 4 heads, 32 tokens. */
START_TEST(optical_by_hand) {
  pl_arch a;
  pl_shape s;
  pl_workload w;
  pl_cost c;
  pl_error err;
  ck_assert(!pl_arch_load("optical-transformers-a", &a, &err));
  ck_assert(!pl_shape_parse("x", "kind = \"transformer\"; layers = 1; width = 64; heads = 4; tokens = 32;", &s, &err));
  ck_assert(!pl_workload_make(&s, &one, &w, &err));
  pl_cost_run(&a, &w, &c);
  const double d = 64, n = 32, H = 4;
  near("loads", c.dac_conversions, n * (7 * d + 3 * d + n * H), 1e-12);
  near("reads", c.adc_conversions, n * (9 * d + n * H + d), 1e-12);
  near("MACs", c.macs, n * (12 * d * d + 2 * n * d), 1e-12);
  pl_cost without;
  ck_assert(!pl_arch_set(&a, "digital_attention=true", &err));
  pl_cost_run(&a, &w, &without);
  near("loads of linear layers", without.dac_conversions, n * 7 * d, 1e-12);
  near("attention is left out", without.skipped_macs, n * 2 * n * d, 1e-12);
  near("photons", c.pj[PL_PART_LASER], c.adc_conversions * 16384 * 1.28157e-7 / 0.1, 1e-4); /* 0.128 aJ = 1.28e-7 pJ */
  pl_workload_free(&w);
}
END_TEST

START_TEST(four_bits) {
  priced eight = price("optical-transformers-b", "photons_per_dot_product=0", "future-4q", one);
  priced four = price("optical-transformers-b-improved", "photons_per_dot_product=0", "future-4q", one);
  near("memory", eight.cost.pj[PL_PART_SRAM] / four.cost.pj[PL_PART_SRAM], 10, 1e-12);
  near("DAC", eight.cost.pj[PL_PART_DAC] / four.cost.pj[PL_PART_DAC], 32, 1e-12);
  price_free(&four);
  four = price("optical-transformers-b-improved", "converter_energy_doubles_per_bit=false", "future-4q", one);
  near("ADC, linear", eight.cost.pj[PL_PART_ADC] / four.cost.pj[PL_PART_ADC], 4, 1e-12);
  price_free(&eight), price_free(&four);
}
END_TEST

/* An ADC of its own width: linear in bits in one model, doubling with each in the other; nothing else moves. */
START_TEST(adc_bits_of_their_own) {
  static const struct {
    const char *arch;
    double ratio; /* of 10 bits over 8 */
  } rows[] = {{"lt-base", 10.0 / 8}, {"optical-transformers-b", 4}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    priced eight = price(rows[i].arch, "bits=8", "deit-t", one), ten = price(rows[i].arch, "bits=8,adc_bits=10", "deit-t", one);
    near("ADC", ten.cost.pj[PL_PART_ADC] / eight.cost.pj[PL_PART_ADC], rows[i].ratio, 1e-12);
    for (int part = 0; part < PL_PARTS; part++)
      if (part != PL_PART_ADC) ck_assert(ten.cost.pj[part] == eight.cost.pj[part]);
    price_free(&eight), price_free(&ten);
  }
}
END_TEST

/* ---- Every architecture ---- */

/* All that comes out, as one number that any change moves. */
static double fingerprint(const pl_arch *a) {
  static const struct {
    const char *model;
    pl_workload_options how;
  } runs[] = {{"deit-t", {.batch = 1, .quirks = 1}},
              {"bert-l", {.batch = 2, .tokens = 77}},
              {"gpt2", {.batch = 3, .phase = PL_PHASE_DECODE}}};
  double sum = 0;
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    priced p;
    price_arch(a, runs[i].model, runs[i].how, &p);
    sum = sum * 1.618 + log(pl_cost_pj(&p.cost)) + 3 * log(p.cost.latency_s) + 0.1 * log(p.cost.memory_s + 1e-12);
    sum += isfinite(p.design.total_area_mm2) ? 5 * log(p.design.total_area_mm2) : 0;
    sum += isfinite(p.design.total_power_w) ? 7 * log(p.design.total_power_w) : 0;
    price_free(&p);
  }
  return sum;
}

/* A constant that changes nothing is not in the formulas: each is changed up and down. */
START_TEST(every_field_matters) {
  static const char *const archs[] = {"lt-base",
                                      "mrr-bank",
                                      "mzi-mesh",
                                      "optical-transformers-a",
                                      "optical-transformers-b-improved",
                                      "mirage",
                                      "systolic-int8-iso-area",
                                      "digital-300fJ",
                                      "gpu-h100"};
  static const char *const only_notes[] = {"core_macs_per_cycle", "printed_footprint_mm2", "adc_rated_bits",
                                           "dac_rated_bits"};
  const pl_cfg_table *t = pl_arch_table();
  for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
    for (int variant = 0; variant < 3; variant++) {
      pl_arch a;
      pl_error err;
      ck_assert(!pl_arch_load(archs[i], &a, &err));
      const int mirage = !strcmp(archs[i], "mirage");
      if (variant && !mirage) continue;
      if (a.head.kind == PL_ARCH_IN_PLACE) ck_assert(!pl_arch_set(&a, "bits=6", &err)); /* away from the references */
      if (variant) ck_assert(!pl_arch_set(&a, variant == 1 ? "use_constants=true" : "use_fitted_energy=true", &err));
      const double before = fingerprint(&a);
      for (int f = 0; f < t->count; f++) {
        const pl_cfg_field *field = &t->fields[f];
        if (!(field->kinds >> a.head.kind & 1) || !a.head.given[f]) continue;
        int silent = 0;
        for (size_t k = 0; k < 4; k++) silent |= !strcmp(field->name, only_notes[k]) && (k < 2 || mirage);
        if (silent) continue;
        /* Of Mirage's three ways to an energy each uses its own constants. */
        const int constant = strstr(field->name, "_pj") || strstr(field->name, "_fj") ||
                             strstr(field->name, "_rated_") || !strcmp(field->name, "detections") ||
                             !strcmp(field->name, "residue_bits");
        if (mirage && constant && (variant == 2) == !strstr(field->name, "fitted")) continue;
        if (mirage && constant && variant == 0) continue;
        if (mirage && variant && !constant) continue;
        int moved = 0;
        static const double factors[] = {0.25, 3, 40};
        for (int k = 0; k < 3 && !moved; k++) {
          pl_arch changed = a;
          double *value = pl_cfg_value(&changed, field->offset);
          *value = field->type == PL_CFG_FLAG ? !*value : *value * factors[k];
          if (field->type == PL_CFG_WHOLE) *value = ceil(*value);
          moved = fingerprint(&changed) != before;
        }
        ck_assert_msg(moved, "%s: the field %s changes nothing", archs[i], field->name);
      }
    }
}
END_TEST

/* Every shipped architecture on every shipped shape: finite, positive, and all MACs done or said to be left out. */
START_TEST(all_on_all) {
  static const char *const archs[] = {"lt-base",
                                      "lt-large",
                                      "lt-crossbar",
                                      "lt-broadcast",
                                      "mrr-bank",
                                      "mzi-mesh",
                                      "optical-transformers",
                                      "optical-transformers-a",
                                      "optical-transformers-b",
                                      "optical-transformers-b-improved",
                                      "mirage",
                                      "systolic-fp32-iso-energy",
                                      "systolic-bf16-iso-energy",
                                      "systolic-hfp8-iso-energy",
                                      "systolic-int12-iso-energy",
                                      "systolic-int8-iso-energy",
                                      "systolic-fmac-iso-energy",
                                      "systolic-fp32-iso-area",
                                      "systolic-bf16-iso-area",
                                      "systolic-hfp8-iso-area",
                                      "systolic-int12-iso-area",
                                      "systolic-int8-iso-area",
                                      "digital-300fJ",
                                      "digital-21fJ",
                                      "gpu-h100"};
  static const char *const shapes[] = {
      "deit-t",         "deit-s",     "deit-b",      "bert-b",      "bert-l",    "gpt2",
      "gpt2-medium",    "gpt2-large", "gpt2-xl",     "megatron-8b", "t-nlg-17b", "gpt3-175b",
      "mt-nlg-530b",    "future-10t", "future-100t", "future-1q",   "future-4q", "alexnet",
      "resnet18",       "resnet50",   "vgg16",       "mobilenetv2", "yolov2",    "mirage-transformer",
      "transformer-768"};
  for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
      priced p = price(archs[i], "", shapes[k], one);
      pl_notes notes;
      ck_assert_msg(total_mj(&p) > 0 && p.cost.latency_s > 0 && isfinite(total_mj(&p)), "%s on %s", shapes[k],
                    archs[i]);
      near(shapes[k], p.cost.macs + p.cost.skipped_macs, p.w.macs, 1e-9);
      for (int c = 0; c < PL_PARTS; c++) ck_assert(p.cost.pj[c] >= 0);
      pl_cost_notes(&p.arch, &p.w, &p.cost, &notes);
      ck_assert_msg(notes.count >= 1 && strlen(notes.text[0]) > 10, "%s says nothing of itself", archs[i]);
      price_free(&p);
    }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("energy_models");
  TCase *tests = tcase_create("models");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, mirage_times);
  tcase_add_test(tests, mirage_by_hand);
  tcase_add_test(tests, mirage_constants);
  tcase_add_test(tests, optical_transformers);
  tcase_add_test(tests, optical_by_hand);
  tcase_add_test(tests, four_bits);
  tcase_add_test(tests, adc_bits_of_their_own);
  tcase_add_test(tests, every_field_matters);
  tcase_add_test(tests, all_on_all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
