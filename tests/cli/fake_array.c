/* fake_array.c: an array plug-in without RTL, for testing how host/device/rtl.c cuts jobs into tiles.
 *
 * A 2 x 3 x 64 array with operand buffers as small as 4096 channels allow, so that even small jobs are cut along
 * rows, columns and depth. Computes by the golden model, but first checks what an array relies on: every tile fits
 * the buffers, and what is in a buffer was loaded under the registers it is now used with.
 *
 * tests/cli/test_tiles.sh builds it and runs `photolane verify` on it. load_cycles counts the words loaded.
 * With check=1 and FAKE_MISMATCH in the environment the "checker" finds a difference; with FAKE_BROKEN no operand can
 * be loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "model/operand.h"
#include "photolane/array.h"

enum { ROWS = 2, COLUMNS = 3, WIDTH = 64, A_WORDS = 81, B_WORDS = 67 };

typedef struct {
  int8_t *codes; /* NULL: free */
  int base, words, rows, depth;
  pl_model_regs regs; /* when it was loaded */
} operand;

struct pl_array {
  pl_model_regs regs;
  int base[2];                /* of A and of B, by the registers */
  operand in[2][A_WORDS]; /* what lies in the buffers */
  pl_counters counters;
  int check;
};

static int ceil_div(int a, int b) { return (a + b - 1) / b; }

static pl_array *create(int check, char *error, size_t size) {
  pl_array *array = calloc(1, sizeof *array);
  if (array) array->check = check;
  else snprintf(error, size, "out of memory");
  return array;
}

static void destroy(pl_array *array) {
  for (int i = 0; i < A_WORDS; i++) free(array->in[0][i].codes), free(array->in[1][i].codes);
  free(array);
}

static int no_trace(pl_array *array, const char *file, uint64_t from, uint64_t to, char *error, size_t size) {
  (void)array, (void)file, (void)from, (void)to;
  snprintf(error, size, "this array has no signals");
  return -1;
}

static void no_stall(pl_array *array, uint32_t seed) { (void)array, (void)seed; }

static int configure(pl_array *array, const uint32_t *words, int count, char *error, size_t size) {
  pl_image image;
  pl_error err;
  if (count != PL_REG_WORDS) return snprintf(error, size, "%d words instead of %d", count, PL_REG_WORDS), -1;
  memcpy(image.reg, words, sizeof image.reg);
  if (pl_image_check(&image, &err)) return snprintf(error, size, "%s", err.text), -1;
  pl_model_unpack(&image, &array->regs);
  array->base[0] = (int)image.reg[PL_REG_A_BASE];
  array->base[1] = (int)image.reg[PL_REG_B_BASE];
  return 0;
}

static int load(pl_array *array, int which, const int8_t *codes, int64_t ld, int rows, int depth, char *error,
                size_t size) {
  operand *o = NULL;
  const pl_model_regs *r = &array->regs;
  const int base = array->base[which];
  if (getenv("FAKE_BROKEN")) return snprintf(error, size, "broken"), -1;
  int words = pl_array_group_words(depth, r->channels, WIDTH) * ceil_div(rows, which ? COLUMNS : ROWS);
  if (base + words > (which ? B_WORDS : A_WORDS))
    return snprintf(error, size, "operand %d needs %d words from %d on", which, words, base), -1;
  if (depth != r->depth || rows != (which ? r->cols : r->rows))
    return snprintf(error, size, "operand %d is loaded as %d x %d, against the registers", which, rows, depth), -1;
  for (int i = 0; i < A_WORDS; i++) { /* what lay there is gone */
    operand *other = &array->in[which][i];
    if (other->codes && other->base < base + words && base < other->base + other->words) {
      free(other->codes);
      other->codes = NULL;
    }
    if (!other->codes) o = other;
  }
  o->base = base, o->words = words;
  o->codes = malloc((size_t)rows * (size_t)depth);
  if (!o->codes) return snprintf(error, size, "out of memory"), -1;
  for (int i = 0; i < rows; i++) memcpy(o->codes + (size_t)i * (size_t)depth, codes + i * ld, (size_t)depth);
  o->rows = rows, o->depth = depth, o->regs = *r;
  array->counters.load_cycles += (uint64_t)words;
  return 0;
}

/* What lies at the base and was loaded for this tile. A depends on everything but the ADC and the position of B; B on what
 * pl_operand_key says. */
static const operand *find(const pl_array *array, int which) {
  const operand *o = NULL;
  for (int i = 0; i < A_WORDS && !o; i++)
    if (array->in[which][i].codes && array->in[which][i].base == array->base[which]) o = &array->in[which][i];
  if (!o) return NULL;
  pl_model_regs then = o->regs, now = array->regs, then_key, now_key;
  pl_operand_key(&then, &then_key);
  pl_operand_key(&now, &now_key);
  if (which) return memcmp(&then_key, &now_key, sizeof then_key) ? NULL : o;
  then.adc_gain = now.adc_gain, then.adc_shift = now.adc_shift, then.adc_offset = now.adc_offset;
  then.adc_bits = now.adc_bits;
  then.col0 = now.col0, then.cols = now.cols;
  return memcmp(&then, &now, sizeof then) ? NULL : o;
}

static int run(pl_array *array, int32_t *c, int64_t ldc, char *error, size_t size) {
  const pl_model_regs *r = &array->regs;
  const operand *a = find(array, 0), *b = find(array, 1);
  if (!a || !b) return snprintf(error, size, "operand %s in the buffer is stale", a ? "B" : "A"), -1;
  if (array->check && getenv("FAKE_MISMATCH"))
    return snprintf(error, size, "row %u, column %u, sum %u: wrong", r->row0, r->col0, r->sum0), 1;
  int64_t clipped = pl_model_gemm(r, a->codes, r->depth, b->codes, r->depth, c, ldc, NULL);
  if (clipped < 0) return snprintf(error, size, "out of memory"), -1;
  uint64_t reads = (uint64_t)r->rows * (uint64_t)r->cols * (uint64_t)ceil_div(r->depth, r->channels);
  array->counters.clipped += (uint64_t)clipped;
  array->counters.reads += reads;
  return 0;
}

static void counters(pl_array *array, pl_counters *sum) {
  sum->reads += array->counters.reads;
  sum->clipped += array->counters.clipped;
  sum->load_cycles += array->counters.load_cycles;
  memset(&array->counters, 0, sizeof array->counters);
}

const pl_array_api *pl_array_get(void) {
  static const pl_array_api api = {
      .abi = PL_ARRAY_ABI, .build = "fake", .kind = PL_KIND_COHERENT,
      .rows = ROWS, .columns = COLUMNS, .width = WIDTH, .a_words = A_WORDS, .b_words = B_WORDS,
      .create = create, .destroy = destroy, .trace = no_trace, .stall = no_stall, .configure = configure,
      .load = load, .run = run, .counters = counters,
  };
  return &api;
}
