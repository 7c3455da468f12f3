/* compact_clocks.c: clocks of the compact core per encoded element and per detector read, and products per clock of a
 * pass, as docs/compact.md has them.
 *
 *   compact_clocks SHAPE       (`make build/tests/lockstep/compact_clocks`)
 */
#include "array_support.h"

/* The counters of a tile of the array's size. */
static pl_counters counters_of(const pl_array_api *api, uint32_t effects, int channels, int depth) {
  static int8_t codes[8 * 128];
  static int32_t c[64];
  uint64_t state = 1;
  pl_model_regs r = draw_regs(&state, effects);
  r.effects = effects;
  r.channels = channels, r.depth = depth;
  r.rows = api->rows, r.cols = api->columns;
  for (size_t n = 0; n < sizeof codes; n++) codes[n] = (int8_t)draw_in(&state, -128, 127);
  const pl_image image = words_of(&r);
  char error[400] = "";
  pl_array *array = api->create(0, error, sizeof error);
  if (!array || api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error) ||
      api->load(array, 0, codes, r.depth, r.rows, r.depth, error, sizeof error) ||
      api->load(array, 1, codes, r.depth, r.cols, r.depth, error, sizeof error) ||
      api->run(array, c, r.cols, error, sizeof error)) {
    fprintf(stderr, "compact_clocks: %s\n", error);
    exit(1);
  }
  pl_counters counters = {0};
  api->counters(array, &counters);
  api->destroy(array);
  return counters;
}

/* Of a tile of one read: the products that 16 elements more are, by the clocks that they take more. */
static double products_per_clock(const pl_array_api *api, uint32_t effects) {
  const uint64_t more = counters_of(api, effects, 128, 128).cycles - counters_of(api, effects, 128, 112).cycles;
  return 16.0 * api->rows * api->columns / (double)more;
}

int main(int count, char **arguments) {
  const char *shape = count > 1 ? arguments[1] : "1x1x8c";
  const pl_array_api *api = open_plugin(shape);
  static const struct {
    const char *name;
    uint32_t effects;
  } rows[] = {{"none", 0},
              {"converters", PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC},
              {"converters, thermal", PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC | PL_EFFECT_THERMAL},
              {"all", 0x7ff}};
  printf("%-20s %8s %12s %12s\n", shape, "channels", "per element", "per read");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int channels = 16; channels <= 128; channels *= 8) {
      const pl_counters counters = counters_of(api, rows[i].effects, channels, 128);
      const double elements = (double)(counters.encodings_a + counters.encodings_b);
      printf("%-20s %8d %12.1f %12.1f\n", rows[i].name, channels, (double)counters.load_cycles / elements,
             (double)counters.cycles / (double)counters.reads);
    }
  printf("products per clock of a pass: %.2f, with encoding noise on B %.2f\n", products_per_clock(api, 0),
         products_per_clock(api, PL_EFFECT_ENC_B));
  return 0;
}
