/* compact_clocks.c: clocks of the compact core per encoded element and per detector read, as docs/compact.md has them.
 *
 *   compact_clocks SHAPE       (`make build/tests/lockstep/compact_clocks`)
 */
#include "array_support.h"

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
  uint64_t state = 1;
  printf("%-20s %8s %12s %12s\n", shape, "channels", "per element", "per read");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int channels = 16; channels <= 128; channels *= 8) {
      pl_model_regs r = draw_regs(&state, rows[i].effects);
      r.effects = rows[i].effects;
      r.channels = channels, r.depth = 128;
      r.rows = api->rows, r.cols = api->columns;
      static int8_t codes[8 * 128];
      static int32_t c[64];
      for (size_t n = 0; n < sizeof codes; n++) codes[n] = (int8_t)draw_in(&state, -128, 127);
      const pl_image image = words_of(&r);
      char error[400] = "";
      pl_array *array = api->create(0, error, sizeof error);
      if (!array || api->configure(array, image.reg, PL_REG_WORDS, error, sizeof error) ||
          api->load(array, 0, codes, r.depth, r.rows, r.depth, error, sizeof error) ||
          api->load(array, 1, codes, r.depth, r.cols, r.depth, error, sizeof error) ||
          api->run(array, c, r.cols, error, sizeof error)) {
        fprintf(stderr, "compact_clocks: %s\n", error);
        return 1;
      }
      pl_counters counters = {0};
      api->counters(array, &counters);
      const double elements = (double)(counters.encodings_a + counters.encodings_b);
      printf("%-20s %8d %12.1f %12.1f\n", rows[i].name, channels, (double)counters.load_cycles / elements,
             (double)counters.cycles / (double)counters.reads);
      api->destroy(array);
    }
  return 0;
}
