/* c_device.h: a Photolane device in C, as the tests of the link see one: streams (the device side of
 * host/link/stream.c), the commands of docs/protocol.md, operand buffers word by word, and the golden model in place of
 * the array.
 *
 *   c_device d;
 *   c_device_init(&d, kind, 4, 3, 8, 4, 256);             rows, columns, width, elements, words of both buffers
 *   c_device_receive(&d, bytes, n, now)                   from its wire
 *   n = c_device_compose(&d, now, wire)                   a frame for it, or 0
 *   c_device_free(&d)
 *
 * It is strict: what a real device would only compute wrongly (an operand that was loaded under other registers or
 * overwritten, a wrong exponent) is written to d.complaint. A RUN takes as long as its clocks.
 */
#ifndef C_DEVICE_H
#define C_DEVICE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/device.h"
#include "link/stream.h"
#include "model/model.h"
#include "model/operand.h"
#include "model/rns.h"
#include "photolane/array.h"

enum { C_LANES = 8, C_WORDS = 1024, C_WIDTH = 16, C_LOADS = 4096 };

typedef struct {
  pl_stream stream;
  pl_link_info info;
  uint32_t word[PL_DEVICE_END]; /* what READ gives; tests may spoil some */
  pl_image image;
  pl_model_regs regs;
  uint64_t counter[6]; /* run cycles, load cycles, reads, clipped, detected, corrected */
  int hang;            /* RUN never ends */
  uint32_t slower;     /* a RUN takes so many times its clocks; 0: 1 */
  char complaint[200];
  uint64_t commands[7], loads[2], beats; /* statistics */

  int8_t code[2][C_LANES][C_WORDS][C_WIDTH];
  uint16_t load_of[2][C_LANES][C_WORDS]; /* which LOAD wrote the word; 0: none */
  pl_model_regs load_regs[C_LOADS];      /* of each */
  unsigned load_count;

  /* The command that is being taken. */
  uint8_t head[6];
  unsigned have, command, dead;
  uint32_t left, address;
  unsigned operand, position, element; /* LOAD: row, and element of it */
  int shift;
  int8_t read[4096]; /* codes of the present read */
  /* The answer that waits, and from when on. */
  uint8_t *answer;
  size_t answer_size, answer_at;
  uint64_t answer_us;
} c_device;

static inline void c_device_init(c_device *d, uint32_t kind, int rows, int columns, int width, int elements,
                                 int words) {
  memset(d, 0, sizeof *d);
  d->info = (pl_link_info){.kind = kind, .rows = rows, .columns = columns, .width = width, .elements = elements,
                           .a_words = words, .b_words = words, .receive_buffer = 2048, .transmit_buffer = 2048,
                           .payload_max = 256, .clock_khz = 12000};
  const pl_stream_setup setup = {.is_device = 1,
                                 .send_ring = 2048,
                                 .receive_ring = 2048,
                                 .window = 2048,
                                 .payload_max = 256,
                                 .bytes_per_second = 1};
  pl_stream_init(&d->stream, &setup);
  pl_image_reset(&d->image);
  d->image.reg[PL_REG_KIND] = kind;
  d->word[PL_DEVICE_MAGIC] = PL_DEVICE_MAGIC_VALUE;
  d->word[PL_DEVICE_VERSION] = (uint32_t)PL_PROTOCOL_VERSION << 16 | PL_REG_VERSION;
  d->word[PL_DEVICE_BUILD] = 0x12345678;
  d->word[PL_DEVICE_KIND] = kind;
  d->word[PL_DEVICE_GEOMETRY] = (uint32_t)(rows | columns << 8 | width << 16 | elements << 24);
  d->word[PL_DEVICE_BUFFERS] = (uint32_t)(words - 1) | (uint32_t)(words - 1) << 16;
  d->word[PL_DEVICE_LINK] = 11 | 11 << 8 | 256 / 16 << 16;
  d->word[PL_DEVICE_CLOCK] = d->info.clock_khz;
}

static inline void c_device_free(c_device *d) { free(d->answer); }

#define c_complain(d, ...) \
  do { \
    if (!*(d)->complaint) snprintf((d)->complaint, sizeof (d)->complaint, __VA_ARGS__); \
  } while (0)

/* A new session, or power: nothing of a command stays. Registers and buffers hold what they did. */
static inline void c_device_stop(c_device *d) {
  d->have = d->command = d->dead = 0;
  free(d->answer);
  d->answer = NULL;
}

static inline uint8_t *c_answer(c_device *d, uint8_t number, size_t data, uint64_t when_us) {
  d->answer = malloc(1 + data);
  d->answer[0] = number;
  d->answer_size = 1 + data;
  d->answer_at = 0;
  d->answer_us = when_us;
  return d->answer + 1;
}

static inline uint32_t c_device_word(const c_device *d, uint32_t address) {
  if (address < PL_DEVICE_BASE || address >= PL_DEVICE_BASE + PL_DEVICE_END) return 0;
  const uint32_t w = address - PL_DEVICE_BASE;
  if (w == PL_DEVICE_SESSION) return d->stream.session;
  if (w >= PL_DEVICE_RUN_CYCLES && w < PL_DEVICE_FRAMES) {
    const uint64_t counter = d->counter[(w - PL_DEVICE_RUN_CYCLES) / 2];
    return (w - PL_DEVICE_RUN_CYCLES) % 2 ? (uint32_t)(counter >> 32) & 0xffff : (uint32_t)counter;
  }
  return d->word[w];
}

/* Where element k of row `position` lies: lane, word, place in the word. */
static inline int c_word_of(const c_device *d, int operand, int position, int k, int *lane) {
  const pl_model_regs *r = &d->regs;
  const int lanes = operand ? d->info.columns : d->info.rows, width = d->info.width;
  const int read = k / r->channels, per_read = (r->channels + width - 1) / width;
  *lane = position % lanes;
  return (int)d->image.reg[operand ? PL_REG_B_BASE : PL_REG_A_BASE] +
         position / lanes * pl_array_group_words(r->depth, r->channels, width) + read * per_read +
         k % r->channels / width;
}

/* What A depends on besides its codes; of B pl_operand_key knows. */
static inline void c_load_key(const pl_model_regs *r, int operand, pl_model_regs *key) {
  if (operand) {
    pl_operand_key(r, key);
    return;
  }
  *key = *r;
  key->adc_gain = key->adc_bits = key->adc_shift = key->adc_offset = 0;
  key->col0 = 0;
  key->cols = 0;
}

static inline void c_begin_load(c_device *d) {
  pl_model_unpack(&d->image, &d->regs);
  d->operand = d->head[1];
  d->left = pl_get32(d->head + 2);
  d->position = d->element = 0;
  d->shift = -1;
  const int rows = d->operand ? d->regs.cols : d->regs.rows;
  if (d->operand > 1 || d->left != pl_link_beats(&d->info, &d->regs, rows)) {
    *c_answer(d, 0xee, 1, 0) = 4;
    d->dead = 1;
    return;
  }
  d->loads[d->operand]++;
  if (++d->load_count == C_LOADS) d->load_count = 1;
  for (int which = 0; which < 2 && d->loads[0] + d->loads[1] >= C_LOADS; which++) /* a number that is used again */
    for (int lane = 0; lane < C_LANES; lane++)
      for (int word = 0; word < C_WORDS; word++)
        if (d->load_of[which][lane][word] == d->load_count) d->load_of[which][lane][word] = 0;
  c_load_key(&d->regs, (int)d->operand, &d->load_regs[d->load_count]);
}

/* One beat: codes, and the exponent that comes behind them in kind rns. */
static inline void c_take_beat(c_device *d, const int8_t *codes, int shift) {
  const pl_model_regs *r = &d->regs;
  const int k0 = (int)d->element, channel = k0 % r->channels;
  int n = r->channels - channel;
  if (n > r->depth - k0) n = r->depth - k0;
  if (n > d->info.elements) n = d->info.elements;
  for (int e = 0; e < n; e++) {
    int lane;
    const int word = c_word_of(d, (int)d->operand, (int)d->position, k0 + e, &lane);
    if (word >= d->info.a_words) {
      c_complain(d, "LOAD behind the end of buffer %u: word %d", d->operand, word);
      return;
    }
    d->code[d->operand][lane][word][channel % d->info.width + e] = codes[e];
    d->load_of[d->operand][lane][word] = (uint16_t)d->load_count;
  }
  if (channel && shift != d->shift) c_complain(d, "the exponent changes within a read");
  d->shift = shift;
  memcpy(d->read + channel, codes, (size_t)n);
  const int ends = channel + n == r->channels || k0 + n == r->depth;
  if (ends && d->info.kind == PL_KIND_RNS && shift != pl_rns_shift(r, d->read, channel + n))
    c_complain(d, "a read with a wrong exponent: %d", shift);
  d->counter[1]++;
  d->beats++;
  d->element += (unsigned)n;
  if ((int)d->element < r->depth) return;
  d->element = 0;
  d->position++;
}

/* The codes of an operand of the tile, dense; NULL after a complaint. */
static inline int8_t *c_gather(c_device *d, int operand) {
  const pl_model_regs *r = &d->regs;
  const int rows = operand ? r->cols : r->rows;
  int8_t *codes = malloc((size_t)rows * (size_t)r->depth);
  pl_model_regs key;
  c_load_key(r, operand, &key);
  for (int i = 0; i < rows; i++)
    for (int k = 0; k < r->depth; k++) {
      int lane;
      const int word = c_word_of(d, operand, i, k, &lane);
      const unsigned load = word < d->info.a_words ? d->load_of[operand][lane][word] : 0;
      const int begins = k % r->channels % d->info.width == 0; /* a word was loaded as a whole */
      if (!load || (begins && memcmp(&d->load_regs[load], &key, sizeof key))) {
        c_complain(d, "operand %d of a RUN is stale or absent: row %d, element %d, word %d", operand, i, k, word);
        free(codes);
        return NULL;
      }
      codes[i * r->depth + k] = d->code[operand][lane][word][k % r->channels % d->info.width];
    }
  return codes;
}

static inline void c_run(c_device *d, uint64_t now_us) {
  pl_model_unpack(&d->image, &d->regs);
  const pl_model_regs *r = &d->regs;
  const size_t outputs = (size_t)r->rows * (size_t)r->cols;
  int8_t *a = c_gather(d, 0), *b = c_gather(d, 1);
  int32_t *c = calloc(outputs, sizeof *c);
  const uint64_t clocks = pl_link_ideal_clocks(&d->info, r) + 40;
  pl_model_errors errors = {0};
  if (a && b) d->counter[3] += (uint64_t)pl_model_gemm(r, a, r->depth, b, r->depth, c, r->cols, &errors);
  d->counter[0] += clocks;
  d->counter[2] += outputs * (uint64_t)((r->depth + r->channels - 1) / r->channels);
  d->counter[4] += (uint64_t)errors.detected;
  d->counter[5] += (uint64_t)errors.corrected;
  uint8_t *out = c_answer(d, 5, 4 * outputs,
                          d->hang ? UINT64_MAX : now_us + clocks * (d->slower + !d->slower) * 1000 / d->info.clock_khz);
  for (int gi = 0; gi < r->rows; gi += d->info.rows)
    for (int gj = 0; gj < r->cols; gj += d->info.columns)
      for (int i = gi; i < gi + d->info.rows && i < r->rows; i++)
        for (int j = gj; j < gj + d->info.columns && j < r->cols; j++, out += 4)
          pl_put32(out, (uint32_t)c[i * r->cols + j]);
  free(a), free(b), free(c);
}

/* The command whose head is complete. */
static inline void c_begin(c_device *d, uint64_t now_us) {
  d->command = d->head[0];
  d->commands[d->command]++;
  d->address = pl_get16(d->head + 1);
  d->left = pl_get16(d->head + 3);
  uint8_t *out;
  switch (d->command) {
    case 1: d->left = pl_get16(d->head + 1); c_answer(d, 1, 0, 0); break; /* the bytes follow one by one */
    case 2: break;
    case 3:
      out = c_answer(d, 3, 4 * d->left, 0);
      for (; d->left; d->left--, out += 4) pl_put32(out, c_device_word(d, d->address++));
      break;
    case 4: c_begin_load(d); break;
    case 5: d->left = 0; c_run(d, now_us); break;
    default: d->left = 0; memset(d->counter, 0, sizeof d->counter); break;
  }
}

/* Takes commands as far as their bytes have come and answers find room. */
static inline void c_device_work(c_device *d, uint64_t now_us) {
  static const unsigned heads[7] = {1, 3, 5, 5, 6, 1, 1};
  if (d->stream.restarted) c_device_stop(d);
  d->stream.restarted = 0;
  for (;;) {
    if (d->answer) {
      if (now_us < d->answer_us) return;
      d->answer_at += pl_stream_write(&d->stream, d->answer + d->answer_at, d->answer_size - d->answer_at);
      if (d->answer_at < d->answer_size) return;
      free(d->answer);
      d->answer = NULL;
    }
    uint8_t bytes[1 + C_WIDTH];
    if (d->dead) return;
    if (!d->command || !d->left) { /* the head of the next command, byte by byte */
      d->command = 0;
      if (!pl_stream_read(&d->stream, d->head + d->have, 1)) return;
      if (!d->head[0] || d->head[0] > 6) {
        *c_answer(d, 0xee, 1, 0) = d->head[0];
        d->dead = 1;
        continue;
      }
      if (++d->have < heads[d->head[0]]) continue;
      d->have = 0;
      c_begin(d, now_us);
    } else if (d->command == 1) {
      if (!pl_stream_room(&d->stream) || !pl_stream_read(&d->stream, bytes, 1)) return;
      pl_stream_write(&d->stream, bytes, 1);
      d->left--;
    } else if (d->command == 2) {
      if (pl_stream_available(&d->stream) < 4) return;
      pl_stream_read(&d->stream, bytes, 4);
      if (d->address < PL_REG_WORDS) d->image.reg[d->address] = pl_get32(bytes);
      d->address++, d->left--;
    } else { /* LOAD */
      const size_t rns = d->info.kind == PL_KIND_RNS, n = (size_t)d->info.elements + rns;
      if (pl_stream_available(&d->stream) < n) return;
      pl_stream_read(&d->stream, bytes, n);
      c_take_beat(d, (const int8_t *)bytes, rns ? bytes[n - 1] : 0);
      if (!--d->left) d->command = 0;
    }
  }
}

static inline void c_device_receive(c_device *d, const uint8_t *bytes, size_t n, uint64_t now_us) {
  for (size_t i = 0; i < n; i++) {
    pl_stream_receive(&d->stream, bytes + i, 1, now_us);
    if (!bytes[i]) c_device_work(d, now_us); /* frames end with zeros */
  }
}

static inline size_t c_device_compose(c_device *d, uint64_t now_us, uint8_t wire[PL_STREAM_COMPOSED_MAX]) {
  c_device_work(d, now_us);
  return pl_stream_compose(&d->stream, now_us, wire);
}

/* When it will do something by itself: the end of a RUN. */
static inline uint64_t c_device_due(const c_device *d, uint64_t now_us) {
  return d->answer && d->answer_us > now_us ? d->answer_us : UINT64_MAX;
}

#endif
