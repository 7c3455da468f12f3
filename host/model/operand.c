/* operand.c: stages 1 to 3 for a block of rows, vectorised; pl_encode() element by element gives the same bits. */
#include "model/operand.h"

#include <stdlib.h>
#include <string.h>

#include "model/rns.h"
#include "model/stages.h"
#include "model/vectors.h"

enum {
  CHUNK = 512, /* elements encoded at a time, even: the draws stay in the first-level cache */
  LINE = 64,   /* bytes of a cache line */
  CHANNELS_MAX = 4096,
};

/* Aligned, so that the vectors of a row of 32 or 64 channels do not straddle cache lines. */
static void *line_alloc(size_t count, size_t size) {
  return aligned_alloc(LINE, (count * size + LINE - 1) / LINE * LINE);
}

static size_t reads_of(const pl_model_regs *r) {
  return ((size_t)r->depth + (size_t)r->channels - 1) / (size_t)r->channels;
}

static int is_packed(const pl_model_regs *r, int which) { return which && r->kind == PL_KIND_COHERENT; }
static int has_power(const pl_model_regs *r, int which) {
  return r->kind == PL_KIND_COHERENT && r->effects & PL_EFFECT_PHASE && !is_packed(r, which);
}
/* Whether a kind's light is a sum over elements of products, or of elements. */
static int has_rails(const pl_model_regs *r) {
  return r->kind == PL_KIND_INTENSITY && r->effects & (PL_EFFECT_SHOT | PL_EFFECT_PHOTONS);
}
static int has_light(const pl_model_regs *r) { return r->kind == PL_KIND_COHERENT && r->effects & PL_EFFECT_SHOT; }

/* An operand without its arrays. */
static pl_operand shape_of(const pl_model_regs *r, int which, int rows) {
  pl_operand op = {.rows = rows, .depth = r->depth, .reads = (int)reads_of(r), .channels = r->channels,
                   .packed = is_packed(r, which)};
  if (op.packed) op.rows = (rows + PL_GROUP - 1) / PL_GROUP * PL_GROUP;
  op.row_elements = (size_t)(op.reads - 1) * (size_t)pl_operand_stride(&op, op.channels) +
                    (size_t)pl_operand_stride(&op, pl_operand_depth(&op, op.reads - 1));
  return op;
}

int pl_operand_alloc(pl_operand *op, const pl_model_regs *r, int which, int rows) {
  *op = shape_of(r, which, rows);
  const size_t elements = (size_t)op->rows * op->row_elements, sums = (size_t)op->rows * (size_t)op->reads;
  int failed = (op->field = line_alloc(elements, sizeof *op->field)) == NULL;
  if (has_power(r, which)) failed |= (op->power = line_alloc(elements, sizeof *op->power)) == NULL;
  if (has_rails(r)) failed |= (op->rails = line_alloc(elements, sizeof *op->rails)) == NULL;
  if (has_light(r)) failed |= (op->light = line_alloc(sums, sizeof *op->light)) == NULL;
  if (r->effects & PL_EFFECT_DISPERSION)
    failed |= (op->dispersion = line_alloc(sums, sizeof *op->dispersion)) == NULL;
  if (r->kind == PL_KIND_RNS) failed |= (op->shift = line_alloc(sums, sizeof *op->shift)) == NULL;
  if (failed) {
    pl_operand_free(op);
    return -1;
  }
  if (op->rows > rows) { /* columns that fill up the last group are dark */
    const size_t at = pl_operand_at(op, 0, op->rows - PL_GROUP), sum = pl_operand_sum_at(op, 0, op->rows - PL_GROUP);
    memset(op->field + at, 0, (elements - at) * sizeof *op->field);
    if (op->light) memset(op->light + sum, 0, (sums - sum) * sizeof *op->light);
    if (op->dispersion) memset(op->dispersion + sum, 0, (sums - sum) * sizeof *op->dispersion);
  }
  return 0;
}

uint64_t pl_operand_bytes(const pl_model_regs *r, int which, int rows) {
  const pl_operand op = shape_of(r, which, rows);
  uint64_t element = sizeof(int16_t), sum = 0;
  if (has_power(r, which)) element += sizeof(int16_t);
  if (has_rails(r)) element += sizeof(int16_t);
  if (has_light(r)) sum += sizeof(uint32_t);
  if (r->effects & PL_EFFECT_DISPERSION) sum += sizeof(int64_t);
  if (r->kind == PL_KIND_RNS) sum += sizeof(uint8_t);
  return (uint64_t)op.rows * (op.row_elements * element + (uint64_t)op.reads * sum) + 4 * LINE;
}

void pl_operand_free(pl_operand *op) {
  free(op->field);
  free(op->power);
  free(op->rails);
  free(op->light);
  free(op->dispersion);
  free(op->shift);
  memset(op, 0, sizeof *op);
}

/* The deviates of channels 2*pair .. 2*(pair+pairs)-1 of one row in one read. */
PL_HOT static void draw(const pl_model_regs *r, int effect, uint32_t row, uint32_t pair, uint32_t sum, int pairs,
                        int32_t *g) {
  const uint32_t seed = r->seed, job = r->job, c0 = pl_counter0(row, sum);
  uint32_t words[CHUNK];
  for (int i = 0; i < pairs; i++) {
    const uint32_t c1 = pl_counter1(effect, pair + (uint32_t)i, sum);
    pl_threefry13(seed, job, c0, c1, &words[2 * i], &words[2 * i + 1]);
  }
  for (int i = 0; i < 2 * pairs; i++) g[i] = pl_gauss_of(words[i]);
}

PL_HOT static void noisy_fields(const int8_t *codes, int dac_bits, const int32_t *g, uint32_t sigma, int n,
                                int16_t *field) {
  for (int i = 0; i < n; i++) field[i] = (int16_t)pl_field_of(pl_dac_of(codes[i], dac_bits), sigma, g[i]);
}

PL_HOT static void clean_fields(const int8_t *codes, int dac_bits, int n, int16_t *field) {
  for (int i = 0; i < n; i++) field[i] = (int16_t)(pl_dac_of(codes[i], dac_bits) * 16);
}

/* own: the n fields before crosstalk; leaks: what a channel takes of the one before it, 0 for the first of a group. */
PL_HOT static void leak(const int16_t *own, const int16_t *leaks, int n, int16_t *field) {
  field[0] = own[0];
  for (int i = 1; i < n; i++) field[i] = (int16_t)pl_leaked(own[i], own[i - 1], leaks[i]);
}

PL_HOT static void powers(const int16_t *field, int n, int16_t *power) {
  for (int i = 0; i < n; i++) power[i] = (int16_t)pl_power_of((uint32_t)(field[i] * field[i]));
}

PL_HOT static uint32_t light_sum(const int16_t *field, int n) {
  uint32_t sum = 0;
  for (int i = 0; i < n; i++) sum += pl_light_of((uint32_t)(field[i] * field[i]));
  return sum;
}

PL_HOT static int64_t dispersion_sum(const int16_t *field, const int32_t *coupler, int n) {
  int64_t sum = 0;
  for (int i = 0; i < n; i++) sum += pl_dispersed((uint32_t)(field[i] * field[i]), coupler[i]);
  return sum;
}

/* 1: 8 bits change nothing. */
static int dac_bits(const pl_model_regs *r, int which) {
  if (!(r->effects & (which ? PL_EFFECT_DAC_B : PL_EFFECT_DAC_A))) return 8;
  return which ? r->dac_bits_b : r->dac_bits_a;
}

/* Stages 1 and 2, but for crosstalk, of the n elements of one row in one read. position: absolute row of A, or column of B. */
static void encode_fields(const pl_model_regs *r, int which, const int8_t *codes, uint32_t position, uint32_t sum,
                          int n, int16_t *field) {
  const int noise = (r->effects & (which ? PL_EFFECT_ENC_B : PL_EFFECT_ENC_A)) != 0;
  const int bits = dac_bits(r, which);
  const uint32_t sigma = which ? r->enc_sigma_b : r->enc_sigma_a;
  const int effect = which ? PL_NOISE_ENC_B : PL_NOISE_ENC_A;
  if (!noise) {
    clean_fields(codes, bits, n, field);
    return;
  }
  const pl_vectors *vectors = pl_vectors_chosen();
  if (vectors->fields) {
    const pl_fields_part part = {.codes = codes, .n = n, .dac_bits = bits, .sigma = sigma, .effect = effect,
                                 .position = position, .sum = sum, .field = field};
    vectors->fields(r, &part);
    return;
  }
  for (int start = 0; start < n; start += CHUNK) {
    const int part = n - start < CHUNK ? n - start : CHUNK;
    int32_t g[CHUNK];
    draw(r, effect, position, (uint32_t)start / 2, sum, (part + 1) / 2, g);
    noisy_fields(codes + start, bits, g, sigma, part, field + start);
  }
}

/* What the channels and codes of an operand have in common. */
typedef struct {
  int32_t error[CHANNELS_MAX];                     /* of each channel: dispersion of the coupler, or gain error */
  int16_t leaks[CHANNELS_MAX], own[CHANNELS_MAX];  /* coherent: for crosstalk */
  int32_t lit[256], dark;                          /* intensity: what the rails of a code send, by the code's byte */
} encoder;

static void prepare(encoder *e, const pl_model_regs *r, int which) {
  const int gain = which == 0 && r->effects & PL_EFFECT_GAIN;
  for (int i = 0; i < r->channels; i++) {
    const int w = i % r->wavelengths;
    e->error[i] = gain || r->effects & PL_EFFECT_DISPERSION ? r->dispersion[w] : 0;
    e->leaks[i] = w ? (int16_t)r->crosstalk : 0;
  }
  if (r->kind != PL_KIND_INTENSITY) return;
  const int transfer = (r->effects & (which ? PL_EFFECT_TRANSFER_B : PL_EFFECT_TRANSFER_A)) != 0;
  const int bits = dac_bits(r, which);
  for (int code = -128; code < 128; code++) {
    const int32_t x1 = pl_dac_of(code, bits);
    e->lit[(uint8_t)code] = transfer ? pl_transferred(x1, r->transfer[which]) : pl_ideal_transfer(x1);
  }
  e->dark = transfer ? pl_transferred(0, r->transfer[which]) : 0;
}

/* Fields and, unless rails is NULL, rails of the n elements of one row in one read. A code that the DAC turns into 0 has
 * two dark rails, so that its sign does not matter. */
PL_HOT static void encode_rails(const encoder *e, const int8_t *codes, int n, int16_t *field, int16_t *rails) {
  int32_t lit[CHUNK], dark[CHUNK];
  for (int start = 0; start < n; start += CHUNK) {
    const int part = n - start < CHUNK ? n - start : CHUNK;
    for (int i = 0; i < part; i++) {
      lit[i] = pl_gained(e->lit[(uint8_t)codes[start + i]], e->error[start + i]);
      dark[i] = pl_gained(e->dark, e->error[start + i]);
    }
    for (int i = 0; i < part; i++) field[start + i] = (int16_t)pl_rail_field(codes[start + i], lit[i], dark[i]);
    for (int i = 0; rails && i < part; i++) rails[start + i] = (int16_t)(lit[i] + dark[i]);
  }
}

/* Stages 1 and 2 of coherent, crosstalk too, of the n elements of one row in one read. */
static void encode_coherent(encoder *e, const pl_model_regs *r, int which, const int8_t *codes, uint32_t position,
                            uint32_t sum, int n, int16_t *field) {
  const int crosstalk = (r->effects & PL_EFFECT_CROSSTALK) != 0;
  encode_fields(r, which, codes, position, sum, n, crosstalk ? e->own : field);
  if (crosstalk) leak(e->own, e->leaks, n, field);
}

/* Stages 1 to 3 of one row in one read: n elements from `codes`. fields and rails: `stride` elements, filled up with zeros;
 * sum: where the sums go. */
static void encode_read(pl_operand *op, encoder *e, const pl_model_regs *r, int which, const int8_t *codes,
                        uint32_t position, uint32_t read, int n, int stride, int16_t *fields, int16_t *rails, size_t sum) {
  if (r->kind == PL_KIND_INTENSITY)
    encode_rails(e, codes, n, fields, rails);
  else if (r->kind == PL_KIND_RNS)
    op->shift[sum] = pl_rns_encode(r, codes, n, fields);
  else
    encode_coherent(e, r, which, codes, position, read, n, fields);
  for (int i = n; i < stride; i++) fields[i] = 0;
  for (int i = n; rails && i < stride; i++) rails[i] = 0;
  if (op->light) op->light[sum] = light_sum(fields, n);
  if (op->dispersion) op->dispersion[sum] = dispersion_sum(fields, e->error, n);
}

/* Pairs of channels of one row to their places in a packed operand. */
static void pack(const int16_t *fields, int stride, int16_t *to) {
  for (int k = 0; k < stride; k += 2, to += 2 * PL_GROUP) memcpy(to, fields + k, 2 * sizeof *to);
}

void pl_operand_encode(pl_operand *op, const pl_model_regs *r, int which, const int8_t *codes, int64_t ld, int first,
                       int rows, int at) {
  encoder e;
  int16_t fields[CHANNELS_MAX];
  prepare(&e, r, which);
  for (int row = 0; row < rows; row++) {
    const uint32_t position = (which ? r->col0 : r->row0) + (uint32_t)(first + row);
    const int8_t *from = codes + (first + row) * ld;
    for (int s = 0; s < op->reads; s++, from += r->channels) {
      const int n = pl_operand_depth(op, s), stride = pl_operand_stride(op, n);
      const size_t element = pl_operand_at(op, s, at + row), sum = pl_operand_sum_at(op, s, at + row);
      int16_t *to = op->packed ? fields : op->field + element, *rails = op->rails ? op->rails + element : NULL;
      encode_read(op, &e, r, which, from, position, r->sum0 + (uint32_t)s, n, stride, to, rails, sum);
      if (op->packed) pack(fields, stride, op->field + element);
      if (op->power) powers(to, stride, op->power + element);
    }
  }
}

void pl_operand_key(const pl_model_regs *r, pl_model_regs *key) {
  memset(key, 0, sizeof *key); /* padding too, if there is any: keys are compared as bytes */
  key->kind = r->kind;
  key->effects = r->effects & (PL_EFFECT_DAC_B | PL_EFFECT_ENC_B | PL_EFFECT_PHASE | PL_EFFECT_SHOT |
                               PL_EFFECT_PHOTONS | PL_EFFECT_DISPERSION | PL_EFFECT_CROSSTALK |
                               PL_EFFECT_TRANSFER_B);
  key->channels = r->channels;
  key->dac_bits_b = r->dac_bits_b;
  key->cols = r->cols;
  key->depth = r->depth;
  if (r->kind == PL_KIND_RNS) { /* mantissas alone */
    key->effects = r->effects & PL_EFFECT_BFP;
    key->dac_bits_b = 0;
    key->bfp_bits = r->bfp_bits;
    return;
  }
  if (r->kind == PL_KIND_INTENSITY) { /* nothing is drawn, and B has no gain errors */
    if (r->effects & PL_EFFECT_TRANSFER_B) memcpy(key->transfer[1], r->transfer[1], sizeof key->transfer[1]);
    return;
  }
  key->seed = r->seed;
  key->job = r->job;
  key->wavelengths = r->wavelengths;
  key->enc_sigma_b = r->enc_sigma_b;
  key->crosstalk = r->crosstalk;
  key->col0 = r->col0;
  key->sum0 = r->sum0;
  memcpy(key->dispersion, r->dispersion, sizeof key->dispersion);
}
