/* coherent_terms.c: what the fitted coherent core does to a pair of vectors (coherent_fit.h has the notation). */
#include "study/coherent_fit.h"

int pl_coherent_leaks(const coherent *c, int k) { return k > 0 && k % c->wavelengths > 0; }

static double field(const coherent *c, const int8_t *code, int k) {
  return code[k] + (pl_coherent_leaks(c, k) ? c->crosstalk.value * code[k - 1] : 0);
}

/* E X^2 */
static double field_square(const coherent *c, int operand, const int8_t *code, int k) {
  const double leaked = pl_coherent_leaks(c, k) ? c->crosstalk.value * code[k - 1] : 0, whole = code[k] + leaked;
  return whole * whole + c->encoding[operand].value * (code[k] * code[k] + leaked * leaked);
}

terms pl_coherent_terms(const coherent *c, const int8_t *a, const int8_t *b) {
  terms t = {0};
  const double g = c->gain.value, kappa = c->crosstalk.value;
  for (int k = 0; k < c->length; k++) {
    const int next = k + 1 < c->length && pl_coherent_leaks(c, k + 1);
    const double e = c->imbalance[k % c->wavelengths].value, x = field(c, a, k), w = field(c, b, k);
    const double x2 = field_square(c, 0, a, k), w2 = field_square(c, 1, b, k);
    double by_a = g * w + e * x, by_b = g * x - e * w;
    if (next) {
      const double e_next = c->imbalance[(k + 1) % c->wavelengths].value;
      const double x_next = field(c, a, k + 1), w_next = field(c, b, k + 1);
      by_a += kappa * (g * w_next + e_next * x_next);
      by_b += kappa * (g * x_next - e_next * w_next);
      t.inner += g * g * kappa * kappa * (a[k] * a[k] * b[k + 1] * b[k + 1] + a[k + 1] * a[k + 1] * b[k] * b[k]);
    }
    const double both = g * a[k] * b[k] * (1 + (next ? kappa * kappa : 0));
    t.inner += both * both;
    t.row += a[k] * a[k] * by_a * by_a;
    t.column += b[k] * b[k] * by_b * by_b;
    t.product += x * w;
    t.dispersion += e * (x2 - w2) / 2;
    t.power += x2 * w2;
    t.light += x2 + w2;
  }
  return t;
}

double pl_coherent_mean(const coherent *c, const terms *t) {
  return c->offset + c->gain.value * t->product + t->dispersion;
}

double pl_coherent_residual(const coherent *c, const terms *t, double coefficient[VARIANCES]) {
  const double a = c->encoding[0].value, b = c->encoding[1].value, mean = pl_coherent_mean(c, t) - c->offset;
  coefficient[SHOT] = t->light;
  coefficient[THERMAL] = 1;
  coefficient[PHASE] = t->power;
  coefficient[OUTPUT] = mean * mean + a * t->row + b * t->column + a * b * t->inner;
  return a * b * t->inner;
}
