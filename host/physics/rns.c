/* rns.c: the residue core in double precision: draws of a detector read and exact chances of its level errors.
 *
 * For each modulus m, with the sum y of the mantissas' products:
 *
 *   phase        phi = 2 pi (y / m + s g)                      s: accumulated phase noise, turns  [Mirage, Eqs 10, 12]
 *   detection    I = cos phi + n g,  Q = sin phi + n g         n = 1 / amplitude_snr                [Mirage, IV-A3]
 *   level        r = round(m atan2(Q, I) / 2 pi) mod m         derived; the paper does not give a decoder
 *   value        the x with x = r_i (mod m_i) for all i, centred around 0
 *
 * Mirage = Demirkiran et al., arXiv 2311.17323v2, ISCA 2024.
 */
#include <math.h>
#include <stdlib.h>

#include "physics/rns.h"

#define PI 3.14159265358979323846

pl_status pl_rns_init(pl_rns *core, const pl_physics *p, pl_error *err) {
  if (p->kind != PL_KIND_RNS || p->channels < 1 || p->channels > 4096 || p->moduli_k < 4 || p->moduli_k > 8)
    return pl_fail(err, PL_E_INPUT, "this is no residue core of 1 to 4096 channels with moduli_k of 4 to 8");
  *core = (pl_rns){.channels = p->channels, .residues = (p->effects & PL_EFFECT_RESIDUES) != 0};
  core->moduli = pl_rns_moduli(p, core->modulus);
  for (int i = 0; i < core->moduli; i++) core->phase_rms_turns[i] = pl_phase_rms_turns(p, core->modulus[i]);
  if (p->effects & PL_EFFECT_THERMAL) core->noise_rms_amplitude = 1 / p->amplitude_snr;
  if (p->effects & PL_EFFECT_ADC) core->adc_bits = p->adc_bits, core->adc_full_scale = p->adc_full_scale_amplitude;
  if (p->effects & PL_EFFECT_BFP) core->mantissa_bits = p->mantissa_bits;
  core->range_check = (p->effects & PL_EFFECT_RANGE_CHECK) != 0;
  core->range_limit = p->range_limit_code2 > 0 ? nearbyint(p->range_limit_code2)
                                               : fmin(pl_largest_sum_code2(p), pl_moduli_range(p));
  return PL_OK;
}

/* ---- Detection ---- */

static double convert(const pl_rns *core, double amplitude) {
  if (!core->adc_bits) return amplitude;
  const double half = ldexp(1, core->adc_bits - 1);
  return fmin(half - 1, fmax(-half, floor(amplitude * half / core->adc_full_scale + 0.5)));
}

int pl_rns_receive(const pl_rns *core, int i, int sent, const pl_random *random) {
  const int m = core->modulus[i];
  double turns = (double)sent / m;
  if (core->phase_rms_turns[i] > 0) turns += core->phase_rms_turns[i] * pl_random_normal(random);
  double in_phase = cos(2 * PI * turns), quadrature = sin(2 * PI * turns);
  if (core->noise_rms_amplitude > 0) {
    in_phase += core->noise_rms_amplitude * pl_random_normal(random);
    quadrature += core->noise_rms_amplitude * pl_random_normal(random);
  }
  const double angle = atan2(convert(core, quadrature), convert(core, in_phase));
  return ((int)nearbyint(angle / (2 * PI) * m) + m) % m;
}

/* ---- Residues to values ---- */

static int64_t remainder_of(int64_t x, int64_t m) { return ((x % m) + m) % m; }

/* The x of smallest magnitude that has these residues: one modulus after the other, in steps of the product so far. */
static int64_t smallest_value(const int *residue, const int *modulus, int count) {
  int64_t x = residue[0], product = modulus[0];
  for (int i = 1; i < count; i++) {
    while (remainder_of(x, modulus[i]) != residue[i]) x += product; /* at most modulus[i] - 1 steps */
    product *= modulus[i];
  }
  return 2 * x > product - 1 ? x - product : x;
}

pl_rns_verdict pl_rns_decode(const pl_rns *core, const int residue[5], int64_t *value) {
  const int n = core->moduli, redundant = n - 3, wanted = redundant == 2 ? n - 1 : n;
  if (!redundant) {
    *value = smallest_value(residue, core->modulus, 3);
    if (!core->range_check || fabs((double)*value) <= core->range_limit) return PL_RNS_PLAIN;
    return *value = 0, PL_RNS_DETECTED;
  }
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++)
      for (int k = j + 1; k < n; k++) {
        const int r[3] = {residue[i], residue[j], residue[k]};
        const int m[3] = {core->modulus[i], core->modulus[j], core->modulus[k]};
        const int64_t x = smallest_value(r, m, 3);
        int agree = 0;
        for (int l = 0; l < n; l++) agree += remainder_of(x, core->modulus[l]) == residue[l];
        if (fabs((double)x) > core->range_limit || agree < wanted) continue;
        *value = x;
        return agree == n ? PL_RNS_PLAIN : PL_RNS_CORRECTED;
      }
  return *value = 0, PL_RNS_DETECTED;
}

/* ---- One read ---- */

/* The exponent that the group shares: how far its largest magnitude exceeds the mantissa. */
static int shared_exponent(const pl_rns *core, const int8_t *code, int count) {
  int exponent = 0;
  if (!core->mantissa_bits) return 0;
  for (int i = 0; i < count; i++)
    while (abs(code[i]) >= ldexp(1, core->mantissa_bits + exponent)) exponent++;
  return exponent;
}

pl_rns_drawn pl_rns_draw(const pl_rns *core, const int8_t *a, const int8_t *b, int count, const pl_random *random) {
  pl_rns_drawn read = {0};
  const int ea = shared_exponent(core, a, count), eb = shared_exponent(core, b, count);
  for (int i = 0; i < count; i++)
    read.sum += (int64_t)(trunc(ldexp(a[i], -ea)) * trunc(ldexp(b[i], -eb)));
  read.decoded = read.sum;
  if (core->residues) {
    for (int i = 0; i < core->moduli; i++) {
      read.sent[i] = (int)remainder_of(read.sum, core->modulus[i]);
      read.received[i] = pl_rns_receive(core, i, read.sent[i], random);
    }
    read.verdict = pl_rns_decode(core, read.received, &read.decoded);
  }
  read.value_code2 = ldexp((double)read.decoded, ea + eb);
  return read;
}

/* ---- Chances ---- */

/* Chance that the angle of (1 + n g, n g) lies between `from` and pi, 0 <= from <= pi (Pawula, Rice, Roberts,
 * "Distribution of the phase angle between two vectors perturbed by Gaussian noise", IEEE Trans. Commun. 30, 1982; the
 * one-dimensional form is Craig's, MILCOM 1991): 1/(2 pi) times the integral over t of exp(-sin^2 from / (2 n^2 sin^2
 * t)), 0..pi - from. */
static double angle_beyond(double from, double n) {
  enum { STEPS = 128 };
  const double end = PI - from, s = sin(from) / n, farthest = from < PI / 2 ? s : 1 / n;
  if (from >= PI || farthest * farthest > 160) return 0; /* below 1e-34 */
  double sum = 0;
  for (int i = 0; i < STEPS; i++) { /* mid-points; the integrand is smooth and flat at 0 */
    const double t = (i + 0.5) / STEPS * end;
    sum += exp(-s * s / (2 * sin(t) * sin(t)));
  }
  return sum / STEPS * end / (2 * PI);
}

/* Chance that the angle error by I and Q alone, which is symmetric, lies below `angle`: any angle, errors in
 * -pi..pi. */
static double angle_below(double angle, double n) {
  if (angle >= PI) return 1;
  if (angle <= -PI) return 0;
  if (n <= 0) return angle > 0 ? 1 : angle < 0 ? 0 : 0.5;
  return angle >= 0 ? 1 - angle_beyond(angle, n) : angle_beyond(-angle, n);
}

/* Chance of an angle error in low..high (high - low below 2 pi) by I and Q, given that the phase is off by `phase`. */
static double between(double low, double high, double phase, double n) {
  const double turn = 2 * PI, base = turn * nearbyint(((low + high) / 2 - phase) / turn);
  double p = 0;
  for (int wrap = -1; wrap <= 1; wrap++) {
    const double shift = phase + base + wrap * turn;
    p += angle_below(high - shift, n) - angle_below(low - shift, n);
  }
  return p;
}

double pl_rns_level_chance(const pl_rns *core, int i, int levels) {
  const double step = 2 * PI / core->modulus[i], s = 2 * PI * core->phase_rms_turns[i], n = core->noise_rms_amplitude;
  const double low = (levels - 0.5) * step, high = (levels + 0.5) * step;
  if (s <= 0) return between(low, high, 0, n);
  if (n <= 0) { /* a normal deviate on a circle */
    double p = 0;
    for (int wrap = -3; wrap <= 3; wrap++)
      p += (erfc((low + 2 * PI * wrap) / s * M_SQRT1_2) - erfc((high + 2 * PI * wrap) / s * M_SQRT1_2)) / 2;
    return p;
  }
  enum { STEPS = 600 };
  const double reach = 8.5 * s;
  double p = 0;
  for (int j = 0; j < STEPS; j++) { /* the average over the phase noise */
    const double phase = ((j + 0.5) / STEPS * 2 - 1) * reach;
    p += exp(-phase * phase / (2 * s * s)) * between(low, high, phase, n);
  }
  return p * (2 * reach / STEPS) / (s * sqrt(2 * PI));
}
