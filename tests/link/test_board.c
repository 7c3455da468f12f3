/* test_board.c: jobs on a device behind a wire (host/device/board.c) equal the golden model, whatever the wire does.
 *   every kind of core, jobs of any split; each job twice and after a different one
 *   faults of the wire; a device that is unplugged again and again; what is complete is not done twice
 *   weights stay: what is loaded, what makes room, what makes it stale
 *   two hosts; kinds of core; a device that changes
 *
 * PL_LINK_JOBS=N random jobs with faults (60); PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "board_support.h"

static int jobs_wanted(void) {
  const char *text = getenv("PL_LINK_JOBS");
  return text ? atoi(text) : 60;
}

START_TEST(random_jobs) {
  const uint32_t kind = (uint32_t)_i;
  uint64_t state = test_seed("random_jobs") + kind;
  world *w = world_new(kind, draw64(&state));
  w->any_kind = 1;
  pl_device *dev = board_must_open(w, 0);
  for (int i = 0; i < 60; i++) {
    board_job *j = board_job_draw(&state, kind), *other = board_job_draw(&state, kind);
    board_job_run(dev, j, "first");
    board_job_run(dev, j, "again");
    board_job_run(dev, other, "another");
    board_job_run(dev, j, "after another");
    board_job_free(j), board_job_free(other);
  }
  world_check(w);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* ---- A bad wire ---- */

static const struct {
  const char *name;
  wire_fault fault;
} faults[] = {
    {"dropped bytes", {.drop = 3e-4}},
    {"changed bits", {.corrupt = 3e-4}},
    {"doubled bytes", {.duplicate = 3e-4}},
    {"bursts", {.burst = 2e-4}},
    {"garbage", {.garbage = 2e-4}},
    {"everything", {.drop = 1e-4, .corrupt = 1e-4, .duplicate = 1e-4, .burst = 5e-5, .garbage = 5e-5}},
};
enum { FAULTS = sizeof faults / sizeof *faults };

START_TEST(jobs_over_a_bad_wire) {
  uint64_t state = test_seed(faults[_i].name) + 100 + (uint64_t)_i;
  const uint32_t kind = (uint32_t)_i % PL_KINDS;
  world *w = world_new(kind, draw64(&state));
  pl_device *dev = board_must_open(w, 0);
  w->fault = faults[_i].fault;
  uint64_t runs = 0;
  for (int i = 0; i < jobs_wanted(); i++) {
    board_job *j = board_job_draw(&state, kind), *other = board_job_draw(&state, kind);
    board_job_run(dev, j, "first");
    board_job_run(dev, j, "again");
    board_job_run(dev, other, "another");
    board_job_run(dev, j, "after another");
    board_job_free(j), board_job_free(other);
    runs += w->device.commands[5];
    const pl_link_traffic t = pl_link_traffic_of(pl_board_link(dev));
    if (i + 1 == jobs_wanted()) ck_assert_uint_gt(t.stream.frames_bad + w->device.stream.counters.frames_bad, 0);
  }
  ck_assert_uint_gt(runs, 0);
  world_check(w);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* ---- Unplugged ---- */

/* Whatever is under way when the device is pulled out: with wait= the same call goes on. The device keeps its state or
 * loses it with its power. */
START_TEST(unplugged_while_waiting) {
  uint64_t state = test_seed("unplugged_while_waiting") + (uint64_t)_i;
  world *w = world_new(PL_KIND_COHERENT, draw64(&state));
  w->power_lost = _i;
  w->back_after_us = 300000;
  pl_device *dev = board_must_open(w, 5000000);
  for (int i = 0; i < 100; i++) {
    board_job *j = board_job_draw(&state, PL_KIND_COHERENT);
    w->unplug_after = w->carried + (uint64_t)draw_in(&state, 1, 6000);
    board_job_run(dev, j, "unplugged"); /* its counters too: no read is counted twice */
    board_job_run(dev, j, "again");
    board_job_free(j);
  }
  ck_assert_uint_gt(w->reopened, 30);
  world_check(w);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* Without wait= the job is an error within 100 ms, and asked for again it goes on behind the last complete tile, though
 * the caller has used the memory of the results for something else. */
START_TEST(unplugged_and_asked_again) {
  uint64_t state = test_seed("unplugged_and_asked_again");
  world *w = world_new(PL_KIND_COHERENT, draw64(&state));
  w->power_lost = 1;
  pl_device *dev = board_must_open(w, 0);
  uint64_t resumed = 0;
  for (int i = 0; i < 24; i++) {
    board_job *j = board_job_new(&state, PL_KIND_COHERENT, 28, 16, 400);
    j->image.reg[PL_REG_CHANNELS] = (uint32_t)draw_in(&state, 8, 120);
    board_job_expect(j);
    pl_error err;
    pl_counters counters;
    ck_assert(!pl_configure(dev, &j->image, &err));
    uint64_t tiles = w->device.commands[5];
    pl_counters_reset(dev);
    ck_assert_msg(!pl_gemm(dev, &j->job, &err), "%s", err.text);
    tiles = w->device.commands[5] - tiles;
    ck_assert_uint_gt(tiles, 4);

    pl_counters_reset(dev);
    const uint64_t before = w->device.commands[5];
    w->unplug_after = w->carried + (uint64_t)draw_in(&state, 1, 18000);
    pl_status status = pl_gemm(dev, &j->job, &err);
    if (!status) { /* it was through before that */
      w->unplug_after = 0;
      board_job_free(j);
      continue;
    }
    ck_assert_int_eq(status, PL_E_NODEV);
    ck_assert_uint_lt(w->now_ns - w->unplugged_ns, 100000000);
    ck_assert_msg(strstr(err.text, "connect the device again and repeat the job"), "%s", err.text);
    ck_assert_int_eq(pl_gemm(dev, &j->job, &err), PL_E_NODEV); /* still not there */
    pl_get_counters(dev, &counters, NULL);
    const uint64_t complete = counters.reads;
    for (int c = 0; c < j->job.m * j->job.ldc; c++) j->c[c] = JOB_GUARD;
    w->unplugged = 0;
    if (i % 4 == 3) { /* another job, or the same with other operands, begins anew */
      j->b[draw_in(&state, 0, 16 * 400 - 1)] ^= 0x55;
      board_job_expect(j);
      pl_counters_reset(dev);
    }
    ck_assert_msg(!pl_gemm(dev, &j->job, &err), "%s", err.text);
    board_job_check(j, "resumed");
    pl_get_counters(dev, &counters, NULL);
    ck_assert_uint_eq(counters.reads, j->reads);
    ck_assert_int_eq((int64_t)counters.clipped, i % 4 == 3 ? j->clipped : (int64_t)counters.clipped);
    if (i % 4 != 3 && complete) {
      resumed++; /* what was complete was not run again: all but a few tiles that were under way */
      ck_assert_uint_le(w->device.commands[5] - before, tiles + 8);
      ck_assert_uint_lt(w->device.commands[5] - before, 2 * tiles);
    }
    board_job_free(j);
  }
  ck_assert_uint_gt(resumed, 4);
  world_check(w);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* Not back in time; another one comes back. */
START_TEST(comes_back_too_late_or_changed) {
  uint64_t state = test_seed("comes_back_too_late_or_changed");
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->back_after_us = 3000000;
  pl_device *dev = board_must_open(w, 1000000);
  board_job *j = board_job_new(&state, PL_KIND_COHERENT, 20, 20, 300);
  pl_error err;
  board_job_run(dev, j, "before");
  world_unplug(w);
  ck_assert_int_eq(pl_gemm(dev, &j->job, &err), PL_E_NODEV);
  ck_assert_uint_le(w->now_ns - w->unplugged_ns, 1300000000);
  w->unplugged = 0;
  board_job_run(dev, j, "after");

  world_unplug(w);
  ck_assert_int_eq(pl_gemm(dev, &j->job, &err), PL_E_NODEV);
  c_device_free(&w->device);
  c_device_init(&w->device, PL_KIND_COHERENT, 2, 3, 8, 4, 128);
  w->unplugged = 0;
  ck_assert_int_eq(pl_gemm(dev, &j->job, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "another device is connected now"), "%s", err.text);
  board_job_free(j);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* ---- Resident weights ---- */

enum { WEIGHTS = 4, DEPTH = 64, COLS = 12 }; /* 4 groups of 3 columns x 8 words: 32 of the 128 words of the buffer */

static void set_weights(board_job *j, uint64_t tag) {
  j->image.reg[PL_REG_EFFECTS] |= PL_EFFECT_ENC_B;
  j->image.reg[PL_REG_CHANNELS] = 16;
  j->job.b_tag = tag;
  board_job_expect(j);
}

/* Runs the job; returns the elements of B that were encoded, which must be what the device was told to load. */
static uint64_t encoded(world *w, pl_device *dev, board_job *j, const char *what) {
  pl_counters counters;
  const uint64_t loads = w->device.loads[1];
  board_job_run(dev, j, what);
  pl_get_counters(dev, &counters, NULL);
  ck_assert_uint_eq(counters.encodings_b, (w->device.loads[1] - loads) * COLS * DEPTH);
  ck_assert_uint_eq(counters.encodings_a, (uint64_t)j->job.m * DEPTH);
  return counters.encodings_b;
}

START_TEST(weights_stay) {
  uint64_t state = test_seed("weights_stay");
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_device *dev = board_must_open(w, 0);
  board_job *j[WEIGHTS + 1];
  const board_job *first = NULL;
  for (int i = 0; i <= WEIGHTS; i++) {
    j[i] = board_job_new(&state, PL_KIND_COHERENT, 3, COLS, DEPTH);
    if (!first) first = j[0];
    j[i]->image = first->image;
    set_weights(j[i], (uint64_t)(i + 1));
  }
  for (int round = 0; round < 3; round++) /* four fit side by side */
    for (int i = 0; i < WEIGHTS; i++)
      ck_assert_uint_eq(encoded(w, dev, j[i], "side by side"), round ? 0 : COLS * DEPTH);
  encoded(w, dev, j[0], "use");
  ck_assert_uint_eq(encoded(w, dev, j[WEIGHTS], "a fifth"), COLS * DEPTH); /* takes the place of 1, the oldest */
  ck_assert_uint_eq(encoded(w, dev, j[0], "0"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[2], "2"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[3], "3"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[1], "1"), COLS * DEPTH); /* comes again: in place of 3, which was used last */
  ck_assert_uint_eq(encoded(w, dev, j[0], "0"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[2], "2"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[WEIGHTS], "the fifth"), 0);

  uint64_t again = 0; /* five come round and round, four fit */
  for (int round = 0; round < 12; round++)
    for (int i = 0; i <= WEIGHTS; i++) again += encoded(w, dev, j[i], "round and round") > 0;
  ck_assert_uint_le(again, 12 * 2);
  ck_assert_uint_ge(again, 12);
  encoded(w, dev, j[0], "0");

  /* What its encoding depends on, and what it does not. */
  static const struct {
    int reg;
    int stale;
  } changes[] = {{PL_REG_OUTPUT_SIGMA, 0}, {PL_REG_ADC_OFFSET, 0}, {PL_REG_ENC_SIGMA_A, 0}, {PL_REG_SEED, 1},
                 {PL_REG_ENC_SIGMA_B, 1}, {PL_REG_DISPERSION, 1}, {PL_REG_CROSSTALK, 1}, {PL_REG_CHANNELS, 1},
                 {PL_REG_WAVELENGTHS, 1}};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    uint32_t *reg = &j[0]->image.reg[changes[i].reg];
    *reg = *reg ? *reg - 1 : 1;
    board_job_expect(j[0]);
    const uint64_t got = encoded(w, dev, j[0], "changed");
    ck_assert_msg(got == (changes[i].stale ? COLS * DEPTH : 0), "register %d: %llu elements encoded", changes[i].reg,
                  (unsigned long long)got);
  }
  ck_assert_uint_eq(encoded(w, dev, j[0], "settled"), 0);
  j[0]->job.b_tag = 0; /* no promise */
  ck_assert_uint_eq(encoded(w, dev, j[0], "no tag"), COLS * DEPTH);
  ck_assert_uint_eq(encoded(w, dev, j[0], "no tag"), COLS * DEPTH);
  j[0]->job.b_tag = 1;

  /* A new session: everything again, whether or not the device forgot it. */
  pl_error err;
  world_unplug(w);
  ck_assert_int_eq(pl_gemm(dev, &j[0]->job, &err), PL_E_NODEV);
  w->unplugged = 0;
  ck_assert_uint_eq(encoded(w, dev, j[0], "after a new session"), COLS * DEPTH);
  ck_assert_uint_eq(encoded(w, dev, j[0], "again"), 0);
  world_check(w);
  for (int i = 0; i <= WEIGHTS; i++) board_job_free(j[i]);
  pl_close(dev);
  world_free(w);
}
END_TEST

START_TEST(one_word_more) {
  uint64_t state = test_seed("one_word_more");
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_device *dev = board_must_open(w, 0);
  board_job *j[WEIGHTS], *odd = board_job_new(&state, PL_KIND_COHERENT, 1, 3, 264);
  for (int i = 0; i < WEIGHTS; i++) {
    j[i] = board_job_new(&state, PL_KIND_COHERENT, 3, COLS, DEPTH);
    j[i]->image = odd->image;
    set_weights(j[i], (uint64_t)(i + 1));
    encoded(w, dev, j[i], "full");
  }
  set_weights(odd, 99);
  board_job_run(dev, odd, "33 words do not fit where 32 were: two make room");
  ck_assert_uint_eq(encoded(w, dev, j[2], "stays"), 0);
  ck_assert_uint_eq(encoded(w, dev, j[1], "the second to go"), COLS * DEPTH);
  world_check(w);
  for (int i = 0; i < WEIGHTS; i++) board_job_free(j[i]);
  board_job_free(odd);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* Weights of all sizes, with and without tags, cut or not, on one device: the device itself knows what is stale. */
START_TEST(many_weights) {
  enum { POOL = 12 };
  uint64_t state = test_seed("many_weights") + (uint64_t)_i, loads = 0, jobs = 0;
  world *w = world_new((uint32_t)_i, 1);
  pl_device *dev = board_must_open(w, 0);
  board_job *pool[POOL];
  pl_image images[2];
  for (int i = 0; i < POOL; i++) {
    pool[i] = board_job_new(&state, (uint32_t)_i, (int)draw_in(&state, 1, 8), (int)draw_in(&state, 1, 20),
                            (int)draw_in(&state, 1, i % 3 ? 80 : 500));
    pool[i]->job.b_tag = (uint64_t)(i + 1);
    if (i < 2) images[i] = pool[i]->image;
  }
  for (int i = 0; i < 300; i++) {
    board_job *j = pool[draw_in(&state, 0, POOL - 1)];
    j->image = images[draw_in(&state, 0, 5) == 0];
    board_job_expect(j);
    const uint64_t before = w->device.loads[1];
    board_job_run(dev, j, "many weights");
    loads += w->device.loads[1] == before;
    jobs++;
    ck_assert_msg(!*w->device.complaint, "job %d: %s", i, w->device.complaint);
  }
  printf("  %llu of %llu jobs found all their weights on the device\n", (unsigned long long)loads,
         (unsigned long long)jobs);
  ck_assert_uint_gt(loads, jobs / 20);
  for (int i = 0; i < POOL; i++) board_job_free(pool[i]);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* ---- Tiles are under way together ---- */

START_TEST(tiles_do_not_wait_for_each_other) {
  uint64_t state = test_seed("tiles_do_not_wait_for_each_other");
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->latency_us = 1000; /* an old USB */
  pl_stream_setup setup = w->device.stream.setup;
  setup.send_ring = setup.receive_ring = setup.window = 16384; /* so that it is not credit that they wait for */
  pl_stream_init(&w->device.stream, &setup);
  pl_device *dev = board_must_open(w, 0);
  board_job *j = board_job_new(&state, PL_KIND_COHERENT, 64, 3, 200);
  j->image.reg[PL_REG_CHANNELS] = 8;
  board_job_expect(j);
  const uint64_t runs = w->device.commands[5], begin = w->now_ns;
  board_job_run(dev, j, "far away");
  const uint64_t tiles = w->device.commands[5] - runs, us = (w->now_ns - begin) / 1000;
  printf("  %llu tiles in %llu us, 2000 us there and back\n", (unsigned long long)tiles, (unsigned long long)us);
  ck_assert_uint_ge(tiles, 4);
  ck_assert_uint_lt(us, 15500); /* 64 x 200 bytes take 10.7 ms of the wire, and there and back once */
  world_check(w);
  board_job_free(j);
  pl_close(dev);
  world_free(w);
}
END_TEST

/* ---- Two programs, kinds, identity ---- */

START_TEST(two_programs) {
  uint64_t state = test_seed("two_programs");
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_device *one = board_must_open(w, 0);
  board_job *a = board_job_draw(&state, PL_KIND_COHERENT), *b = board_job_draw(&state, PL_KIND_COHERENT);
  a->job.b_tag = 7, b->job.b_tag = 7;
  board_job_run(one, a, "first");
  pl_device *two = board_must_open(w, 0);
  board_job_run(two, b, "second");
  pl_error err;
  ck_assert_int_eq(pl_gemm(one, &a->job, &err), PL_E_IO);
  ck_assert_msg(strstr(err.text, "another program has begun a session with the device"), "%s", err.text);
  board_job_run(two, b, "second is not disturbed");
  board_job_run(one, a, "first takes it back"); /* and loads all anew: the other one has used the buffers */
  ck_assert_int_eq(pl_gemm(two, &b->job, &err), PL_E_IO);
  world_check(w);
  pl_close(one);
  pl_close(two);
  board_job_free(a), board_job_free(b);
  world_free(w);
}
END_TEST

START_TEST(kinds_of_core) {
  uint64_t state = test_seed("kinds_of_core");
  world *w = world_new(PL_KIND_RNS, 1);
  pl_error err;
  pl_identity id;
  pl_device *dev = board_must_open(w, 0); /* whatever there is */
  ck_assert(!pl_identify(dev, &id, &err));
  ck_assert_str_eq(id.kind, "rns");
  ck_assert_str_eq(id.build, "link 12345678, kind rns");
  ck_assert_int_eq(id.rows * 100 + id.columns * 10 + id.width, 438);
  ck_assert_uint_eq(id.clock_khz, 12000);
  board_job *coherent = board_job_draw(&state, PL_KIND_COHERENT), *rns = board_job_draw(&state, PL_KIND_RNS);
  const char *sentence = "the device is of kind rns, the core of kind coherent: load the bitstream of kind coherent";
  ck_assert_int_eq(pl_gemm(dev, &coherent->job, &err), PL_E_INPUT); /* not configured: coherent */
  ck_assert_msg(strstr(err.text, sentence), "%s", err.text);
  ck_assert_int_eq(pl_configure(dev, &coherent->image, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, sentence), "%s", err.text);
  board_job_run(dev, rns, "what it is");
  pl_close(dev);

  w->any_kind = 1;
  dev = board_must_open(w, 0);
  for (int i = 0; i < 2; i++) {
    board_job_run(dev, coherent, "changed to coherent");
    ck_assert(!pl_identify(dev, &id, &err));
    ck_assert_str_eq(id.kind, "coherent");
    board_job_run(dev, rns, "changed to rns");
    world_check(w);
  }
  pl_close(dev);
  board_job_free(coherent), board_job_free(rns);
  world_free(w);
}
END_TEST

START_TEST(too_deep_a_read) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_device *dev = board_must_open(w, 0);
  static int8_t codes[2000];
  int32_t c;
  pl_image image;
  pl_error err;
  pl_image_reset(&image);
  image.reg[PL_REG_CHANNELS] = 2000;
  const pl_job job = {.m = 1, .n = 1, .k = 2000, .a = codes, .lda = 2000, .b = codes, .ldb = 2000, .c = &c, .ldc = 1};
  ck_assert(!pl_configure(dev, &image, &err));
  ck_assert_int_eq(pl_gemm(dev, &job, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "sums of 2000 channels do not fit the buffers"), "%s", err.text);
  pl_close(dev);
  world_free(w);
}
END_TEST

static void fill(TCase *tests) {
  tcase_set_timeout(tests, jobs_wanted() > 1000 ? 7200 : 120);
  tcase_add_loop_test(tests, random_jobs, 0, PL_KINDS);
  tcase_add_loop_test(tests, jobs_over_a_bad_wire, 0, FAULTS);
  tcase_add_loop_test(tests, unplugged_while_waiting, 0, 2);
  tcase_add_test(tests, unplugged_and_asked_again);
  tcase_add_test(tests, comes_back_too_late_or_changed);
  tcase_add_test(tests, weights_stay);
  tcase_add_test(tests, one_word_more);
  tcase_add_loop_test(tests, many_weights, 0, PL_KINDS);
  tcase_add_test(tests, tiles_do_not_wait_for_each_other);
  tcase_add_test(tests, two_programs);
  tcase_add_test(tests, kinds_of_core);
  tcase_add_test(tests, too_deep_a_read);
}

int main(void) { return run_suite("board", fill); }
