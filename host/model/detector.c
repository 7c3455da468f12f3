/* detector.c: stages 5 to 8, one detector read alone: phase loss, dispersion, output and receiver noise. An effect that
 * a kind does not have is off, so one function serves coherent and intensity: only the light is another. */
#include "model/poisson.h"

uint32_t pl_isqrt(uint32_t v) { return pl_isqrt_of(v); }

/* The variance that the enabled effects add at the receiver. */
static uint32_t receiver_variance(const pl_model_regs *r, const pl_sums *sums) {
  const uint32_t light = r->kind == PL_KIND_INTENSITY ? pl_rail_light(sums->rails) : sums->light;
  uint64_t variance = 0;
  if (r->effects & PL_EFFECT_PHASE) variance += pl_variance_term(sums->power, r->phase_gain, r->phase_shift);
  if (r->effects & PL_EFFECT_SHOT) variance += pl_variance_term(light, r->shot_gain, r->shot_shift);
  if (r->effects & PL_EFFECT_SYSTEMATIC) variance += r->systematic_var;
  if (r->effects & PL_EFFECT_THERMAL) variance += r->thermal_var;
  return pl_variance_sum(variance);
}

/* What two photon counters receive. */
static int32_t counted(const pl_model_regs *r, const pl_sums *sums, uint32_t row, uint32_t col, uint32_t sum) {
  uint32_t count[2];
  for (int d = 0; d < 2; d++) {
    uint32_t words[2];
    pl_noise_block(r->seed, r->job, PL_NOISE_PHOTONS + d, row, col, sum, words);
    const uint64_t light = pl_plus_light(sums->rails, d ? -sums->product : sums->product);
    count[d] = pl_photon_count(pl_photon_mean(light, r->photon_gain, r->photon_shift), words);
  }
  return pl_photon_value(count[0], count[1], r->photon_step, r->photon_step_shift);
}

int32_t pl_detect(const pl_model_regs *r, const pl_sums *sums, uint32_t row, uint32_t col, uint32_t sum) {
  int32_t v = r->effects & PL_EFFECT_PHOTONS ? counted(r, sums, row, col, sum) : (int32_t)pl_rnd(sums->product, 6);
  if (r->effects & PL_EFFECT_PHASE) v = pl_phase_mean(v, r->phase_loss);
  if (r->effects & PL_EFFECT_DISPERSION) v += (int32_t)pl_rnd(sums->dispersion, 6);
  if (r->effects & (PL_EFFECT_OUTPUT | PL_EFFECTS_RECEIVER)) {
    uint32_t words[2];
    pl_noise_block(r->seed, r->job, PL_NOISE_READ, row, col, sum, words);
    if (r->effects & PL_EFFECT_OUTPUT) v = pl_output_noise(v, r->output_sigma, pl_gauss(words[0]));
    if (r->effects & PL_EFFECTS_RECEIVER) {
      const uint32_t sigma = pl_isqrt(receiver_variance(r, sums));
      v = pl_receiver_noise(v, sigma, r->sigma_exp, pl_gauss(words[1]));
    }
  }
  return v;
}
