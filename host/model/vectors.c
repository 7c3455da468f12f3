/* vectors.c: see vectors.h. Chooses an instruction set, and tells which jobs fit its lanes. */
#include "model/vectors.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "model/stages.h"

enum { GAUSS_MAX = 13107 }; /* more than the largest deviate */

extern const pl_vectors pl_vectors_avx512, pl_vectors_avx2, pl_vectors_neon;
static const pl_vectors scalar = {.name = "scalar"};

#if defined(__x86_64__) && defined(__GNUC__)
static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vnni");
}
static int has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }
#endif
static int has_always(void) { return 1; }

/* The best one first. */
static const struct {
  const pl_vectors *vectors;
  int (*is_there)(void);
} sets[] = {
#if defined(__x86_64__) && defined(__GNUC__)
    {&pl_vectors_avx512, has_avx512},
    {&pl_vectors_avx2, has_avx2},
#elif defined(__aarch64__) && defined(__GNUC__)
    {&pl_vectors_neon, has_always},
#endif
    {&scalar, has_always},
};
enum { SETS = sizeof sets / sizeof *sets };

static atomic_int chosen = -1; /* index in sets; -1: not yet asked for */

int pl_model_set_isa(const char *name) {
  for (int i = 0; i < SETS; i++)
    if ((!name || !strcmp(name, sets[i].vectors->name)) && sets[i].is_there()) {
      atomic_store_explicit(&chosen, i, memory_order_relaxed);
      return 0;
    }
  return -1;
}

static int choice(void) {
  int i = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (i >= 0) return i;
  const char *name = getenv("PHOTOLANE_ISA");
  if (!name || pl_model_set_isa(name)) pl_model_set_isa(NULL);
  return atomic_load_explicit(&chosen, memory_order_relaxed);
}

const char *pl_model_isa(void) { return sets[choice()].vectors->name; }
const pl_vectors *pl_vectors_chosen(void) { return sets[choice()].vectors; }

int pl_model_isa_at(int i, const char **name) {
  if (i < 0 || i >= SETS) return -1;
  *name = sets[i].vectors->name;
  return sets[i].is_there();
}

int pl_reads_fit(const pl_model_regs *r) {
  const uint32_t effects = r->effects;
  const int64_t depth = r->channels < r->depth ? r->channels : r->depth, limit = INT32_MAX;
  int64_t v = depth * PL_FIELD_MAX * PL_FIELD_MAX / 64 + 1; /* bound of |v| so far */
  if (depth > PL_READS_CHANNELS) return 0;
  if (effects & PL_EFFECT_DISPERSION) {
    int64_t most = 0;
    for (int i = 0; i < r->wavelengths; i++) {
      const int64_t size = r->dispersion[i] < 0 ? -r->dispersion[i] : r->dispersion[i];
      if (size > most) most = size;
    }
    const int64_t d = 2 * depth * ((PL_FIELD_MAX * PL_FIELD_MAX * most >> 16) + 1) + 32;
    if (d > limit) return 0;
    v += d / 64 + 1;
  }
  if (effects & PL_EFFECT_OUTPUT) {
    if (v > limit) return 0;
    v += (GAUSS_MAX * (v * (int64_t)r->output_sigma >> 16) >> 11) + 1;
  }
  if (effects & PL_EFFECTS_RECEIVER) {
    if (r->sigma_exp > 10) return 0;
    v += (GAUSS_MAX * INT64_C(65535) >> (11 - r->sigma_exp)) + 1;
  }
  if (v + 2 > limit) return 0;
  if (effects & PL_EFFECT_ADC) {
    v += r->adc_offset < 0 ? -(int64_t)r->adc_offset : r->adc_offset;
    if (v > limit || (v * (int64_t)r->adc_gain >> r->adc_shift) + 1 > limit) return 0;
  }
  return 1;
}
