/* test_quantized.c: the Transformer on a device: the same bits in batches, pieces and token by token with every
 * effect on; closeness to the float reference with every effect off; ranges; comparison of two devices. */
#include <check.h>
#include <math.h>
#include <unistd.h>

#include "model/model.h"
#include "nn/nn.h"
#include "nn/optics.h"
#include "nn/ranges.h"
#include "tiny_gguf.h"

enum { N = 37 };
static const tiny_shape shape = {.layers = 2, .dim = 64, .ffn = 96, .heads = 4, .kv_heads = 2, .context = 64,
                                 .tied = 1, .type = PL_GGML_Q8_0, .seed = 2};

static blob file;
static pl_nn *model;
static pl_device *device;
static int32_t ids[N];
static const size_t logit_bytes = sizeof(float) * N * TINY_VOCAB;

static void setup(void) {
  pl_gguf *g;
  pl_error err;
  uint64_t seed = 61;
  file = tiny_model(&shape);
  ck_assert_msg(!pl_gguf_open_memory(file.data, file.size, "tiny.gguf", &g, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_from_gguf(g, &model, &err), "%s", err.text);
  ck_assert_msg(!pl_open("model:", &device, &err), "%s", err.text);
  for (int i = 0; i < N; i++) ids[i] = (int32_t)(random_u64(&seed) % TINY_VOCAB);
}

static void teardown(void) {
  pl_close(device);
  pl_nn_free(model);
  free(file.data);
}

static pl_image image_of(const char *core) {
  pl_core c;
  pl_error err;
  ck_assert_msg(!pl_core_load(core, &c, &err), "%s", err.text);
  return c.image;
}

/* Every effect on, stronger and with odder numbers than any description: reads of 5, 7 wavelengths, unequal DACs. */
static pl_image wild_image(void) {
  static const struct {
    const char *name;
    int64_t value;
  } words[] = {{"effects", 1023},     {"seed", 99},           {"channels", 5},      {"wavelengths", 4},
               {"dac_bits_a", 7},     {"dac_bits_b", 6},      {"enc_sigma_a", 4000}, {"enc_sigma_b", 6000},
               {"phase_loss", 20000}, {"phase_gain", 30000},  {"phase_shift", 16},  {"output_sigma", 2000},
               {"shot_gain", 3000},   {"shot_shift", 6},      {"thermal_var", 90000}, {"adc_bits", 9},
               {"adc_offset", 40},    {"dispersion[0]", 900}, {"dispersion[1]", -700}, {"dispersion[2]", 300},
               {"dispersion[3]", -100}};
  pl_image image;
  pl_error err;
  pl_image_reset(&image);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    ck_assert_msg(!pl_image_set(&image, words[i].name, words[i].value, &err), "%s", err.text);
  return image;
}

static pl_nn_optics *optics_for(const pl_image *image, unsigned products, const pl_nn_ranges *ranges,
                                pl_device *check) {
  pl_nn_settings settings = {device, check, *image, products, ranges};
  pl_nn_optics *optics;
  pl_error err;
  ck_assert_msg(!pl_configure(device, image, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_optics_new(model, &settings, &optics, &err), "%s", err.text);
  return optics;
}

/* Reads all ids in pieces; logits is N x vocabulary. */
static void read_all(pl_nn_optics *optics, int piece, float *logits) {
  pl_nn_context *ctx;
  pl_error err;
  ck_assert_msg(!pl_nn_context_new(model, optics, N, &ctx, &err), "%s", err.text);
  memset(logits, 0, logit_bytes);
  for (int at = 0; at < N; at += piece)
    ck_assert_msg(!pl_nn_forward(ctx, ids + at, at + piece < N ? piece : N - at, 0, logits + at * TINY_VOCAB, &err),
                  "%s", err.text);
  pl_nn_context_free(ctx);
}

static float *logits_of(const pl_image *image, unsigned products, const pl_nn_ranges *ranges, int piece) {
  float *logits = malloc(logit_bytes);
  pl_nn_optics *optics = image ? optics_for(image, products, ranges, NULL) : NULL;
  read_all(optics, piece, logits);
  pl_nn_optics_free(optics);
  return logits;
}

/* Root mean square of the difference, relative to that of `want`. */
static double distance(const float *got, const float *want) {
  double sum = 0, size = 0;
  for (int i = 0; i < N * TINY_VOCAB; i++) {
    ck_assert(isfinite(got[i]));
    sum += pow((double)got[i] - (double)want[i], 2);
    size += pow((double)want[i], 2);
  }
  return sqrt(sum / size);
}

/* ---- The contract ---- */

static void same_bits(const pl_image *image, unsigned products) {
  pl_nn_ranges *ranges;
  pl_error err;
  ck_assert_msg(!pl_nn_calibrate(model, image, products, ids, N, pl_range_default, NULL, NULL, &ranges, &err), "%s",
                err.text);
  float *whole = logits_of(image, products, ranges, N);
  for (int piece = 1; piece < N; piece += piece < 4 ? 1 : 9) {
    float *pieces = logits_of(image, products, ranges, piece);
    for (int i = 0; i < N; i++)
      ck_assert_msg(!memcmp(whole + i * TINY_VOCAB, pieces + i * TINY_VOCAB, sizeof(float) * TINY_VOCAB),
                    "pieces of %d: the logits of token %d differ", piece, i);
    free(pieces);
  }
  float last[TINY_VOCAB]; /* asking for the last logits alone is one more way to ask */
  pl_nn_optics *optics = optics_for(image, products, ranges, NULL);
  pl_nn_context *ctx;
  ck_assert(!pl_nn_context_new(model, optics, N, &ctx, &err) && !pl_nn_forward(ctx, ids, N, N - 1, last, &err));
  ck_assert(!memcmp(whole + (N - 1) * TINY_VOCAB, last, sizeof last));
  pl_nn_context_free(ctx);
  pl_nn_optics_free(optics);
  /* The same words mean nothing if no noise came through. */
  pl_image other = *image;
  other.reg[PL_REG_SEED]++;
  float *reseeded = logits_of(&other, products, ranges, N);
  ck_assert(products == 0 || memcmp(whole, reseeded, logit_bytes));
  free(reseeded);
  free(whole);
  free(ranges);
}

START_TEST(same_bits_lightening) {
  pl_image image = image_of("lightening");
  ck_assert_uint_eq(image.reg[PL_REG_EFFECTS], 1023);
  same_bits(&image, PL_NN_ALL);
}
END_TEST

/* The other kinds, with noise strong enough to come through: levels that are often wrong, few photons. */
START_TEST(same_bits_intensity) {
  pl_image image = image_of("optical-transformers");
  image.reg[PL_REG_CHANNELS] = 48;
  image.reg[PL_REG_EFFECTS] |= PL_EFFECT_TRANSFER_A | PL_EFFECT_GAIN | PL_EFFECT_THERMAL;
  for (int i = 0; i < 128; i++) image.reg[PL_REG_TRANSFER_A + i] = (uint32_t)(i < 9 ? 144 : 16 * i);
  for (int i = 0; i < 12; i++) image.reg[PL_REG_DISPERSION + i] = (uint32_t)(40 * i - 200);
  same_bits(&image, PL_NN_ALL);
}
END_TEST

START_TEST(same_bits_rns) {
  pl_image image = image_of("mirage");
  image.reg[PL_REG_EFFECTS] |= PL_EFFECT_PHASE | PL_EFFECT_REDUNDANCY | PL_EFFECT_RANGE_CHECK;
  for (int i = 0; i < 5; i++) image.reg[PL_REG_LEVEL_SIGMA + i] = 6000;
  same_bits(&image, PL_NN_ALL);
}
END_TEST

START_TEST(same_bits_wild) {
  pl_image image = wild_image();
  same_bits(&image, PL_NN_ALL);
}
END_TEST

START_TEST(same_bits_each_product) { /* alone: the others must not hide it */
  pl_image image = wild_image();
  same_bits(&image, 1u << _i);
}
END_TEST

/* Longer than the chunks in which forward.c works. */
START_TEST(same_bits_long) {
  enum { LONG = 300 };
  tiny_shape s = {.layers = 1, .dim = 16, .ffn = 16, .heads = 2, .kv_heads = 1, .context = LONG, .tied = 1, .seed = 3};
  blob b = tiny_model(&s);
  pl_gguf *g;
  pl_nn *m;
  pl_error err;
  ck_assert(!pl_gguf_open_memory(b.data, b.size, "long.gguf", &g, &err) && !pl_nn_from_gguf(g, &m, &err));
  pl_image image = wild_image();
  pl_nn_settings settings = {device, NULL, image, PL_NN_ALL, NULL};
  int32_t text[LONG];
  uint64_t seed = 67;
  for (int i = 0; i < LONG; i++) text[i] = (int32_t)(random_u64(&seed) % TINY_VOCAB);
  size_t bytes = sizeof(float) * LONG * TINY_VOCAB;
  float *whole = malloc(bytes), *pieces = malloc(bytes);
  for (int optical = 0; optical < 2; optical++) {
    pl_nn_optics *optics = NULL;
    ck_assert(!pl_configure(device, &image, &err));
    if (optical) ck_assert_msg(!pl_nn_optics_new(m, &settings, &optics, &err), "%s", err.text);
    pl_nn_context *ctx;
    ck_assert(!pl_nn_context_new(m, optics, LONG, &ctx, &err) && !pl_nn_forward(ctx, text, LONG, 0, whole, &err));
    pl_nn_rewind(ctx, 0);
    for (int at = 0; at < LONG; at += 75)
      ck_assert(!pl_nn_forward(ctx, text + at, 75, 0, pieces + at * TINY_VOCAB, &err));
    ck_assert_msg(!memcmp(whole, pieces, bytes), "%s", optical ? "optical" : "float");
    pl_nn_rewind(ctx, 0);
    ck_assert(!pl_nn_forward(ctx, text, LONG, 150, pieces, &err));
    ck_assert(!memcmp(whole + 150 * TINY_VOCAB, pieces, bytes / 2));
    pl_nn_context_free(ctx);
    pl_nn_optics_free(optics);
  }
  free(whole), free(pieces);
  pl_nn_free(m);
  free(b.data);
}
END_TEST

/* Which coordinates the products get: the noise of a result depends on nothing else. */
typedef struct {
  int position, jobs, attn_jobs, wrong;
} coordinates;

static void check_coordinates(void *self, int layer, pl_nn_product p, const pl_job *job) {
  coordinates *c = self;
  int first = (int)job->row0, matrix = p != PL_NN_SCORES && p != PL_NN_ATTN;
  c->jobs++;
  c->wrong += job->col0 != 0 || job->job != pl_nn_job(layer, p, matrix ? 0 : (int)(job->job & 0xffff));
  c->wrong += (job->b_tag != 0) != matrix; /* keys and values change: they must not be kept */
  c->wrong += p == PL_NN_ATTN ? job->m != 1 || job->k != first + 1 : first != c->position;
  c->wrong += p == PL_NN_SCORES && job->n != first + job->m;
  if (p == PL_NN_ATTN) c->attn_jobs++;
  for (int i = 0; i < job->m; i++) memset(job->c + i * job->ldc, 0, sizeof *job->c * (size_t)job->n);
}

START_TEST(rows_are_absolute_positions) {
  coordinates c = {0};
  pl_image image = wild_image();
  pl_nn_optics *optics;
  pl_nn_context *ctx;
  pl_error err;
  ck_assert(!pl_optics_new_observed(model, &image, PL_NN_ALL, check_coordinates, &c, &optics, &err));
  ck_assert(!pl_nn_context_new(model, optics, N, &ctx, &err));
  float *logits = malloc(logit_bytes);
  for (int piece = 5; c.position + piece <= N; c.position += piece++)
    ck_assert(!pl_nn_forward(ctx, ids + c.position, piece, 0, logits, &err));
  ck_assert_int_eq(c.wrong, 0);
  ck_assert(c.position > 20 && c.attn_jobs == c.position * shape.layers * shape.heads);
  free(logits);
  pl_nn_context_free(ctx);
  pl_nn_optics_free(optics);
}
END_TEST

/* ---- Closeness ---- */

START_TEST(no_optical_product_is_the_reference) {
  pl_image image = wild_image();
  float *reference = logits_of(NULL, 0, NULL, N), *none = logits_of(&image, 0, NULL, N);
  ck_assert(!memcmp(reference, none, logit_bytes));
  free(reference), free(none);
}
END_TEST

START_TEST(ideal_core_is_close_to_float) {
  pl_image image = image_of("ideal");
  float *reference = logits_of(NULL, 0, NULL, N);
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    float *one = logits_of(&image, 1u << p, NULL, N);
    double d = distance(one, reference);
    ck_assert_msg(d > 1e-5 && d < 0.02, "%s: off by %g", pl_nn_product_names[p], d);
    free(one);
  }
  float *all = logits_of(&image, PL_NN_ALL, NULL, N);
  ck_assert_msg(distance(all, reference) < 0.04, "off by %g", distance(all, reference));
  free(all), free(reference);
}
END_TEST

static pl_nn_ranges *ranges_for(const pl_image *image, pl_range_choice choice);

/* Whatever is taken off channels, keys and values, however they are shared and turned: the products stay what they
 * were. */
START_TEST(offsets_balance_and_rotation_change_no_product) {
  enum { WIDEST = 512 };
  pl_image image = image_of("ideal");
  pl_nn_ranges *ranges = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MAX});
  float *reference = logits_of(NULL, 0, NULL, N), offset[WIDEST];
  int8_t balance[WIDEST], room[WIDEST];
  uint64_t seed = 73;
  for (int k = 0; k < WIDEST; k++) {
    offset[k] = random_unit(&seed), balance[k] = (int8_t)(k % 3 - 1);
    room[k] = (int8_t)(k % 5 * 4);
  }
  for (int p = 0; p < PL_NN_PRODUCTS; p++) {
    const int layer = p == PL_NN_HEAD ? shape.layers : 0, attention = p == PL_NN_SCORES || p == PL_NN_ATTN;
    pl_nn_range *range = &ranges->range[layer][p], before = *range;
    range->inputs = p == PL_NN_DOWN ? shape.ffn : attention ? shape.dim / shape.heads * shape.kv_heads : shape.dim;
    ck_assert_int_le(range->inputs, WIDEST);
    range->offset = offset;
    range->balance = attention ? NULL : balance;
    range->rotated = _i;
    if (_i && !attention) {
      range->outputs = p == PL_NN_HEAD ? TINY_VOCAB : p == PL_NN_GATE || p == PL_NN_UP ? shape.ffn
                       : p == PL_NN_K || p == PL_NN_V ? shape.dim / shape.heads * shape.kv_heads : shape.dim;
      ck_assert_int_le(range->outputs, WIDEST);
      range->room = room;
    }
    float *got = logits_of(&image, 1u << p, ranges, N);
    const double d = distance(got, reference);
    ck_assert_msg(d > 1e-6 && d < 0.05, "%s: off by %g", pl_nn_product_names[p], d);
    free(got);
    *range = before;
  }
  free(ranges), free(reference);
}
END_TEST

START_TEST(converters_get_the_range_of_their_codes) { /* a DAC of 4 bits must not saturate at the largest code */
  pl_image image = image_of("ideal");
  ck_assert(pl_nn_code_limit(&image, 0) == 127 && pl_nn_code_limit(&image, 1) == 127);
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_DAC_A;
  image.reg[PL_REG_DAC_BITS_A] = 4;
  ck_assert(pl_nn_code_limit(&image, 0) == 112 && pl_nn_code_limit(&image, 1) == 127);
  image.reg[PL_REG_DAC_BITS_A] = 8;
  ck_assert_int_eq(pl_nn_code_limit(&image, 0), 127);
}
END_TEST

/* ---- Ranges ---- */

static pl_image adc_image(int bits) {
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_ADC;
  image.reg[PL_REG_CHANNELS] = 48;
  image.reg[PL_REG_ADC_BITS] = (uint32_t)bits;
  return image;
}

static pl_nn_ranges *ranges_for(const pl_image *image, pl_range_choice choice) {
  pl_nn_ranges *ranges;
  pl_error err;
  ck_assert_msg(!pl_nn_calibrate(model, image, PL_NN_ALL, ids, N, choice, NULL, NULL, &ranges, &err), "%s", err.text);
  return ranges;
}

START_TEST(calibration_pays) {
  pl_image image = adc_image(8);
  float *reference = logits_of(NULL, 0, NULL, N), *widest = logits_of(&image, PL_NN_ALL, NULL, N);
  pl_nn_ranges *max = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MAX, .percentile = 0}), *mse;
  mse = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MSE});
  float *with_max = logits_of(&image, PL_NN_ALL, max, N), *with_mse = logits_of(&image, PL_NN_ALL, mse, N);
  double wide = distance(widest, reference), d_max = distance(with_max, reference);
  double d_mse = distance(with_mse, reference);
  ck_assert_msg(d_max < 0.7 * wide && d_mse < 0.7 * wide, "widest %g, max %g, least squares %g", wide, d_max, d_mse);
  for (int l = 0; l <= shape.layers; l++)
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      int used = (l == shape.layers) == (p == PL_NN_HEAD);
      ck_assert(used ? mse->range[l][p].full_scale > 0 && mse->range[l][p].full_scale <= max->range[l][p].full_scale
                : max->range[l][p].full_scale == 0);
      ck_assert(max->range[l][p].full_scale <= 48 * 127 * 127);
    }
  free(max), free(mse), free(reference), free(widest), free(with_max), free(with_mse);
}
END_TEST

START_TEST(largest_sum_never_clips) { /* on the text it was found on, with enough bits to change nothing before it */
  pl_image image = adc_image(16);
  pl_nn_ranges *ranges = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MAX, .percentile = 0});
  for (int l = 0; l <= shape.layers; l++)
    for (int p = 0; p < PL_NN_PRODUCTS; p++) {
      ranges->range[l][p].full_scale *= 1.1; /* later layers see another past */
      ranges->range[l][p].heads = 0;         /* the product's own, for all heads */
    }
  pl_counters counters;
  pl_counters_reset(device);
  free(logits_of(&image, PL_NN_ALL, ranges, N));
  ck_assert(!pl_get_counters(device, &counters, NULL));
  ck_assert_uint_gt(counters.reads, 1000);
  /* Masked scores are computed but not calibrated for; they may clip, nothing else. */
  free(logits_of(&image, PL_NN_ALL & ~(1u << PL_NN_SCORES), ranges, N));
  pl_counters_reset(device);
  free(logits_of(&image, PL_NN_ALL & ~(1u << PL_NN_SCORES), ranges, N));
  ck_assert(!pl_get_counters(device, &counters, NULL));
  ck_assert_uint_eq(counters.clipped, 0);
  for (int l = 0; l <= shape.layers; l++)
    for (int p = 0; p < PL_NN_PRODUCTS; p++) ranges->range[l][p].full_scale /= 3; /* the counter does count */
  free(logits_of(&image, PL_NN_ALL & ~(1u << PL_NN_SCORES), ranges, N));
  ck_assert(!pl_get_counters(device, &counters, NULL));
  ck_assert_uint_gt(counters.clipped, 10);
  free(ranges);
}
END_TEST

/* Multiplies exactly and keeps the largest read of each product. */
static void keep_largest(void *self, int layer, pl_nn_product p, const pl_job *job) {
  double(*largest)[PL_NN_PRODUCTS] = self;
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++) {
      int32_t sum = 0;
      for (int first = 0; first < job->k; first += 48) {
        int32_t read = 0;
        for (int k = first; k < job->k &&
             k < first + 48; k++) read += job->a[i * job->lda + k] * job->b[j * job->ldb + k];
        largest[layer][p] = fmax(largest[layer][p], abs(read));
        sum += read;
      }
      job->c[i * job->ldc + j] = sum;
    }
}

START_TEST(largest_sums_do_not_depend_on_batches) { /* masked scores must not count: here there are none */
  pl_image image = adc_image(8);
  pl_nn_ranges *max = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MAX, .percentile = 0});
  double largest[3][PL_NN_PRODUCTS] = {0};
  pl_nn_optics *optics;
  pl_error err;
  float *logits = malloc(logit_bytes);
  ck_assert(!pl_optics_new_observed(model, &image, PL_NN_ALL, keep_largest, largest, &optics, &err));
  read_all(optics, 1, logits);
  for (int l = 0; l <= shape.layers; l++)
    for (int p = 0; p < PL_NN_PRODUCTS; p++)
      ck_assert_msg(max->range[l][p].full_scale == largest[l][p], "layer %d, %s: %g, want %g", l, pl_nn_product_names[p],
                    max->range[l][p].full_scale, largest[l][p]);
  pl_nn_optics_free(optics);
  free(logits);
  free(max);
}
END_TEST

/* The light of every read of one product, from the golden model. */
typedef struct {
  pl_model_regs regs;
  double sum, reads;
} light_sum;

static void sum_light(void *self, int layer, pl_nn_product p, const pl_job *job) {
  light_sum *l = self;
  const int reads = (job->k + l->regs.channels - 1) / l->regs.channels;
  l->regs.depth = job->k;
  for (int i = 0; i < job->m; i++)
    for (int j = 0; j < job->n; j++) {
      int32_t sum = 0;
      for (int k = 0; k < job->k; k++) sum += job->a[i * job->lda + k] * job->b[j * job->ldb + k];
      job->c[i * job->ldc + j] = sum;
      if (layer != 1 || p != PL_NN_UP) continue;
      for (int s = 0; s < reads; s++)
        l->sum += (double)pl_model_read(&l->regs, job->a + i * job->lda, job->b + j * job->ldb, 0, 0, s).sums.rails / 256;
      l->reads += reads;
    }
}

START_TEST(mean_light_is_that_of_the_reads) {
  pl_image image = image_of("optical-transformers");
  image.reg[PL_REG_CHANNELS] = 48; /* tails of 16 */
  pl_nn_ranges *ranges = ranges_for(&image, pl_range_default);
  light_sum light = {0};
  pl_nn_optics *optics;
  pl_error err;
  float *logits = malloc(logit_bytes);
  pl_model_unpack(&image, &light.regs);
  const pl_nn_settings settings = {.image = image, .products = PL_NN_ALL, .ranges = ranges}; /* the same operands */
  const pl_optics_watch how = {.observer = sum_light, .self = &light};
  ck_assert(!pl_optics_new_watched(model, &settings, &how, &optics, &err));
  read_all(optics, N, logits);
  const double want = light.sum / light.reads, got = ranges->range[1][PL_NN_UP].mean_light;
  ck_assert_msg(fabs(got / want - 1) < 1e-6 && want > 1000, "mean light %g, want %g", got, want);
  image.reg[PL_REG_KIND] = PL_KIND_COHERENT;
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_ADC;
  pl_nn_ranges *coherent = ranges_for(&image, pl_range_default);
  ck_assert(coherent->range[1][PL_NN_UP].mean_light == 0); /* nothing there is proportional to it */
  pl_nn_optics_free(optics);
  free(logits), free(ranges), free(coherent);
}
END_TEST

START_TEST(percentiles_are_ordered) {
  pl_image image = adc_image(8);
  pl_nn_ranges *half = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_PERCENTILE, .percentile = 50});
  pl_nn_ranges *most = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_PERCENTILE, .percentile = 99});
  pl_nn_ranges *max = ranges_for(&image, (pl_range_choice){.rule = PL_RANGE_MAX, .percentile = 0});
  for (int p = 0; p < PL_NN_HEAD; p++)
    ck_assert(half->range[0][p].full_scale < most->range[0][p].full_scale && most->range[0][p].full_scale < max->range[0][p].full_scale);
  pl_nn_ranges *none;
  pl_error err;
  pl_range_choice bad = {.rule = PL_RANGE_PERCENTILE, .percentile = 101};
  ck_assert_int_eq(pl_nn_calibrate(model, &image, PL_NN_ALL, ids, N, bad, NULL, NULL, &none, &err), PL_E_INPUT);
  free(half), free(most), free(max);
}
END_TEST

START_TEST(range_files) {
  char path[] = "/tmp/photolane-ranges-XXXXXX";
  close(mkstemp(path));
  pl_image image = adc_image(8), other = image;
  pl_nn_ranges *ranges, *back;
  pl_error err;
  ck_assert_msg(!pl_nn_calibrate_builtin(model, &image, PL_NN_ALL, pl_range_default, NULL, NULL, &ranges, &err), "%s",
                err.text);
  ck_assert_msg(!pl_nn_ranges_save(ranges, path, &err), "%s", err.text);
  ck_assert_msg(!pl_nn_ranges_load(path, &back, &err), "%s", err.text);
  ck_assert(back->layers == ranges->layers && back->channels == 48 && back->adc_bits == 8);
  int balanced = 0, rotated = 0, roomy = 0;
  for (int i = 0; i < (shape.layers + 1) * PL_NN_PRODUCTS; i++) {
    const pl_nn_range *x = &ranges->range[i / PL_NN_PRODUCTS][i % PL_NN_PRODUCTS];
    const pl_nn_range *y = &back->range[i / PL_NN_PRODUCTS][i % PL_NN_PRODUCTS];
    ck_assert(x->full_scale == y->full_scale && x->mean_light == y->mean_light);
    ck_assert_double_eq_tol(x->clipped, y->clipped, 1e-12); /* text of 15 digits */
    ck_assert(x->input_full_scale == y->input_full_scale && x->inputs == y->inputs);
    ck_assert((x->balance != NULL) == (y->balance != NULL) && (x->offset != NULL) == (y->offset != NULL));
    ck_assert(!x->balance || !memcmp(x->balance, y->balance, (size_t)x->inputs));
    ck_assert(!x->offset || !memcmp(x->offset, y->offset, sizeof *x->offset * (size_t)x->inputs));
    ck_assert(x->heads == y->heads);
    if (x->heads) ck_assert(!memcmp(x->head_full_scale, y->head_full_scale, sizeof(float) * (size_t)x->heads));
    ck_assert(x->rotated == y->rotated && x->outputs == y->outputs && (x->room != NULL) == (y->room != NULL));
    if (x->room) ck_assert(!memcmp(x->room, y->room, (size_t)x->outputs));
    balanced += x->balance != NULL, rotated += x->rotated, roomy += x->room != NULL;
  }
  ck_assert_int_eq(rotated, shape.layers * (PL_NN_PRODUCTS - 1) + 1);
  ck_assert(balanced > 0 && roomy > 0);
  ck_assert(!pl_nn_ranges_check(back, model, &image, &err));
  other.reg[PL_REG_CHANNELS] = 64;
  ck_assert(pl_nn_ranges_check(back, model, &other, &err) == PL_E_INPUT && strstr(err.text, "64"));
  other = image, other.reg[PL_REG_ADC_BITS] = 7;
  ck_assert_int_eq(pl_nn_ranges_check(back, model, &other, &err), PL_E_INPUT);
  ck_assert_int_eq(pl_nn_ranges_save(ranges, "/nonexistent/x", &err), PL_E_INPUT);
  free(ranges), free(back);

  static const char *const bad[] = {"", "{", "[]", "{\"format\":\"photolane-ranges-3\"}",
                                    "{\"format\":\"photolane-ranges-4\"}",
                                    "{\"format\":\"photolane-ranges-2\"}",
                                    "{\"format\":\"photolane-ranges-3\",\"layers\":2,\"channels\":48,\"adc_bits\":8,"
                                    "\"limit_a\":127,\"limit_b\":127,\"full_scale\":{\"q\":[1]}}",
                                    "{\"format\":\"photolane-ranges-3\",\"layers\":1e9,\"channels\":48}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FILE *f = fopen(path, "w");
    fputs(bad[i], f);
    fclose(f);
    ck_assert_int_eq(pl_nn_ranges_load(path, &back, &err), PL_E_INPUT);
    ck_assert(!back && strstr(err.text, path));
  }
  unlink(path);
  ck_assert_int_eq(pl_nn_ranges_load(path, &back, &err), PL_E_INPUT);
}
END_TEST

/* Replaces all of `old` in a file by `new`, which is as long. Returns how many there were. */
static int replace_in(const char *path, const char *old, const char *new) {
  enum { ROOM = 1 << 20 };
  static char text[ROOM];
  int count = 0;
  FILE *f = fopen(path, "r+");
  text[fread(text, 1, ROOM - 1, f)] = 0;
  for (char *at = text; (at = strstr(at, old)); count++) memcpy(at, new, strlen(old));
  rewind(f);
  fputs(text, f);
  fclose(f);
  return count;
}

START_TEST(range_files_of_before) { /* format 3 knew no rotation; what it had comes back */
  char path[] = "/tmp/photolane-ranges-XXXXXX";
  close(mkstemp(path));
  pl_image image = adc_image(8);
  pl_range_choice choice = pl_range_default;
  pl_nn_ranges *turned = ranges_for(&image, choice), *ranges, *back;
  pl_error err;
  choice.rotate = 0;
  ranges = ranges_for(&image, choice);
  ck_assert(!pl_nn_ranges_save(ranges, path, &err));
  ck_assert_int_eq(replace_in(path, "photolane-ranges-4", "photolane-ranges-3"), 1);
  ck_assert_int_eq(replace_in(path, "\"rotated\"", "\"unknown\"") + replace_in(path, "\"room\"", "\"none\""), 2);
  ck_assert_msg(!pl_nn_ranges_load(path, &back, &err), "%s", err.text);
  float *want = logits_of(&image, PL_NN_ALL, ranges, N), *got = logits_of(&image, PL_NN_ALL, back, N);
  float *other = logits_of(&image, PL_NN_ALL, turned, N);
  ck_assert(!memcmp(want, got, logit_bytes) && memcmp(want, other, logit_bytes));
  free(back);
  ck_assert_int_eq(replace_in(path, "photolane-ranges-3", "photolane-ranges-4"), 1);
  ck_assert(pl_nn_ranges_load(path, &back, &err) == PL_E_INPUT && strstr(err.text, "rotated.q"));
  ck_assert_int_eq(replace_in(path, "\"unknown\"", "\"rotated\""), 1);
  ck_assert(pl_nn_ranges_load(path, &back, &err) == PL_E_INPUT && strstr(err.text, "room.q"));
  free(ranges), free(turned), free(want), free(got), free(other);
  unlink(path);
}
END_TEST

START_TEST(photons_are_not_turned) { /* measured: ranges.c */
  pl_image image = image_of("optical-transformers");
  pl_nn_ranges *ranges = ranges_for(&image, pl_range_default);
  for (int p = 0; p < PL_NN_PRODUCTS; p++) ck_assert(!ranges->range[0][p].rotated && !ranges->range[0][p].room);
  free(ranges);
}
END_TEST

/* ---- Two devices ---- */

START_TEST(two_devices_are_compared) {
  pl_device *second;
  pl_error err;
  pl_image image = wild_image(), other = image;
  ck_assert(!pl_open("model:", &second, &err) && !pl_configure(second, &image, &err));
  pl_nn_optics *optics = optics_for(&image, PL_NN_ALL, NULL, second);
  float *logits = malloc(logit_bytes);
  read_all(optics, N, logits);
  /* 7 matrices and 4 heads of scores in a layer, one job per token and head for the values, and the head */
  ck_assert_uint_eq(pl_nn_optics_products(optics), (uint64_t)shape.layers * (7 + 4 + 4 * N) + 1);

  other.reg[PL_REG_SEED]++;
  ck_assert(!pl_configure(second, &other, &err));
  pl_nn_context *ctx;
  ck_assert(!pl_nn_context_new(model, optics, N, &ctx, &err));
  ck_assert_int_eq(pl_nn_forward(ctx, ids, N, 0, logits, &err), PL_E_MISMATCH);
  ck_assert_msg(strstr(err.text, "job 0x00000000 (layer 0, q) at row 0, column 0"), "%s", err.text);
  ck_assert_int_eq(pl_nn_position(ctx), 0);
  pl_nn_context_free(ctx);
  pl_nn_optics_free(optics);
  pl_close(second);
  free(logits);
}
END_TEST

START_TEST(names_of_products) {
  unsigned mask;
  pl_error err;
  ck_assert(!pl_nn_parse_products("all", &mask, &err) && mask == PL_NN_ALL);
  ck_assert(!pl_nn_parse_products("none", &mask, &err) && mask == 0);
  ck_assert(!pl_nn_parse_products("q,down,head", &mask, &err) &&
            mask == (1u << PL_NN_Q | 1u << PL_NN_DOWN | 1u << PL_NN_HEAD));
  static const char *const bad[] = {"", "q,", ",q", "query", "q;k", "al"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_int_eq(pl_nn_parse_products(bad[i], &mask, &err), PL_E_INPUT);
  /* Job numbers never meet. */
  ck_assert_uint_eq(pl_nn_job(3, PL_NN_ATTN, 5), 0x00340005);
  ck_assert_uint_eq(pl_nn_job(4095, PL_NN_HEAD, 65535), 0xfff9ffff);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("quantized");
  TCase *tc = tcase_create("quantized");
  tcase_set_timeout(tc, 240);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, same_bits_lightening);
  tcase_add_test(tc, same_bits_intensity);
  tcase_add_test(tc, same_bits_rns);
  tcase_add_test(tc, same_bits_wild);
  tcase_add_loop_test(tc, same_bits_each_product, 0, PL_NN_PRODUCTS);
  tcase_add_test(tc, same_bits_long);
  tcase_add_test(tc, rows_are_absolute_positions);
  tcase_add_test(tc, no_optical_product_is_the_reference);
  tcase_add_test(tc, ideal_core_is_close_to_float);
  tcase_add_loop_test(tc, offsets_balance_and_rotation_change_no_product, 0, 2);
  tcase_add_test(tc, converters_get_the_range_of_their_codes);
  tcase_add_test(tc, calibration_pays);
  tcase_add_test(tc, largest_sum_never_clips);
  tcase_add_test(tc, largest_sums_do_not_depend_on_batches);
  tcase_add_test(tc, mean_light_is_that_of_the_reads);
  tcase_add_test(tc, percentiles_are_ordered);
  tcase_add_test(tc, range_files);
  tcase_add_test(tc, range_files_of_before);
  tcase_add_test(tc, photons_are_not_turned);
  tcase_add_test(tc, two_devices_are_compared);
  tcase_add_test(tc, names_of_products);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
