/* fuzz_answers.c: a device that answers anything (host/link/device.c, commands.c): the link's frames are right, what
 * they carry is the fuzzer's. The host must take right answers, refuse the others with a sentence, and write nowhere
 * else.
 *
 * An input: how the device words are spoilt, then the bytes of the device's stream behind them.
 */
#include <stdlib.h>
#include <string.h>

#include "link/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) \
  do { \
    if (!(condition)) abort(); \
  } while (0)

enum { ROWS = 3, COLS = 5, GUARD = 77, DEPTH = 20 };

typedef struct {
  pl_port port;
  pl_stream device;
  const uint8_t *data;
  size_t size, at;
  int words_told;
  uint64_t now;
} fuzz_port;

static pl_status fuzz_write(pl_port *port, const uint8_t *bytes, size_t n, size_t *taken, pl_error *err) {
  fuzz_port *f = (fuzz_port *)port;
  (void)err;
  pl_stream_receive(&f->device, bytes, n, f->now);
  *taken = n;
  return PL_OK;
}

/* The device words when the host asks for them; of the words, the fuzzer changes one. */
static void tell_words(fuzz_port *f) {
  uint8_t bytes[1 + 4 * PL_DEVICE_RUN_CYCLES] = {3};
  uint32_t words[PL_DEVICE_RUN_CYCLES] = {
      [PL_DEVICE_MAGIC] = PL_DEVICE_MAGIC_VALUE, [PL_DEVICE_VERSION] = PL_PROTOCOL_VERSION << 16 | PL_REG_VERSION,
      [PL_DEVICE_GEOMETRY] = 2 | 3 << 8 | 8 << 16 | 4u << 24, [PL_DEVICE_BUFFERS] = 63 | 63 << 16,
      [PL_DEVICE_CLOCK] = 1000, [PL_DEVICE_SESSION] = f->device.session};
  if (f->size >= 6 && f->data[0] & 1) words[f->data[1] % PL_DEVICE_SESSION] = pl_get32(f->data + 2);
  f->at = f->size < 6 ? f->size : 6;
  for (int i = 0; i < PL_DEVICE_RUN_CYCLES; i++) pl_put32(bytes + 1 + 4 * i, words[i]);
  pl_stream_write(&f->device, bytes, sizeof bytes);
}

static pl_status fuzz_read(pl_port *port, uint8_t *buf, size_t size, uint64_t wait_us, size_t *got, pl_error *err) {
  fuzz_port *f = (fuzz_port *)port;
  (void)err;
  uint8_t frame[PL_STREAM_COMPOSED_MAX], drop[4096];
  must(size >= sizeof frame);
  f->now += wait_us;
  if (pl_stream_read(&f->device, drop, sizeof drop) && !f->words_told++) tell_words(f);
  if (f->words_told) f->at += pl_stream_write(&f->device, f->data + f->at, f->size - f->at);
  *got = pl_stream_compose(&f->device, f->now, frame);
  memcpy(buf, frame, *got);
  return PL_OK;
}

static uint64_t fuzz_now(pl_port *port) { return ((fuzz_port *)port)->now; }
static pl_status fuzz_reopen(pl_port *port, pl_error *err) { return (void)port, pl_fail(err, PL_E_NODEV, "gone"); }
static void fuzz_close(pl_port *port) { (void)port; }
static const pl_port_ops fuzz_ops = {fuzz_write, fuzz_read, fuzz_now, fuzz_reopen, fuzz_close};

static void counted(void *context, const pl_link_counts *counts) { *(uint64_t *)context += counts->reads; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz_port f;
  static const int8_t codes[COLS * DEPTH];
  int32_t c[ROWS + 2][COLS + 2];
  uint32_t words[8];
  uint64_t reads = 0;
  pl_error err = {0};
  pl_link *link;
  memset(&f, 0, sizeof f);
  f.port = (pl_port){.ops = &fuzz_ops, .bytes_per_second = 1000000, .name = "fuzz"};
  f.data = data;
  f.size = size;
  const pl_stream_setup setup = {.is_device = 1, .send_ring = 1 << 15, .receive_ring = 1 << 12, .window = 1 << 12,
                                 .payload_max = 1024, .bytes_per_second = 1};
  pl_stream_init(&f.device, &setup);
  pl_status status = pl_link_open(&f.port, &link, &err);
  if (status) {
    must(err.status == status && *err.text && !link);
    return 0;
  }
  for (int i = 0; i < ROWS + 2; i++)
    for (int j = 0; j < COLS + 2; j++) c[i][j] = GUARD;
  for (int i = 0; i < 8; i++) words[i] = GUARD;
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_KIND] = pl_link_info_of(link)->kind;
  image.reg[PL_REG_ROWS] = ROWS, image.reg[PL_REG_COLS] = COLS, image.reg[PL_REG_DEPTH] = DEPTH;
  image.reg[PL_REG_CHANNELS] = 7;
  for (int round = 0; round < 2 && !status; round++) {
    status = pl_link_configure(link, &image, &err);
    for (int which = 0; which < 2 && !status; which++) status = pl_link_load(link, which, codes, DEPTH, &err);
    if (!status) status = pl_link_run(link, &c[1][1], COLS + 2, &err);
    if (!status) status = pl_link_count(link, counted, &reads, &err);
    if (!status) status = pl_link_read(link, PL_DEVICE_BASE, 6, words + 1, NULL, NULL, &err);
    if (!status) status = pl_link_echo(link, (const uint8_t *)"echo", 4, &err);
    if (!status) status = pl_link_wait(link, &err);
  }
  must(status == pl_link_state(link) && (!status || (err.status == status && *err.text)));
  for (int i = 0; i < ROWS + 2; i++)
    for (int j = 0; j < COLS + 2; j++)
      if (!i || !j || i > ROWS || j > COLS) must(c[i][j] == GUARD);
  must(words[0] == GUARD && words[7] == GUARD);
  pl_link_close(link);
  return 0;
}
