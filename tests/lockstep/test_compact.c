/* test_compact.c: the compact core (docs/compact.md) against the golden model, straight on its plug-ins: each effect alone,
 * pairs and all together, coordinates that wrap, the widest sums and variances, tiles one after the other anywhere in the
 * buffers, pauses.
 *
 *   test_compact [SHAPE ...]      default: 1x1x8c
 */
#include "array_support.h"

enum { MOST_SHAPES = 8, ROW_END = 1 << 24, COL_END = 1 << 20, SUM_END = 1 << 16 };
static const char *shapes[MOST_SHAPES] = {"1x1x8c"};
static const pl_array_api *apis[MOST_SHAPES];
static int shape_count = 1;

static const struct {
  const char *name;
  uint32_t effects;
} effects[] = {
    {"none", 0},
    {"converters", PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC},
    {"enc_a", PL_EFFECT_ENC_A},
    {"enc_b", PL_EFFECT_ENC_B},
    {"crosstalk", PL_EFFECT_CROSSTALK},
    {"dispersion", PL_EFFECT_DISPERSION},
    {"phase", PL_EFFECT_PHASE},
    {"output", PL_EFFECT_OUTPUT},
    {"shot", PL_EFFECT_SHOT},
    {"thermal", PL_EFFECT_THERMAL},
    {"receiver", PL_EFFECT_PHASE | PL_EFFECT_SHOT | PL_EFFECT_THERMAL},
    {"encoding", PL_EFFECT_ENC_A | PL_EFFECT_ENC_B | PL_EFFECT_CROSSTALK},
    {"all", 0x7ff},
};
enum { EFFECTS = sizeof effects / sizeof *effects };

/* A shape that fits both buffers. */
static void draw_tile(uint64_t *state, const pl_array_api *api, pl_model_regs *r) {
  do {
    r->channels = (int)draw_in(state, 1, 40);
    r->depth = (int)draw_in(state, 1, 90);
    r->rows = (int)draw_in(state, 1, 7);
    r->cols = (int)draw_in(state, 1, 7);
  } while (words_taken(api, r) > api->a_words || words_taken(api, r) > api->b_words);
}

START_TEST(one_effect) {
  const pl_array_api *api = apis[_i / EFFECTS];
  uint64_t state = test_seed("one_effect") + (uint64_t)_i;
  for (int n = 0; n < 12; n++) {
    pl_model_regs r = draw_regs(&state, effects[_i % EFFECTS].effects);
    r.effects = effects[_i % EFFECTS].effects;
    draw_tile(&state, api, &r);
    model_job job = job_new(&state, r);
    compare_tile(api, &job, effects[_i % EFFECTS].name);
    job_free(&job);
  }
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, one_effect, 0, shape_count * EFFECTS);
}

int main(int count, char **arguments) {
  if (count > 1 && count <= MOST_SHAPES)
    for (shape_count = 0; shape_count < count - 1; shape_count++) shapes[shape_count] = arguments[shape_count + 1];
  for (int i = 0; i < shape_count; i++) apis[i] = open_plugin(shapes[i]);
  return run_suite("compact", fill);
}
