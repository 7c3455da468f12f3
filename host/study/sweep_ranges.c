/* sweep_ranges.c: see sweep_ranges.h. */
#include "study/sweep_ranges.h"

#include <stdlib.h>
#include <string.h>

/* nn/ranges.h: ranges depend on channels, DAC and ADC bits; the mean light of an intensity core also on its transfer
 * tables. */
void pl_sweep_ranges_image(const pl_image *image, pl_image *reduced) {
  static const int looked_at[] = {PL_REG_KIND, PL_REG_CHANNELS, PL_REG_DAC_BITS_A, PL_REG_DAC_BITS_B, PL_REG_ADC_BITS};
  const uint32_t effects = PL_EFFECT_DAC_A | PL_EFFECT_DAC_B | PL_EFFECT_ADC | PL_EFFECT_TRANSFER_A |
                           PL_EFFECT_TRANSFER_B | PL_EFFECT_SYSTEMATIC;
  pl_image_reset(reduced);
  for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++)
    reduced->reg[looked_at[i]] = image->reg[looked_at[i]];
  reduced->reg[PL_REG_EFFECTS] = image->reg[PL_REG_EFFECTS] & effects;
  if (image->reg[PL_REG_EFFECTS] & (PL_EFFECT_TRANSFER_A | PL_EFFECT_TRANSFER_B))
    memcpy(reduced->reg + PL_REG_TABLES, image->reg + PL_REG_TABLES,
           sizeof *image->reg * (PL_REG_WORDS - PL_REG_TABLES));
}

pl_status pl_sweep_ranges_find(pl_sweep_ranges *kept, const pl_nn *model, unsigned products, const pl_sweep_point *point,
                               const pl_nn_ranges **ranges, pl_error *err) {
  pl_image image;
  pl_nn_ranges *found = NULL;
  *ranges = NULL;
  if (!pl_nn_needs_ranges(&point->image)) return PL_OK;
  pl_sweep_ranges_image(&point->image, &image);
  for (int i = 0; i < PL_SWEEP_RANGES_KEPT; i++)
    if (kept->kept[i].ranges && !memcmp(&kept->kept[i].image, &image, sizeof image) &&
        !strcmp(kept->kept[i].rule, point->range))
      return *ranges = kept->kept[i].ranges, PL_OK;
  const pl_status status = pl_nn_calibrate_builtin(model, &image, products, point->choice, NULL, NULL, &found, err);
  if (status) return status;
  const int at = kept->next;
  kept->next = (at + 1) % PL_SWEEP_RANGES_KEPT;
  free(kept->kept[at].ranges);
  kept->kept[at].image = image;
  strcpy(kept->kept[at].rule, point->range);
  *ranges = kept->kept[at].ranges = found;
  return PL_OK;
}

void pl_sweep_ranges_free(pl_sweep_ranges *kept) {
  for (int i = 0; i < PL_SWEEP_RANGES_KEPT; i++) free(kept->kept[i].ranges);
  memset(kept, 0, sizeof *kept);
}
