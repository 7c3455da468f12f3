/* test_model_encoded.c: products with a B that was encoded before (host/model/operand.h).
 *   the same bits as pl_model_gemm, which encodes B anew, for random registers and any pieces B was encoded in
 *   a part of the columns of an encoded B serves a part of the job
 *   the key tells when an encoding holds: registers outside it do not matter to an encoding, those in it do
 *   what is allocated is what pl_operand_bytes says; running out of memory is told
 */
#include <malloc.h>
#include <sys/resource.h>

#include "model/operand.h"
#include "test_model_support.h"

/* B of the job, encoded in pieces of random height, the last one first. */
static pl_operand encode_in_pieces(uint64_t *state, const model_job *job) {
  const pl_model_regs *r = &job->r;
  pl_operand b;
  ck_assert_int_eq(pl_operand_alloc(&b, r, 1, r->cols), 0);
  for (int end = r->cols; end > 0;) {
    const int first = (int)draw_in(state, 0, end - 1);
    pl_operand_encode(&b, r, 1, job->b, r->depth, first, end - first, first);
    end = first;
  }
  return b;
}

/* Whether the job under the registers r, with b for its B, gives c and the clipped reads of pl_model_gemm. */
static int agrees(const model_job *job, const pl_model_regs *r, const pl_operand *b) {
  const size_t size = (size_t)r->rows * (size_t)r->cols * sizeof(int32_t);
  int32_t *expected = malloc(size), *got = malloc(size);
  ck_assert(expected && got);
  const int64_t clips = pl_model_gemm(r, job->a, r->depth, job->b, r->depth, expected, r->cols, NULL);
  const int64_t clips_got = pl_model_gemm_encoded(r, job->a, r->depth, b, 0, got, r->cols, NULL);
  const int same = clips == clips_got && !memcmp(expected, got, size);
  free(expected);
  free(got);
  return same;
}

START_TEST(same_bits) {
  uint64_t state = test_seed("same_bits");
  for (int i = 0; i < 600; i++) {
    const drawn_kind *kind = &drawn_kinds[i / 2 % DRAWN_KINDS];
    pl_model_regs r = kind->draw(&state, i % 2 ? kind->effects : (uint32_t)draw64(&state) & kind->effects);
    if (i % 50 == 0) r.effects = 0;
    if (i % 8 == 0) r.cols = (int)draw_in(&state, 120, 300); /* several blocks */
    model_job job = job_new(&state, r);
    pl_operand b = encode_in_pieces(&state, &job);
    for (int again = 0; again < 2; again++) { /* a product must not use its B up */
      if (!agrees(&job, &job.r, &b))
        ck_abort_msg("case %d: effects %03x, %d x %d x %d, %d channels", i, r.effects, r.rows, r.cols, r.depth,
                     r.channels);
      job.r.row0 += 100, job.r.adc_offset += 1000; /* of no concern to B */
    }
    pl_operand_free(&b);
    job_free(&job);
  }
}
END_TEST

START_TEST(parts_of_the_columns) {
  uint64_t state = test_seed("parts_of_the_columns");
  for (int i = 0; i < 100; i++) {
    const drawn_kind *kind = &drawn_kinds[i % DRAWN_KINDS];
    pl_model_regs r = kind->draw(&state, kind->effects);
    r.cols = (int)draw_in(&state, 2, 280);
    model_job job = job_new(&state, r);
    int64_t clips = job_run(&job);
    pl_operand b = encode_in_pieces(&state, &job);
    int32_t *c = malloc((size_t)r.rows * (size_t)r.cols * sizeof *c);
    const int cut = (int)draw_in(&state, 1, r.cols - 1);
    pl_model_regs left = r, right = r;
    left.cols = cut;
    right.cols -= cut;
    right.col0 += (uint32_t)cut;
    clips -= pl_model_gemm_encoded(&left, job.a, r.depth, &b, 0, c, r.cols, NULL);
    clips -= pl_model_gemm_encoded(&right, job.a, r.depth, &b, cut, c + cut, r.cols, NULL);
    ck_assert_mem_eq(c, job.c, (size_t)r.rows * (size_t)r.cols * sizeof *c);
    ck_assert_int_eq(clips, 0);
    free(c);
    pl_operand_free(&b);
    job_free(&job);
  }
}
END_TEST

/* In a test with these names: gives a register another value; `keeps` says whether the key should stay. */
#define CHANGE(name, value, keeps)                                                       \
  do {                                                                                   \
    job.r = r;                                                                           \
    job.r.name = (value);                                                                \
    pl_operand_key(&job.r, &after);                                                      \
    const int same = !memcmp(&before, &after, sizeof before);                            \
    ck_assert_msg(same == (keeps), #name ": the key %s", same ? "stays" : "changes");    \
    ck_assert_msg(agrees(&job, &job.r, &b) == (keeps), #name ": the encoding is %s",     \
                  (keeps) ? "wrong" : "right, but the key forbids it");                  \
    kept += same, lost += !same;                                                         \
  } while (0)

/* Every register in turn gets another value. If the key stays, the old encoding must serve; if not, it must be
 * wrong (else the key asks too much), at least with these noisy registers. */
START_TEST(key) {
  uint64_t state = test_seed("key");
  pl_model_regs r = draw_regs(&state, ALL_EFFECTS);
  r.channels = 24;
  r.wavelengths = 7;
  r.rows = 4;
  r.cols = 30;
  r.depth = 60;
  r.dac_bits_a = r.dac_bits_b = 6;
  r.enc_sigma_a = r.enc_sigma_b = 9000;
  model_job job = job_new(&state, r);
  pl_operand b = encode_in_pieces(&state, &job);
  pl_model_regs before, after;
  pl_operand_key(&r, &before);
  int kept = 0, lost = 0;
  CHANGE(seed, r.seed + 1, 0);
  CHANGE(job, r.job + 1, 0);
  CHANGE(col0, r.col0 + 1, 0);
  CHANGE(sum0, r.sum0 + 1, 0);
  CHANGE(wavelengths, 6, 0);
  CHANGE(dac_bits_b, 5, 0);
  CHANGE(enc_sigma_b, 9500, 0);
  CHANGE(crosstalk, r.crosstalk ^ 0x1fff, 0);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_CROSSTALK, 0);
  CHANGE(dispersion[6], (int16_t)(r.dispersion[6] ^ 0x3fff), 0);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_ENC_B, 0);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_DAC_B, 0);
  CHANGE(effects, r.effects & ~(uint32_t)(PL_EFFECT_ENC_A | PL_EFFECT_DAC_A), 1);
  CHANGE(effects, r.effects & ~(uint32_t)(PL_EFFECT_OUTPUT | PL_EFFECT_THERMAL), 1);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_ADC, 1);
  CHANGE(dac_bits_a, 5, 1);
  CHANGE(enc_sigma_a, 9500, 1);
  CHANGE(phase_loss, r.phase_loss ^ 0xffff, 1);
  CHANGE(phase_gain, r.phase_gain ^ 0xff, 1);
  CHANGE(phase_shift, 9, 1);
  CHANGE(output_sigma, r.output_sigma ^ 0xfff, 1);
  CHANGE(shot_gain, r.shot_gain ^ 0xff, 1);
  CHANGE(shot_shift, 5, 1);
  CHANGE(thermal_var, r.thermal_var + 1, 1);
  CHANGE(sigma_exp, 6, 1);
  CHANGE(adc_bits, 11, 1);
  CHANGE(adc_gain, 33000, 1);
  CHANGE(adc_shift, r.adc_shift + 1, 1);
  CHANGE(adc_offset, 7, 1);
  CHANGE(row0, r.row0 + 1, 1);
  CHANGE(rows, 3, 1);
  ck_assert_int_eq(kept, 19);
  ck_assert_int_eq(lost, 12);

  /* What an operand holds, and its shape: another key, but nothing to multiply with. */
  const uint32_t arrays[] = {PL_EFFECT_PHASE, PL_EFFECT_SHOT, PL_EFFECT_DISPERSION};
  for (int i = 0; i < 6; i++) {
    pl_model_regs other = r;
    if (i < 3) other.effects &= ~arrays[i];
    if (i == 3) other.channels++;
    if (i == 4) other.cols++;
    if (i == 5) other.depth--;
    pl_operand_key(&other, &after);
    ck_assert_msg(memcmp(&before, &after, sizeof before), "case %d", i);
  }
  pl_operand_free(&b);
  job_free(&job);
}
END_TEST

/* The same for the kind intensity: B draws nothing and has no gain errors, so that fewer registers matter. */
START_TEST(key_of_intensity) {
  uint64_t state = test_seed("key_of_intensity");
  pl_model_regs r = draw_intensity(&state, INTENSITY_EFFECTS);
  r.channels = 24;
  r.wavelengths = 7;
  r.rows = 4;
  r.cols = 30;
  r.depth = 60;
  r.dac_bits_a = r.dac_bits_b = 6;
  for (int i = 0; i < 128; i++) r.transfer[0][i] = r.transfer[1][i] = (uint16_t)(50 + 15 * i);
  model_job job = job_new(&state, r);
  pl_operand b = encode_in_pieces(&state, &job);
  pl_model_regs before, after;
  pl_operand_key(&r, &before);
  int kept = 0, lost = 0;
  CHANGE(dac_bits_b, 5, 0);
  CHANGE(transfer[1][0], 90, 0);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_TRANSFER_B, 0);
  CHANGE(effects, r.effects & ~(uint32_t)PL_EFFECT_DAC_B, 0);
  CHANGE(effects, r.effects & ~(uint32_t)(PL_EFFECT_TRANSFER_A | PL_EFFECT_DAC_A | PL_EFFECT_GAIN), 1);
  CHANGE(effects, r.effects & ~(uint32_t)(PL_EFFECT_SYSTEMATIC | PL_EFFECT_THERMAL | PL_EFFECT_ADC), 1);
  CHANGE(transfer[0][0], 90, 1);
  CHANGE(dac_bits_a, 5, 1);
  CHANGE(dispersion[6], (int16_t)(r.dispersion[6] ^ 0x3fff), 1);
  CHANGE(wavelengths, 6, 1);
  CHANGE(seed, r.seed + 1, 1);
  CHANGE(job, r.job + 1, 1);
  CHANGE(col0, r.col0 + 1, 1);
  CHANGE(sum0, r.sum0 + 1, 1);
  CHANGE(systematic_var, r.systematic_var + 1, 1);
  CHANGE(shot_gain, r.shot_gain ^ 0xff, 1);
  ck_assert_int_eq(kept, 12);
  ck_assert_int_eq(lost, 4);
  pl_model_regs other = r;
  other.kind = PL_KIND_COHERENT; /* other arrays */
  pl_operand_key(&other, &after);
  ck_assert_mem_ne(&before, &after, sizeof before);
  r.effects &= ~(uint32_t)PL_EFFECT_TRANSFER_B; /* then the table does not matter */
  pl_operand_key(&r, &before);
  r.transfer[1][0]++;
  pl_operand_key(&r, &after);
  ck_assert_mem_eq(&before, &after, sizeof before);
  const uint32_t lit[] = {PL_EFFECT_SHOT, PL_EFFECT_PHOTONS}; /* without both, no rails to multiply with */
  for (int i = 0; i < 2; i++) {
    pl_operand_key(&r, &before);
    r.effects &= ~lit[i];
    pl_operand_key(&r, &after);
    ck_assert_mem_ne(&before, &after, sizeof before);
  }
  pl_operand_free(&b);
  job_free(&job);
}
END_TEST

static size_t held(const pl_operand *op) {
  void *const arrays[] = {op->field, op->power, op->rails, op->light, op->dispersion};
  size_t bytes = 0;
  for (int i = 0; i < 5; i++) bytes += arrays[i] ? malloc_usable_size(arrays[i]) : 0;
  return bytes;
}

/* The bound of a cache is worth what this is worth: within a page and a per cent for each array. */
START_TEST(bytes) {
  uint64_t state = test_seed("bytes");
  for (int i = 0; i < 100; i++) {
    const drawn_kind *kind = &drawn_kinds[i % DRAWN_KINDS];
    pl_model_regs r = kind->draw(&state, (uint32_t)draw64(&state) & kind->effects);
    r.cols = (int)draw_in(&state, 1, 2000);
    pl_operand b;
    ck_assert_int_eq(pl_operand_alloc(&b, &r, 1, r.cols), 0);
    const uint64_t said = pl_operand_bytes(&r, 1, r.cols), is = held(&b);
#ifndef __SANITIZE_ADDRESS__
    ck_assert_msg(is <= said + said / 100 + 4 * 4096 && said <= is + 4 * 64, "case %d: %llu said, %llu used", i,
                  (unsigned long long)said, (unsigned long long)is);
#else
    ck_assert(said >= is && said <= is + 4 * 128);
#endif
    pl_operand_free(&b);
    ck_assert_uint_eq(held(&b), 0);
  }
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* it lives in terabytes of addresses, and aborts where malloc would fail */
START_TEST(memory_failure) {
  pl_model_regs r = {.effects = ALL_EFFECTS, .dac_bits_a = 8, .dac_bits_b = 8, .channels = 1, .wavelengths = 1,
                     .adc_bits = 8, .adc_shift = 1, .rows = 1, .cols = 1, .depth = 65536};
  static const int8_t codes[65536];
  int32_t c = 0;
  pl_operand b, large;
  ck_assert_int_eq(pl_operand_alloc(&b, &r, 1, 1), 0);
  pl_operand_encode(&b, &r, 1, codes, 0, 0, 1, 0);
  struct rlimit before, tight;
  ck_assert(!getrlimit(RLIMIT_AS, &before));
  tight = before;
  tight.rlim_cur = (rlim_t)1 << 30;
  ck_assert(!setrlimit(RLIMIT_AS, &tight));
  const int failed = pl_operand_alloc(&large, &r, 1, 1048576); /* 16 bytes an element, 1 TiB */
  r.rows = 16777215;
  const int64_t clips = pl_model_gemm_encoded(&r, codes, 0, &b, 0, &c, 0, NULL);
  setrlimit(RLIMIT_AS, &before);
  ck_assert_int_eq(failed, -1);
  ck_assert(!large.field && !large.power && !large.light && !large.dispersion);
  ck_assert_int_eq(clips, -1);
  pl_operand_free(&b);
}
END_TEST
#endif

static void fill(TCase *tests) {
  tcase_add_test(tests, same_bits);
  tcase_add_test(tests, parts_of_the_columns);
  tcase_add_test(tests, key);
  tcase_add_test(tests, key_of_intensity);
  tcase_add_test(tests, bytes);
#ifndef __SANITIZE_ADDRESS__
  tcase_add_test(tests, memory_failure);
#endif
}

int main(void) { return run_suite("model_encoded", fill); }
