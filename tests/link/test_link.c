/* test_link.c: sessions and commands of host/link/device.c with a device in C: what answers and what does not.
 *   refusals: another magic, protocol, registers, kind, geometry; each with its sentence
 *   absent, slow and hanging devices; a second host; a host that was killed; a device that was unplugged
 *   credits without flow control; registers are written only where they change; ECHO, READ, counters
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "../lockstep/array_support.h"
#include "wire.h"

static pl_link *must_open(world *w) {
  pl_link *link;
  pl_error err;
  ck_assert_msg(!pl_link_open(world_port(w), &link, &err), "%s", err.text);
  return link;
}

static void expect(pl_status status, pl_status wanted, const pl_error *err, const char *text) {
  ck_assert_msg(status == wanted, "status %d instead of %d: %s", status, wanted, status ? err->text : "");
  ck_assert_msg(strstr(err->text, text) != NULL, "'%s' does not say '%s'", err->text, text);
  ck_assert_msg(!strchr(err->text, '\n') && strlen(err->text) < sizeof err->text - 1, "%s", err->text);
}

/* ---- Opening ---- */

START_TEST(what_a_device_says) {
  world *w = world_new(PL_KIND_RNS, 1);
  pl_link *link = must_open(w);
  const pl_link_info *info = pl_link_info_of(link);
  ck_assert_uint_eq(info->build, 0x12345678);
  ck_assert_uint_eq(info->kind, PL_KIND_RNS);
  ck_assert_int_eq(info->rows * 10000 + info->columns * 1000 + info->width * 10 + info->elements, 43084);
  ck_assert_int_eq(info->a_words, 128);
  ck_assert_uint_eq(info->receive_buffer, 2048);
  ck_assert_uint_eq(info->payload_max, 256);
  ck_assert_uint_eq(info->clock_khz, 12000);
  ck_assert_uint_lt(w->now_ns, 10000000); /* a few round trips */
  pl_link_close(link);
  world_run(w, 10000);
  ck_assert_int_eq(w->device.stream.state, PL_STREAM_CLOSED); /* it was told */
  world_free(w);
}
END_TEST

static const struct {
  int word;
  uint32_t value;
  pl_status status;
  const char *text;
} refused[] = {
    {PL_DEVICE_MAGIC, 0x12344321, PL_E_INPUT, "no Photolane device (its magic is 0x12344321"},
    {PL_DEVICE_VERSION, 2u << 16 | PL_REG_VERSION, PL_E_INPUT,
     "the device speaks version 2 of the link protocol, this library version 1"},
    {PL_DEVICE_VERSION, 1u << 16 | 77, PL_E_INPUT, "the device has version 77 of the registers"},
    {PL_DEVICE_KIND, 3, PL_E_INPUT, "kind of core (number 3)"},
    {PL_DEVICE_GEOMETRY, 0x04080300, PL_E_INPUT,
     "impossible geometry, 0 rows x 3 columns x 8 wide with 4 codes a beat"},
    {PL_DEVICE_GEOMETRY, 0x04080004, PL_E_INPUT, "impossible geometry"},
    {PL_DEVICE_GEOMETRY, 0x04000304, PL_E_INPUT, "impossible geometry"},
    {PL_DEVICE_GEOMETRY, 0x00080304, PL_E_INPUT, "impossible geometry"},
    {PL_DEVICE_GEOMETRY, 0x03080304, PL_E_INPUT, "impossible geometry"},
};

START_TEST(refusals) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->device.word[refused[_i].word] = refused[_i].value;
  pl_link *link = (pl_link *)w;
  pl_error err;
  const pl_status status = pl_link_open(world_port(w), &link, &err);
  expect(status, refused[_i].status, &err, refused[_i].text);
  ck_assert_msg(strstr(err.text, "bitstream") != NULL, "no advice: %s", err.text);
  ck_assert(link == NULL);
  ck_assert_int_eq(w->port[0]->open, 0);
  world_free(w);
}
END_TEST

/* Frames of another version of the protocol: the device of the future answers HELLO in its own. */
START_TEST(foreign_protocol) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->foreign = 1;
  pl_link *link;
  pl_error err;
  const pl_status status = pl_link_open(world_port(w), &link, &err);
  expect(status, PL_E_INPUT, &err, "speaks version 2 of the link protocol, this library version 1: load a bitstream");
  world_free(w);
}
END_TEST

START_TEST(absent_device) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->silent = 1;
  pl_link *link;
  pl_error err;
  const pl_status status = pl_link_open(world_port(w), &link, &err);
  expect(status, PL_E_NODEV, &err, "nothing answers: check that the board has power");
  ck_assert_uint_lt(w->now_ns, 2000000000); /* 12 Mbaud */
  world_free(w);
}
END_TEST

/* ---- Commands ---- */

START_TEST(echo_and_words) {
  uint64_t state = test_seed("echo_and_words");
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_link *link = must_open(w);
  static uint8_t bytes[65535];
  pl_error err;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)draw64(&state);
  for (int i = 0; i < 20; i++) {
    const uint16_t n = i == 19 ? 65535 : (uint16_t)draw_in(&state, 0, 3000);
    ck_assert_msg(!pl_link_echo(link, bytes, n, &err), "%s", err.text);
  }
  uint32_t words[4] = {9, 9, 9, 9};
  ck_assert(!pl_link_read(link, PL_DEVICE_BASE - 1, 3, words, NULL, NULL, &err) && !pl_link_wait(link, &err));
  ck_assert_uint_eq(words[0], 0); /* no such word */
  ck_assert_uint_eq(words[1], PL_DEVICE_MAGIC_VALUE);
  ck_assert_uint_eq(words[3], 9);
  pl_link_close(link);
  world_free(w);
}
END_TEST

static uint64_t bytes_of(pl_link *link, const pl_image *image) {
  pl_error err;
  ck_assert(!pl_link_wait(link, &err)); /* the CLEAR of the session */
  const uint64_t before = pl_link_traffic_of(link).stream.payload_sent;
  ck_assert(!pl_link_configure(link, image, &err) && !pl_link_wait(link, &err));
  return pl_link_traffic_of(link).stream.payload_sent - before;
}

START_TEST(only_changed_registers_are_written) {
  world *w = world_new(PL_KIND_INTENSITY, 1);
  pl_link *link = must_open(w);
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_KIND] = PL_KIND_INTENSITY;
  ck_assert_uint_eq(bytes_of(link, &image), 2 * 5 + 4 * PL_REG_WORDS); /* at most 256 words each */
  ck_assert_uint_eq(bytes_of(link, &image), 0);
  image.reg[PL_REG_ROW0] = 5;
  ck_assert_uint_eq(bytes_of(link, &image), 5 + 4);
  image.reg[PL_REG_COL0] = 6, image.reg[PL_REG_SUM0] = 6;
  ck_assert_uint_eq(bytes_of(link, &image), 5 + 8);
  image.reg[PL_REG_ROW0] = 7, image.reg[PL_REG_SUM0] = 7; /* the one between goes along */
  ck_assert_uint_eq(bytes_of(link, &image), 5 + 12);
  image.reg[PL_REG_ROW0] = 8, image.reg[PL_REG_ROWS] = 8; /* two between do not */
  ck_assert_uint_eq(bytes_of(link, &image), 2 * (5 + 4));
  image.reg[PL_REG_WORDS - 1] = 9;
  ck_assert_uint_eq(bytes_of(link, &image), 5 + 4);
  ck_assert_mem_eq(&w->device.image, &image, sizeof image);
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* A refused command, and a device that answers nonsense, end the session with a sentence; a new one works. */
START_TEST(refused_command) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_link *link = must_open(w);
  pl_error err;
  static const int8_t codes[4096];
  pl_image image;
  pl_image_reset(&image);
  ck_assert(!pl_link_configure(link, &image, &err) && !pl_link_wait(link, &err));
  w->device.image.reg[PL_REG_DEPTH] = 500; /* so that the beats are too few */
  ck_assert(!pl_link_load(link, 0, codes, 1, &err));
  uint32_t word;
  pl_status status = pl_link_read(link, PL_DEVICE_BASE, 1, &word, NULL, NULL, &err);
  if (!status) status = pl_link_wait(link, &err);
  expect(status, PL_E_IO, &err, "the device refuses the command");
  ck_assert_int_eq(pl_link_state(link), PL_E_IO);
  ck_assert_int_eq(pl_link_wait(link, &err), PL_E_IO);
  ck_assert_msg(!pl_link_resume(link, &err), "%s", err.text);
  ck_assert(!pl_link_read(link, PL_DEVICE_BASE, 1, &word, NULL, NULL, &err) && !pl_link_wait(link, &err));
  ck_assert_uint_eq(word, PL_DEVICE_MAGIC_VALUE);

  c_answer(&w->device, 0x77, 3, 0); /* out of nothing */
  status = pl_link_read(link, PL_DEVICE_BASE, 1, &word, NULL, NULL, &err);
  if (!status) status = pl_link_wait(link, &err);
  expect(status, PL_E_IO, &err, "answers READ with 0x77");
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* ---- Credits ---- */

/* The host sleeps for long while the device has much to say; the chip's buffer holds what comes. Frames of the device
 * carry from 256 bytes down to 16. */
START_TEST(the_chip_never_overruns) {
  static const uint32_t buffers[] = {4096, 1024, 512}, payloads[] = {256, 64, 16};
  for (int b = 0; b < 3; b++)
    for (int p = 0; p < 3; p++) {
      world *w = world_new(PL_KIND_COHERENT, 3);
      pl_port *port = world_port(w);
      port->chip_buffer = buffers[b];
      w->device.stream.setup.payload_max = payloads[p];
      pl_link *link;
      pl_error err;
      static uint32_t words[10000];
      ck_assert_msg(!pl_link_open(port, &link, &err), "%s", err.text);
      for (int i = 0; i < 4; i++) {
        ck_assert(!pl_link_read(link, 0x9000, 10000, words, NULL, NULL, &err));
        for (int k = 0; k < 30; k++) {
          ck_assert(!pl_link_push(link, &err));
          world_run(w, 50000);
        }
        ck_assert_msg(!pl_link_wait(link, &err), "%s", err.text);
      }
      ck_assert_uint_eq(w->port[0]->overruns, 0);
      ck_assert_uint_eq(pl_link_traffic_of(link).stream.frames_bad, 0);
      pl_link_close(link);
      world_free(w);
    }
}
END_TEST

/* Both ways at once nine tenths of the wire carry payload. */
START_TEST(the_wire_is_used) {
  world *w = world_new(PL_KIND_COHERENT, 3);
  pl_link *link = must_open(w);
  static uint8_t bytes[60000];
  pl_error err;
  const uint64_t before = w->now_ns;
  for (int i = 0; i < 5; i++) ck_assert_msg(!pl_link_echo(link, bytes, sizeof bytes, &err), "%s", err.text);
  const double share = 5.0 * sizeof bytes * (double)w->byte_ns / (double)(w->now_ns - before);
  printf("  ECHO: %.1f %% of the wire, both ways at once\n", 100 * share);
  fflush(stdout);
  ck_assert(share > 0.90 && share < 1);
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* ---- Peers that go wrong ---- */

static pl_status run_tile_on(pl_link *link, int8_t *codes, int32_t *c, pl_error *err) {
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_DEPTH] = 64;
  pl_status status = pl_link_configure(link, &image, err);
  if (!status) status = pl_link_load(link, 0, codes, 64, err);
  if (!status) status = pl_link_load(link, 1, codes, 64, err);
  if (!status) status = pl_link_run(link, c, 1, err);
  return status ? status : pl_link_wait(link, err);
}

/* So slow that many time-outs pass while it computes: it answers, so it is not lost, and the tile runs once. */
START_TEST(slow_device) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->device.word[PL_DEVICE_CLOCK] = 1;
  w->device.info.clock_khz = 1; /* a RUN of 48 clocks takes 48 ms */
  w->device.slower = 40;        /* ... and here 2 s */
  pl_link *link = must_open(w);
  int8_t codes[64] = {3, 4};
  int32_t c = 0;
  pl_error err;
  const uint64_t before = w->now_ns;
  ck_assert_msg(!run_tile_on(link, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);
  ck_assert_uint_gt(w->now_ns - before, 1500000000);
  ck_assert_uint_gt(pl_link_traffic_of(link).stream.timeouts, 10);
  ck_assert_uint_eq(w->device.commands[5], 1);
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* It answers but never ends its RUN. */
START_TEST(hanging_device) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  w->device.hang = 1;
  pl_link *link = must_open(w);
  int8_t codes[64] = {3, 4};
  int32_t c = 0;
  pl_error err;
  const pl_status status = run_tile_on(link, codes, &c, &err);
  expect(status, PL_E_IO, &err, "the device answers but does not end what it was told to do");
  ck_assert_uint_lt(w->now_ns, 4000000000);
  w->device.hang = 0; /* was reset */
  ck_assert_msg(!pl_link_resume(link, &err), "%s", err.text);
  ck_assert_msg(!run_tile_on(link, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* Falls silent in the middle. */
START_TEST(silent_device) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  pl_link *link = must_open(w);
  int8_t codes[64] = {3, 4};
  int32_t c = 0;
  pl_error err;
  w->silent = 1;
  const uint64_t before = w->now_ns;
  pl_status status = run_tile_on(link, codes, &c, &err);
  expect(status, PL_E_IO, &err, "the device was reset, lost its power, or another program has begun a session");
  ck_assert_uint_lt(w->now_ns - before, 2000000000);
  ck_assert_int_eq(pl_link_resume(link, &err), PL_E_NODEV);
  w->silent = 0;
  ck_assert_msg(!pl_link_resume(link, &err), "%s", err.text);
  ck_assert_msg(!run_tile_on(link, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);
  pl_link_close(link);
  world_free(w);
}
END_TEST

/* Two hosts at once: the second takes the device over, the first learns it and may take it back. */
START_TEST(two_hosts) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  int8_t codes[64] = {3, 4};
  int32_t c = 0;
  pl_error err;
  pl_link *first = must_open(w);
  ck_assert(!run_tile_on(first, codes, &c, &err));
  pl_link *second = must_open(w);
  c = 0;
  ck_assert_msg(!run_tile_on(second, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);
  pl_status status = run_tile_on(first, codes, &c, &err);
  expect(status, PL_E_IO, &err, "another program has begun a session with the device");
  c = 0;
  ck_assert_msg(!run_tile_on(second, codes, &c, &err), "%s", err.text); /* not disturbed */
  ck_assert_msg(!pl_link_resume(first, &err), "%s", err.text);
  c = 0;
  ck_assert_msg(!run_tile_on(first, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);
  status = run_tile_on(second, codes, &c, &err);
  ck_assert_int_eq(status, PL_E_IO);
  pl_link_close(first);
  pl_link_close(second);
  world_free(w);
}
END_TEST

/* A host that dies leaves its session half open, the device in the middle of anything: LOAD, RUN, an answer. The next
 * host begins anew. */
START_TEST(killed_host) {
  uint64_t state = test_seed("killed_host");
  for (int i = 0; i < 60; i++) {
    world *w = world_new(PL_KIND_COHERENT, draw64(&state));
    w->device.slower = i % 3 ? 1 : 100;
    int8_t codes[64] = {3, 4};
    int32_t c = 0;
    pl_error err;
    pl_link *dead = must_open(w);
    w->unplug_after = 0;
    pl_image image;
    pl_image_reset(&image);
    image.reg[PL_REG_DEPTH] = 64;
    ck_assert(!pl_link_configure(dead, &image, &err) && !pl_link_load(dead, 0, codes, 64, &err) &&
              !pl_link_load(dead, 1, codes, 64, &err) && !pl_link_run(dead, &c, 1, &err));
    ck_assert(!pl_link_push(dead, &err));
    world_run(w, (uint64_t)draw_in(&state, 0, 2000));
    w->port[0]->open = 0; /* nobody reads there any more; what it has written still comes */
    pl_link *link = must_open(w);
    c = 0;
    ck_assert_msg(!run_tile_on(link, codes, &c, &err), "%s", err.text);
    ck_assert_int_eq(c, 25);
    pl_link_close(link);
    world_free(w);
    free(dead);
  }
}
END_TEST

START_TEST(unplugged) {
  world *w = world_new(PL_KIND_COHERENT, 1);
  int8_t codes[64] = {3, 4};
  int32_t c = 0;
  pl_error err;
  pl_link *link = must_open(w);
  w->unplug_after = w->carried + 300;
  pl_status status = run_tile_on(link, codes, &c, &err);
  expect(status, PL_E_NODEV, &err, "is not there any more");
  ck_assert_uint_lt(w->now_ns - w->unplugged_ns, 100000000);
  ck_assert_int_eq(pl_link_resume(link, &err), PL_E_NODEV);
  w->unplugged = 0;
  ck_assert_uint_eq(w->reopened, 0);
  ck_assert_msg(!pl_link_resume(link, &err), "%s", err.text);
  ck_assert_uint_eq(w->reopened, 1);
  ck_assert_msg(!run_tile_on(link, codes, &c, &err), "%s", err.text);
  ck_assert_int_eq(c, 25);

  world_unplug(w); /* and another one is plugged in */
  ck_assert_int_eq(run_tile_on(link, codes, &c, &err), PL_E_NODEV);
  w->unplugged = 0;
  c_device_free(&w->device);
  c_device_init(&w->device, PL_KIND_RNS, 2, 2, 16, 4, 128);
  status = pl_link_resume(link, &err);
  expect(status, PL_E_INPUT, &err,
         "another device is connected now, of kind rns and 2 x 2 x 16 instead of kind coherent and 4 x 3 x 8");
  pl_link_close(link);
  world_free(w);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_test(tests, what_a_device_says);
  tcase_add_loop_test(tests, refusals, 0, sizeof refused / sizeof *refused);
  tcase_add_test(tests, foreign_protocol);
  tcase_add_test(tests, absent_device);
  tcase_add_test(tests, echo_and_words);
  tcase_add_test(tests, only_changed_registers_are_written);
  tcase_add_test(tests, refused_command);
  tcase_add_test(tests, the_chip_never_overruns);
  tcase_add_test(tests, the_wire_is_used);
  tcase_add_test(tests, slow_device);
  tcase_add_test(tests, hanging_device);
  tcase_add_test(tests, silent_device);
  tcase_add_test(tests, two_hosts);
  tcase_add_test(tests, killed_host);
  tcase_add_test(tests, unplugged);
}

int main(void) { return run_suite("link", fill); }
