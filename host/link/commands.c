/* commands.c: the commands of a link and their answers. See device.h. */
#include <inttypes.h>
#include <string.h>

#include "link/session.h"
#include "model/rns.h"
#include "photolane/array.h"

enum { WRITE_HEADER = 5, MERGE = 1 }; /* MERGE: words that may be written in vain, cheaper than another WRITE */

static const char *command_name(uint8_t command) {
  static const char *const names[] = {"0", "ECHO", "WRITE", "READ", "LOAD", "RUN", "CLEAR"};
  return command < sizeof names / sizeof *names ? names[command] : "unknown";
}

/* ---- Answers ---- */

/* The next result of a RUN: groups of rows outside, groups of columns inside, in each group row by row. */
static void next_result(const pl_link *l, pl_answer *a) {
  const int rows = l->info.rows, columns = l->info.columns;
  if (++a->j < a->cols && a->j < a->group_j + columns) return;
  a->j = a->group_j;
  if (++a->i < a->rows && a->i < a->group_i + rows) return;
  a->group_j += columns;
  if (a->group_j >= a->cols) {
    a->group_j = 0;
    a->group_i += rows;
  }
  a->i = a->group_i;
  a->j = a->group_j;
}

static void take_word(pl_link *l, pl_answer *a, uint32_t word) {
  if (a->command == PL_CMD_READ) {
    *a->words++ = word;
    return;
  }
  a->c[a->i * a->ldc + a->j] = (int32_t)word;
  next_result(l, a);
}

static void finish(pl_link *l, const pl_answer *a) {
  l->clocks_done = a->clocks;
  if (a->done) a->done(a->context);
  if (!a->counted) return;
  pl_link_counts now = {0}, since = {0};
  uint64_t *const values[] = {&now.run_cycles, &now.load_cycles, &now.reads,
                              &now.clipped,    &now.detected,    &now.corrected};
  const uint64_t before[] = {l->counted.run_cycles, l->counted.load_cycles, l->counted.reads,
                             l->counted.clipped, l->counted.detected, l->counted.corrected};
  uint64_t *const differences[] = {&since.run_cycles, &since.load_cycles, &since.reads,
                                   &since.clipped, &since.detected, &since.corrected};
  for (int i = 0; i < COUNTER_WORDS / 2; i++) {
    *values[i] = l->counter_words[2 * i] | (uint64_t)(l->counter_words[2 * i + 1] & 0xffff) << 32;
    *differences[i] = (*values[i] - before[i]) & 0xffffffffffff; /* 48 bits */
  }
  l->counted = now;
  a->counted(a->context, &since);
}

/* The number that begins an answer. */
static pl_status take_number(pl_link *l, const pl_answer *a, uint8_t number, const uint8_t *rest, size_t n,
                             pl_error *err) {
  if (number == a->command) return PL_OK;
  if (number == PL_CMD_REFUSED)
    return pl_link_lose(l, err, PL_E_IO,
                        "%.150s: the device refuses the command %s: its bitstream is of another release than this "
                        "library",
                        l->port->name, n ? command_name(rest[0]) : "unknown");
  return pl_link_lose(l, err, PL_E_IO, "%.150s: the device answers %s with 0x%02x: reset it, then do the job again",
                      l->port->name, command_name(a->command), number);
}

/* Takes up to n bytes of the first answer; returns how many, 0 after an error. */
static size_t take_bytes(pl_link *l, const uint8_t *bytes, size_t n, pl_error *err, pl_status *status) {
  if (!l->count) {
    *status = bytes[0] == PL_CMD_REFUSED
                  ? pl_link_lose(l, err, PL_E_IO,
                                 "%.150s: the device refuses a command: its bitstream is of another release than "
                                 "this library",
                                 l->port->name)
                  : pl_link_lose(l, err, PL_E_IO,
                                 "%.150s: the device answers 0x%02x though it was not asked: reset it, then do the "
                                 "job again",
                                 l->port->name, bytes[0]);
    return 0;
  }
  pl_answer *a = &l->answer[l->first];
  size_t at = 0;
  if (!l->begun) {
    if ((*status = take_number(l, a, bytes[0], bytes + 1, n - 1, err))) return 0;
    l->begun = 1;
    at = 1;
  }
  for (; at < n && a->left; at++, a->left--) {
    if (a->command == PL_CMD_ECHO) {
      if (bytes[at] != *a->bytes++) {
        *status = pl_link_lose(l, err, PL_E_IO, "%.150s: an ECHO came back changed: the link's CRC let an error pass",
                               l->port->name);
        return 0;
      }
      continue;
    }
    l->partial[l->have++] = bytes[at];
    if (l->have == 4) {
      take_word(l, a, pl_get32(l->partial));
      l->have = 0;
    }
  }
  if (!a->left) {
    const pl_answer done = *a;
    l->first = (l->first + 1) % ANSWERS_MAX;
    l->count--;
    l->begun = 0;
    finish(l, &done);
  }
  return at;
}

pl_status pl_link_serve(pl_link *l, pl_error *err) {
  uint8_t bytes[2048];
  pl_status status = PL_OK;
  for (size_t n; !status && (n = pl_stream_read(&l->stream, bytes, sizeof bytes));)
    for (size_t at = 0; !status && at < n;) at += take_bytes(l, bytes + at, n - at, err, &status);
  return status;
}

/* ---- Commands ---- */

pl_status pl_link_post(pl_link *l, const uint8_t *bytes, size_t n, pl_error *err) {
  if (l->failure.status) return pl_fail(err, l->failure.status, "%s", l->failure.text);
  for (;;) {
    const size_t taken = pl_stream_write(&l->stream, bytes, n);
    bytes += taken;
    if (!(n -= taken)) return PL_OK;
    const pl_status status = pl_link_pump(l, UINT64_MAX, err);
    if (status) return status;
  }
}

/* Posts a command and its answer of `left` bytes behind the number. */
static pl_status ask(pl_link *l, const uint8_t *bytes, size_t n, pl_answer answer, uint64_t left, pl_error *err) {
  while (l->count == ANSWERS_MAX) {
    const pl_status status = pl_link_pump(l, UINT64_MAX, err);
    if (status) return status;
  }
  const pl_status status = pl_link_post(l, bytes, n, err);
  if (status) return status;
  answer.command = bytes[0];
  answer.left = left;
  answer.clocks = l->clocks;
  l->answer[(l->first + l->count++) % ANSWERS_MAX] = answer;
  pl_stream_await(&l->stream, left + 1);
  return PL_OK;
}

pl_status pl_link_write(pl_link *l, uint16_t address, const uint32_t *words, uint16_t count, pl_error *err) {
  uint8_t bytes[WRITE_HEADER + 4 * 256];
  while (count) {
    const uint16_t part = count < 256 ? count : 256;
    bytes[0] = PL_CMD_WRITE;
    pl_put16(bytes + 1, address);
    pl_put16(bytes + 3, part);
    for (int i = 0; i < part; i++) pl_put32(bytes + WRITE_HEADER + 4 * i, words[i]);
    const pl_status status = pl_link_post(l, bytes, WRITE_HEADER + 4u * part, err);
    if (status) return status;
    address = (uint16_t)(address + part), words += part, count = (uint16_t)(count - part);
  }
  return PL_OK;
}

pl_status pl_link_configure(pl_link *l, const pl_image *words, pl_error *err) {
  const int end =
      words->reg[PL_REG_KIND] == PL_KIND_INTENSITY ? PL_REG_WORDS : PL_REG_TABLES; /* others have no tables */
  int changes = 0;
  for (int w = 0; w < end; changes++) {
    if (l->known[w] && l->held.reg[w] == words->reg[w]) {
      w++;
      continue;
    }
    int last = w; /* of the words that go into this WRITE */
    for (int v = w + 1; v < end && v <= last + 1 + MERGE; v++)
      if (!l->known[v] || l->held.reg[v] != words->reg[v]) last = v;
    const pl_status status = pl_link_write(l, (uint16_t)w, words->reg + w, (uint16_t)(last - w + 1), err);
    if (status) return status;
    for (; w <= last; w++) l->held.reg[w] = words->reg[w], l->known[w] = 1;
  }
  if (changes) pl_model_unpack(words, &l->regs);
  return PL_OK;
}

uint64_t pl_link_beats(const pl_link_info *info, const pl_model_regs *r, int rows) {
  const int full = (r->depth - 1) / r->channels, last = r->depth - full * r->channels;
  const int64_t beats = (int64_t)full * ((r->channels + info->elements - 1) / info->elements) +
                        (last + info->elements - 1) / info->elements;
  return (uint64_t)(beats * rows);
}

/* One read of one row, as beats; returns the bytes. */
static size_t put_read(const pl_link *l, const int8_t *codes, int n, uint8_t *out) {
  const int elements = l->info.elements, rns = l->info.kind == PL_KIND_RNS;
  const uint8_t shift = rns ? (uint8_t)pl_rns_shift(&l->regs, codes, n) : 0;
  uint8_t *p = out;
  for (int k = 0; k < n; k += elements, p += elements + rns) {
    const int some = n - k < elements ? n - k : elements;
    memcpy(p, codes + k, (size_t)some);
    memset(p + some, 0, (size_t)(elements - some));
    if (rns) p[elements] = shift;
  }
  return (size_t)(p - out);
}

pl_status pl_link_load(pl_link *l, int operand, const int8_t *codes, ptrdiff_t ld, pl_error *err) {
  enum { READ_MAX = 2 * 4096 + 512, CHUNK = 2048 }; /* a read of 4096 channels, each beat of which has an exponent */
  const pl_model_regs *r = &l->regs;
  const int rows = operand ? r->cols : r->rows;
  const uint64_t beats = pl_link_beats(&l->info, r, rows);
  uint8_t bytes[CHUNK + READ_MAX];
  bytes[0] = PL_CMD_LOAD;
  bytes[1] = (uint8_t)operand;
  pl_put32(bytes + 2, (uint32_t)beats);
  size_t n = 6;
  l->clocks += beats;
  for (int i = 0; i < rows; i++)
    for (int k = 0; k < r->depth; k += r->channels) {
      const int length = r->depth - k < r->channels ? r->depth - k : r->channels;
      n += put_read(l, codes + i * ld + k, length, bytes + n);
      if (n < CHUNK) continue;
      const pl_status status = pl_link_post(l, bytes, n, err);
      if (status) return status;
      n = 0;
    }
  return pl_link_post(l, bytes, n, err);
}

uint64_t pl_link_ideal_clocks(const pl_link_info *info, const pl_model_regs *r) {
  const int slots = r->kind == PL_KIND_RNS ? pl_rns_used(r) : 1, full = (r->depth - 1) / r->channels;
  const int words = (r->channels + info->width - 1) / info->width;
  const int last_words = (r->depth - full * r->channels + info->width - 1) / info->width;
  const uint64_t group =
      (uint64_t)full * (uint64_t)(words > slots ? words : slots) + (uint64_t)(last_words > slots ? last_words : slots);
  return group * (uint64_t)((r->rows + info->rows - 1) / info->rows) *
         (uint64_t)((r->cols + info->columns - 1) / info->columns);
}

pl_status pl_link_run(pl_link *l, int32_t *c, ptrdiff_t ldc, pl_error *err) {
  static const uint8_t run = PL_CMD_RUN;
  const pl_answer answer = {.c = c, .ldc = ldc, .rows = l->regs.rows, .cols = l->regs.cols};
  l->clocks += pl_link_ideal_clocks(&l->info, &l->regs);
  return ask(l, &run, 1, answer, 4 * (uint64_t)l->regs.rows * (uint64_t)l->regs.cols, err);
}

static pl_status read_words(pl_link *l, uint16_t address, uint16_t count, pl_answer answer, pl_error *err) {
  uint8_t bytes[WRITE_HEADER] = {PL_CMD_READ};
  pl_put16(bytes + 1, address);
  pl_put16(bytes + 3, count);
  return ask(l, bytes, sizeof bytes, answer, 4 * (uint64_t)count, err);
}

pl_status pl_link_read(pl_link *l, uint16_t address, uint16_t count, uint32_t *words, void (*done)(void *),
                       void *context, pl_error *err) {
  return read_words(l, address, count, (pl_answer){.words = words, .done = done, .context = context}, err);
}

pl_status pl_link_count(pl_link *l, void (*counted)(void *, const pl_link_counts *), void *context, pl_error *err) {
  const pl_answer answer = {.words = l->counter_words, .counted = counted, .context = context};
  return read_words(l, PL_DEVICE_BASE + PL_DEVICE_RUN_CYCLES, COUNTER_WORDS, answer, err);
}

pl_status pl_link_echo(pl_link *l, const uint8_t *bytes, uint16_t count, pl_error *err) {
  uint8_t head[3] = {PL_CMD_ECHO};
  pl_put16(head + 1, count);
  pl_status status = ask(l, head, sizeof head, (pl_answer){.bytes = bytes}, count, err);
  if (!status) status = pl_link_post(l, bytes, count, err);
  return status ? status : pl_link_wait(l, err);
}
