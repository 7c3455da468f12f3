/* test_energy_ledger.c: the ledger by hand, break-even points as thresholds, the front of a grid by brute force,
 * measured counts, and the claims: all hold, and a constant that is off breaks them. */
#include "energy/ledger.h"

#include <unistd.h>

#include "energy/claims.h"
#include "energy/grid.h"
#include "energy/measured.h"
#include "energy_support.h"

/* ---- Ledger ---- */

static pl_workload workload(const char *shape, pl_workload_options how) {
  pl_shape s;
  pl_workload w;
  pl_error err;
  ck_assert(!pl_shape_load(shape, &s, &err) && !pl_workload_make(&s, &how, &w, &err));
  pl_shape_free(&s);
  return w;
}

/* GPT-2, decoding 3 sequences at a context of 100, on 300 fJ per MAC: every step by hand. */
START_TEST(by_hand) {
  pl_arch a;
  pl_system s;
  pl_error err;
  ck_assert(!pl_arch_load("digital-300fJ", &a, &err) && !pl_system_load("typical", &s, &err));
  s.on_chip_mb = 0;
  pl_workload w = workload("gpt2", (pl_workload_options){.batch = 3, .tokens = 100, .phase = PL_PHASE_DECODE});
  const double weights = 12 * 12 * 768.0 * 768 + 50257 * 768.0, macs = 3 * (weights + 12 * 2 * 100 * 768.0);
  double want = macs * 0.3;
  pl_ledger l;
  for (int step = 0; step < PL_LEDGER_STEPS; step++) {
    if (step == PL_LEDGER_DIGITAL)
      want +=
          12 * (3 * 12 * 100 * s.softmax_pj + 2 * 3 * 768 * (s.norm_pj + s.residual_pj) + 3 * 3072 * s.activation_pj);
    if (step == PL_LEDGER_CACHE) want += 3 * 12 * 2 * 768 * (100 + 1) * 8 * 3.9;
    if (step == PL_LEDGER_LINK) want += 3 * 2 * 768 * 8 * 5.0;
    if (step == PL_LEDGER_WEIGHTS) want += weights * 8 * 3.9;
    pl_ledger_run(&a, &s, &w, (pl_ledger_step)step, &l);
    near(pl_ledger_names[step], pl_cost_pj(&l.cost), want, 1e-12);
  }
  near("memory, s", l.seconds[PL_TIME_MEMORY], (weights + 3 * 12 * 2 * 768 * 101.0) / 3350e9, 1e-12);
  near("link, s", l.seconds[PL_TIME_LINK], 3 * 2 * 768 / 63e9, 1e-12);
  near("products, s", l.seconds[PL_TIME_PRODUCTS], macs / 312e12, 1e-12);
  double energy = 0, time = 0;
  for (int g = 0; g < PL_GROUPS; g++) energy += pl_ledger_energy_share(&l, (pl_group)g);
  for (int t = 0; t < PL_TIMES; t++) time += pl_ledger_time_share(&l, (pl_time)t);
  near("shares of energy", energy, 1, 1e-12);
  near("shares of time", time, 1, 1e-12);
  pl_workload_free(&w);
}
END_TEST

/* On the host: every element crosses the link twice, but a digital processor's do not. */
START_TEST(host_digital) {
  pl_arch a;
  pl_system here, host;
  pl_error err;
  pl_ledger x, y;
  ck_assert(!pl_system_load("typical", &here, &err) && !pl_system_load("host-digital", &host, &err));
  pl_workload w = workload("gpt2", (pl_workload_options){.batch = 1, .tokens = 100});
  const double elements = 12 * (12 * 100 * 100 + 4 * 100 * 768 + 100 * 3072.0);
  ck_assert(!pl_arch_load("lt-base", &a, &err));
  pl_ledger_run(&a, &here, &w, PL_LEDGER_LINK, &x);
  pl_ledger_run(&a, &host, &w, PL_LEDGER_LINK, &y);
  near("crossing, pJ", y.cost.pj[PL_PART_LINK] - x.cost.pj[PL_PART_LINK], 2 * elements * 8 * 5, 1e-9);
  near("crossing, s", y.seconds[PL_TIME_LINK] - x.seconds[PL_TIME_LINK], 2 * elements / 63e9, 1e-9);
  ck_assert(!pl_arch_load("gpu-h100", &a, &err));
  pl_ledger_run(&a, &here, &w, PL_LEDGER_LINK, &x);
  pl_ledger_run(&a, &host, &w, PL_LEDGER_LINK, &y);
  ck_assert(x.cost.pj[PL_PART_LINK] == y.cost.pj[PL_PART_LINK]);
  pl_workload_free(&w);
}
END_TEST

/* Weights in place cost nothing until they are reloaded: then memory and a conversion each. */
START_TEST(in_place) {
  pl_arch a;
  pl_system s;
  pl_error err;
  ck_assert(!pl_arch_load("optical-transformers-b", &a, &err) && !pl_system_load("typical", &s, &err));
  pl_workload w = workload("gpt3-175b", (pl_workload_options){.batch = 1, .phase = PL_PHASE_DECODE});
  pl_ledger stay, reload;
  pl_ledger_run(&a, &s, &w, PL_LEDGER_WEIGHTS, &stay);
  pl_ledger_run(&a, &s, &w, PL_LEDGER_RELOAD, &reload);
  const double optical = 12 * 96 * 12288.0 * 12288; /* the head is not in place */
  near("reload", pl_cost_pj(&reload.cost) - pl_cost_pj(&stay.cost),
       optical * (10 + 8.415) + w.parameters * 8 * s.dram_pj_per_bit, 1e-6);
  /* A load of 12 pJ must serve 41,000 MACs to stay below a tenth of 3 fJ: for one token it serves one. */
  ck_assert(pl_cost_pj(&reload.cost) > 30 * pl_cost_pj(&stay.cost));
  pl_workload_free(&w);
}
END_TEST

/* Every field of the system moves the ledger. */
START_TEST(every_field_matters) {
  const pl_cfg_table *t = pl_system_table();
  pl_arch a;
  pl_system s;
  pl_error err;
  ck_assert(!pl_arch_load("optical-transformers-b", &a, &err) && !pl_system_load("host-digital", &s, &err));
  pl_workload big = workload("gpt3-175b", (pl_workload_options){.batch = 2, .phase = PL_PHASE_DECODE});
  pl_workload small = workload("deit-t", (pl_workload_options){.batch = 1, .phase = PL_PHASE_PASS});
  for (int f = -1; f < t->count; f++) {
    static double before;
    double sum = 0;
    pl_system changed = s;
    if (f >= 0) {
      double *value = pl_cfg_value(&changed, t->fields[f].offset);
      *value = t->fields[f].type == PL_CFG_FLAG           ? !*value
               : !strcmp(t->fields[f].name, "on_chip_mb") ? *value / 64
                                                          : *value * 64;
    }
    for (int i = 0; i < 2; i++) {
      pl_ledger l;
      pl_ledger_run(&a, &changed, i ? &small : &big, PL_LEDGER_RELOAD, &l);
      sum += log(pl_cost_pj(&l.cost));
      for (int k = 0; k < PL_TIMES; k++) sum += (k + 2) * log(l.seconds[k] + 1e-15);
    }
    if (f < 0) before = sum;
    else ck_assert_msg(sum != before, "the field %s changes nothing", t->fields[f].name);
  }
  pl_workload_free(&big), pl_workload_free(&small);
}
END_TEST

/* On one side of a break-even point the architecture needs more energy, on the other not. */
START_TEST(break_even) {
  pl_arch a, b;
  pl_system s;
  pl_shape shape;
  pl_error err;
  double width, batch;
  ck_assert(!pl_arch_load("optical-transformers-b", &a, &err) && !pl_arch_load("digital-21fJ", &b, &err) &&
            !pl_system_load("typical", &s, &err) && !pl_shape_load("gpt3-175b", &shape, &err));
  const pl_workload_options prefill = {.batch = 1}, decode = {.batch = 1, .phase = PL_PHASE_DECODE};
  ck_assert(!pl_break_even(&a, &b, &s, &shape, &prefill, PL_LEDGER_RELOAD, PL_GROW_WIDTH, &width, &err));
  ck_assert_msg(width > 1000 && width < 20000 && fmod(width, 128) == 0, "%g", width);
  for (int side = 0; side < 2; side++) {
    pl_shape near_by = shape;
    near_by.width = width - (side ? 0 : 128), near_by.heads = near_by.key_heads = near_by.width / 128,
    near_by.ffn_width = 4 * near_by.width;
    pl_workload w;
    ck_assert(!pl_workload_make(&near_by, &prefill, &w, &err));
    const double advantage = pl_ledger_advantage(&a, &b, &s, &w, PL_LEDGER_RELOAD);
    ck_assert_msg(side ? advantage >= 1 : advantage < 1, "%g at %g", advantage, near_by.width);
    pl_workload_free(&w);
  }
  ck_assert(!pl_break_even(&a, &b, &s, &shape, &decode, PL_LEDGER_RELOAD, PL_GROW_BATCH, &batch, &err) && isnan(batch));
  ck_assert(!pl_arch_load("gpu-h100", &b, &err));
  ck_assert(!pl_break_even(&a, &b, &s, &shape, &decode, PL_LEDGER_RELOAD, PL_GROW_BATCH, &batch, &err) && batch > 1 &&
            batch < 1000);
  pl_shape_free(&shape);
  ck_assert(!pl_shape_load("resnet18", &shape, &err));
  ck_assert_int_eq(pl_break_even(&a, &b, &s, &shape, &prefill, PL_LEDGER_RELOAD, PL_GROW_WIDTH, &width, &err),
                   PL_E_INPUT);
  pl_shape_free(&shape);
}
END_TEST

/* ---- Grids ---- */

static int beats(const pl_grid_point *x, const pl_grid_point *y) {
  return x->energy_mj <= y->energy_mj && x->latency_ms <= y->latency_ms && x->area_mm2 <= y->area_mm2 &&
         (x->energy_mj < y->energy_mj || x->latency_ms < y->latency_ms || x->area_mm2 < y->area_mm2);
}
static int same(const pl_grid_point *x, const pl_grid_point *y) {
  return x->energy_mj == y->energy_mj && x->latency_ms == y->latency_ms && x->area_mm2 == y->area_mm2;
}
static int in_order(const void *a, const void *b) {
  const pl_grid_point *x = a, *y = b;
  if (x->energy_mj != y->energy_mj) return x->energy_mj < y->energy_mj ? -1 : 1;
  if (x->latency_ms != y->latency_ms) return x->latency_ms < y->latency_ms ? -1 : 1;
  return x->area_mm2 < y->area_mm2 ? -1 : x->area_mm2 > y->area_mm2;
}

/* Random points with many ties: the front has what nothing beats, one of each kind of twin, and nothing else. */
START_TEST(front) {
  const unsigned seed = getenv("PL_TEST_SEED") ? (unsigned)atoi(getenv("PL_TEST_SEED")) : 7;
  printf("seed %u (PL_TEST_SEED)\n", seed);
  srand(seed);
  for (int round = 0; round < 400; round++) {
    enum { MOST = 60 };
    pl_grid_point p[MOST] = {{{0}, 0, 0, 0, 0}};
    const int count = 1 + rand() % MOST, values = 2 + rand() % 12, flat = round % 4 == 0;
    for (int i = 0; i < count; i++)
      p[i].energy_mj = rand() % values, p[i].latency_ms = rand() % values, p[i].area_mm2 = flat ? 1 : rand() % values;
    qsort(p, (size_t)count, sizeof *p, in_order);
    pl_grid_front(p, count);
    for (int i = 0; i < count; i++) {
      int beaten = 0, twin = 0;
      for (int k = 0; k < count; k++) beaten |= beats(&p[k], &p[i]), twin |= k < i && same(&p[k], &p[i]);
      ck_assert_msg(p[i].on_front == (!beaten && !twin), "round %d, point %d of %d", round, i, count);
    }
    for (int i = 0; i < count; i++) p[i].area_mm2 = NAN, p[i].on_front = 0;
    pl_grid_front(p, count);
    int best = 1000;
    for (int i = 0; i < count; i++) {
      ck_assert(p[i].on_front == (p[i].latency_ms < best));
      best = p[i].latency_ms < best ? (int)p[i].latency_ms : best;
    }
  }
}
END_TEST

/* The points of a grid are what single runs give. */
START_TEST(grid_points) {
  char file[] = "/tmp/photolane-grid-XXXXXX";
  FILE *out = fdopen(mkstemp(file), "w");
  fputs(
      "arch = \"lt-base\";\nmodel = \"deit-t\";\nvary = { bits = [4, 8]; tiles = { from = 1; to = 4; factor = 2.0; };\n"
      "  batch = [1, 3]; clock_ghz = { from = 2.5; to = 5.0; step = 2.5; }; };\n",
      out);
  fclose(out);
  pl_grid g;
  pl_error err;
  ck_assert_msg(!pl_grid_load(file, 1, &g, &err) && !pl_grid_run(&g, &err), "%s", err.text);
  unlink(file);
  ck_assert_int_eq(g.count, 2 * 3 * 2 * 2);
  for (int i = 0; i < g.count; i++) {
    char set[80];
    snprintf(set, sizeof set, "bits=%g,tiles=%g,clock_ghz=%g", g.point[i].at[0], g.point[i].at[1], g.point[i].at[3]);
    priced p = price("lt-base", set, "deit-t", (pl_workload_options){.batch = g.point[i].at[2]});
    ck_assert(g.point[i].energy_mj == total_mj(&p) && g.point[i].latency_ms == p.cost.latency_s * 1e3 &&
              g.point[i].area_mm2 == p.design.total_area_mm2);
    price_free(&p);
  }
  ck_assert(g.front > 0 && g.front < g.count);
  pl_grid_free(&g);
}
END_TEST

/* ---- Measured counts ---- */

static void run_job(pl_device *dev, pl_nn_job_log *log, pl_nn_product product, int m, int n, int k, uint64_t tag) {
  static int8_t a[64 * 128], b[64 * 128];
  static int32_t c[64 * 64];
  pl_job job = {.m = m, .n = n, .k = k, .a = a, .lda = k, .b = b, .ldb = k, .c = c, .ldc = n, .b_tag = tag};
  pl_counters before, after;
  pl_error err;
  ck_assert(!pl_get_counters(dev, &before, &err));
  ck_assert_msg(!pl_gemm(dev, &job, &err), "%s", err.text);
  ck_assert(!pl_get_counters(dev, &after, &err) && !pl_nn_job_log_add(log, product, &job, &before, &after, &err));
}

/* The counters of a device against the formulas: equal for the matching core; a wrong count shows. */
START_TEST(measured) {
  pl_device *dev;
  pl_core core;
  pl_error err;
  pl_arch a;
  pl_measured_row row[PL_NN_PRODUCTS];
  pl_nn_job_log log = {0};
  ck_assert(!pl_open("model:", &dev, &err) && !pl_core_load("mirage", &core, &err) &&
            !pl_configure(dev, &core.image, &err));
  for (int layer = 0; layer < 3; layer++) run_job(dev, &log, PL_NN_Q, 5, 64, 96, 10 + (uint64_t)layer);
  run_job(dev, &log, PL_NN_SCORES, 5, 9, 32, 0);
  run_job(dev, &log, PL_NN_ATTN, 1, 32, 9, 0);
  pl_close(dev);
  ck_assert_int_eq(log.count, 3);
  ck_assert_uint_eq(log.entry[0].jobs, 3);
  ck_assert_uint_eq(log.entry[0].macs, 3 * 5 * 64 * 96);

  ck_assert(!pl_arch_load("mirage", &a, &err));
  ck_assert_int_eq(pl_measured_compare(&a, &log, row), 3);
  for (int i = 0; i < 3; i++) ck_assert(row[i].adc_formula == row[i].adc_measured && row[i].adc_measured > 0);
  ck_assert(row[1].dac_formula == row[1].dac_measured && row[2].dac_formula == row[2].dac_measured);
  ck_assert(row[0].adc_measured == 3 * 5 * 64 * 6 * 3 * 2); /* six groups of 16; three moduli, two detections */
  ck_assert(!pl_arch_load("optical-transformers-b", &a, &err));
  ck_assert_int_eq(pl_measured_compare(&a, &log, row), 3);
  for (int i = 0; i < 3; i++) ck_assert(row[i].dac_formula == row[i].dac_measured);
  ck_assert(row[0].dac_measured == 3 * 5 * 96 && row[1].dac_measured == 5 * 32 + 9 * 32 &&
            row[2].dac_measured == 9 + 9 * 32);
  ck_assert(row[0].adc_measured ==
            6 * row[0].adc_formula); /* this core reads sums of 16, the architecture whole ones */

  /* Measured energy is that of the counts: a device that encodes twice as much costs twice the DAC energy. */
  pl_workload w;
  pl_cost once, twice;
  ck_assert(!pl_measured_workload(&log, 0, 1, &w, &err));
  pl_cost_run(&a, &w, &once);
  pl_workload_free(&w);
  for (int i = 0; i < log.count; i++) log.entry[i].encodings_a *= 2, log.entry[i].encodings_b *= 2;
  ck_assert(!pl_measured_workload(&log, 0, 1, &w, &err));
  pl_cost_run(&a, &w, &twice);
  pl_workload_free(&w);
  near("DAC", twice.pj[PL_PART_DAC], 2 * once.pj[PL_PART_DAC], 1e-12);
  near("ADC", twice.pj[PL_PART_ADC], once.pj[PL_PART_ADC], 1e-12);
  pl_nn_job_log_free(&log);
}
END_TEST

/* Hundreds of shapes: entries stay apart, in the order of coming, however the table grows. */
START_TEST(job_log) {
  pl_nn_job_log log = {0};
  const pl_counters none = {0};
  pl_error err;
  for (int turn = 0; turn < 2; turn++)
    for (int k = 1; k <= 700; k++) {
      const pl_job job = {.m = 1, .n = 32, .k = k};
      const pl_counters after = {.macs = 32 * (uint64_t)k, .reads = 32};
      ck_assert(!pl_nn_job_log_add(&log, k % 2 ? PL_NN_ATTN : PL_NN_SCORES, &job, &none, &after, &err));
    }
  ck_assert_int_eq(log.count, 700);
  for (int i = 0; i < 700; i++)
    ck_assert(log.entry[i].k == i + 1 && log.entry[i].jobs == 2 && log.entry[i].macs == 64 * (uint64_t)(i + 1));
  pl_nn_job_log_free(&log);
}
END_TEST

/* ---- Claims ---- */

START_TEST(claims_hold) {
  static const char *const files[] = {"lightening", "optical-transformers", "mirage"};
  pl_claims claims = {0};
  pl_error err;
  for (int i = 0; i < 3; i++) ck_assert_msg(!pl_claims_load(files[i], &claims, &err), "%s", err.text);
  ck_assert_int_ge(claims.count, 45);
  for (int i = 0; i < claims.count; i++) {
    ck_assert_msg(!pl_claim_compute(&claims.claim[i], &err), "%s", err.text);
    ck_assert_msg(claims.claim[i].holds, "%s: %g", claims.claim[i].says, claims.claim[i].computed);
    ck_assert(claims.claim[i].verdict == PL_CLAIM_NOT || isfinite(claims.claim[i].computed));
    ck_assert(strcmp(claims.claim[i].paper, "Optical Transformers") || claims.claim[i].verdict != PL_CLAIM_REPRODUCED);
  }
  pl_claims_free(&claims);
}
END_TEST

/* One constant off, and the claims that rest on it fail. */
START_TEST(claims_can_fail) {
  static const struct {
    const char *file, *part, *set;
  } cases[] = {{"lightening", "DeiT-T, 4 bit, LT-B: energy", "bits=4,dac_rated_power_mw=50.5"},
               {"lightening", "DeiT-T, 4 bit, LT-B: latency", "bits=4,clock_ghz=4.99"},
               {"lightening", "area of LT-B", "bits=4,coupler_length_um=6"},
               {"lightening", "power of LT-B, 8 bit", "bits=8,mzm_loss_db=1.21"},
               {"mirage", "ResNet50 inference", "clock_ghz=9.98"},
               {"mirage", "AlexNet inference", "reprogram_ns=7"},
               {"mirage", "ResNet18 training step", "group=17"},
               {"optical-transformers", "optics are less than 1 %", "photons_per_dot_product=1e6"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pl_claims claims = {0};
    pl_error err;
    int found = 0;
    ck_assert(!pl_claims_load(cases[i].file, &claims, &err));
    for (int k = 0; k < claims.count; k++) {
      pl_claim *c = &claims.claim[k];
      if (!strstr(c->says, cases[i].part)) continue;
      found++;
      ck_assert(!pl_claim_compute(c, &err) && c->holds);
      strcpy(c->of.set, cases[i].set);
      ck_assert_msg(!pl_claim_compute(c, &err) && !c->holds, "%s holds with %s: %.10g", c->says, cases[i].set,
                    c->computed);
    }
    ck_assert_msg(found == 1, "%s: %d", cases[i].part, found);
    pl_claims_free(&claims);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("energy_ledger");
  TCase *tests = tcase_create("ledger");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, by_hand);
  tcase_add_test(tests, host_digital);
  tcase_add_test(tests, in_place);
  tcase_add_test(tests, every_field_matters);
  tcase_add_test(tests, break_even);
  tcase_add_test(tests, front);
  tcase_add_test(tests, grid_points);
  tcase_add_test(tests, measured);
  tcase_add_test(tests, job_log);
  tcase_add_test(tests, claims_hold);
  tcase_add_test(tests, claims_can_fail);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
