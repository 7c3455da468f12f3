/* derive_coherent.c: registers of a coherent core.
 *
 * Notation: x, w operands in codes; F = photons_full_scale.
 *
 * Sources: LT = Zhu et al., "Lightening-Transformer", HPCA 2024, arXiv 2305.19533, with the noise model of the
 * authors' published code; the shot and thermal terms are ours (elementary photon counting).
 */
#include <math.h>

#include "physics/derive.h"

/* ---- Coupler (LT, authors' code): coupling length over wavelength of a directional coupler with a 100 nm gap ---- */

static double coupling_length(double um) {
  const double a = -5.44, b = 3.53, c = 0.185, d = 0.15, gap_um = 0.1;
  return (a * (um - 1.55) + b) * exp(gap_um / (c * (um - 1.55) + d));
}

double pl_coupler_imbalance(double wavelength_um) {
  double angle = PL_PI / 4 * coupling_length(1.55) / coupling_length(wavelength_um); /* 45 degrees = 50:50 at 1550 nm */
  double kappa = sin(angle) * sin(angle);
  return 2 * kappa - 1;
}

double pl_grid_um(int i, int count, double spacing_nm) {
  int place = i - count / 2;
  if (count % 2 == 0 && place >= 0) place++;
  return 1.55 + spacing_nm * 1e-3 * place;
}

double pl_crosstalk_field(const pl_physics *p) {
  return p->effects & PL_EFFECT_CROSSTALK ? pow(10, p->crosstalk_db / 20) : 0;
}

/* ---- Receiver noise ---- */

/* The largest magnitude of an encoded operand, code: the encoder clips at 4095/16, a Gaussian ends at 6.4 sigma. */
static double largest_field(const pl_physics *p, uint32_t effect, double rms) {
  const double field = 128 * (1 + (p->effects & effect ? 6.4 * rms : 0)) * (1 + pl_crosstalk_field(p));
  return field < 4095 / 16.0 ? field : 4095 / 16.0;
}

static pl_receiver receiver_noise(const pl_physics *p) {
  pl_receiver r = {.remedy = "give more photons_full_scale"};
  const double x = largest_field(p, PL_EFFECT_ENC_A, p->encoding_noise_rms_a);
  const double w = largest_field(p, PL_EFFECT_ENC_B, p->encoding_noise_rms_b);
  if (p->effects & PL_EFFECT_PHASE) {
    /* A product is x*w*cos(error), error normal with sigma s. Var[cos] = (1 - exp(-s^2))^2 / 2. P counts 256 code^4. */
    const double s = p->phase_noise_rms_deg * PL_PI / 180, lost = -expm1(-s * s);
    r.per_power = 256 * lost * lost / 2;
    r.largest += r.per_power * p->channels * x * x * w * w / 256;
  }
  if (p->effects & PL_EFFECT_SHOT) {
    /* Both outputs of a coupler together carry (x^2 + w^2)/2 in units of F / 127^2 photons, the difference carries x*w.
     * Poisson counts: the variance of the difference is the mean of the sum. Back to code^2 with (127^2 / F)^2. */
    r.per_light = 1 / (2 * pl_photons_per_code2(p));
    r.largest += r.per_light * p->channels * (x * x + w * w);
  }
  if (p->effects & PL_EFFECT_THERMAL) {
    r.constant = pow(p->thermal_noise_rms_photons / pl_photons_per_code2(p), 2);
    r.largest += r.constant;
  }
  return r;
}

/* ---- The image ---- */

pl_status pl_derive_coherent(const pl_physics *p, pl_image *image, pl_error *err) {
  pl_status status;
  uint32_t *reg = image->reg;
  reg[PL_REG_WAVELENGTHS] = (uint32_t)p->wavelengths;
  if (p->effects & PL_EFFECT_ENC_A &&
      (status = pl_derive_fixed(p->encoding_noise_rms_a, 18, 65535, "encoding_noise_rms_a", &reg[PL_REG_ENC_SIGMA_A],
                                err)))
    return status;
  if (p->effects & PL_EFFECT_ENC_B &&
      (status = pl_derive_fixed(p->encoding_noise_rms_b, 18, 65535, "encoding_noise_rms_b", &reg[PL_REG_ENC_SIGMA_B],
                                err)))
    return status;
  if (p->effects & PL_EFFECT_OUTPUT &&
      (status = pl_derive_fixed(p->output_noise_rms, 16, 65535, "output_noise_rms", &reg[PL_REG_OUTPUT_SIGMA], err)))
    return status;
  if (p->effects & PL_EFFECT_CROSSTALK &&
      (status = pl_derive_fixed(pl_crosstalk_field(p), 15, 16384, "the field ratio 10^(crosstalk_db / 20)",
                                &reg[PL_REG_CROSSTALK], err)))
    return status;
  if (p->effects & PL_EFFECT_PHASE) {
    const double s = p->phase_noise_rms_deg * PL_PI / 180; /* E[cos] = exp(-s^2/2) */
    status = pl_derive_fixed(-expm1(-s * s / 2), 24, 1048575, "the phase noise's mean loss 1 - exp(-s^2/2)",
                             &reg[PL_REG_PHASE_LOSS], err);
    if (status) return status;
  }
  if (p->effects & PL_EFFECT_DISPERSION)
    for (int i = 0; i < p->wavelengths; i++) {
      const double e = pl_coupler_imbalance(pl_grid_um(i, p->wavelengths, p->wavelength_spacing_nm));
      if (!(fabs(e) <= 0.5))
        return pl_fail(err, PL_E_INPUT,
                       "the coupler's imbalance at wavelength %d is %g but registers hold -0.5 to 0.5: use "
                       "a smaller wavelength_spacing_nm", i, e);
      reg[PL_REG_DISPERSION + i] = (uint32_t)(int32_t)nearbyint(ldexp(e, 15));
    }
  const pl_receiver noise = receiver_noise(p);
  if ((status = pl_derive_receiver(&noise, image, err))) return status;
  return pl_derive_adc(p, image, err);
}
