/* ops.c: see ops.h. Formulas are derived in the comments where they are not one line of calculus. */
#include "train/ops.h"

#include <string.h>

#include "train/rng.h"

void op_rmsnorm(int n, int width, real eps, const real *x, const real *gain, real *y, real *inv) {
  for (int r = 0; r < n; r++, x += width, y += width) {
    real sum = 0;
    for (int i = 0; i < width; i++) sum += x[i] * x[i];
    real scale = 1 / real_sqrt(sum / width + eps);
    for (int i = 0; i < width; i++) y[i] = x[i] * scale * gain[i];
    inv[r] = scale;
  }
}

/* With s = 1/rms: ds/dx_i = -s^3 x_i / width, so dx_i = s g_i dy_i - x_i s^3/width * sum_j g_j dy_j x_j. */
void op_rmsnorm_back(int n, int width, const real *x, const real *gain, const real *inv, const real *dy, real *dx,
                     real *dgain) {
  for (int r = 0; r < n; r++, x += width, dy += width, dx += width) {
    real s = inv[r], dot = 0;
    for (int i = 0; i < width; i++) dot += gain[i] * dy[i] * x[i];
    real c = s * s * s / width * dot;
    for (int i = 0; i < width; i++) {
      dx[i] += s * gain[i] * dy[i] - c * x[i];
      dgain[i] += dy[i] * x[i] * s;
    }
  }
}

void op_rope_table(int context, int dim, double base, real *table) {
  for (int p = 0; p < context; p++) {
    for (int i = 0; i < dim; i += 2) {
      double angle = p * pow(base, -(double)i / dim);
      *table++ = (real)cos(angle);
      *table++ = (real)sin(angle);
    }
  }
}

void op_rope(int n, int context, int heads, int dim, const real *table, int sign, real *x, int ld) {
  for (int r = 0; r < n; r++, x += ld) {
    const real *row = table + (size_t)(r % context) * dim;
    for (int h = 0; h < heads; h++) {
      real *v = x + h * dim;
      for (int i = 0; i < dim; i += 2) {
        real c = row[i], s = sign * row[i + 1], a = v[i], b = v[i + 1];
        v[i] = a * c - b * s;
        v[i + 1] = a * s + b * c;
      }
    }
  }
}

void op_causal_softmax(int t, real *scores) {
  for (int r = 0; r < t; r++, scores += t) {
    real top = scores[0], sum = 0;
    for (int i = 1; i <= r; i++) top = scores[i] > top ? scores[i] : top;
    for (int i = 0; i <= r; i++) scores[i] = real_exp(scores[i] - top);
    for (int i = 0; i <= r; i++) sum += scores[i];
    real scale = 1 / sum;
    for (int i = 0; i <= r; i++) scores[i] *= scale;
    memset(scores + r + 1, 0, sizeof(real) * (size_t)(t - r - 1));
  }
}

void op_causal_softmax_back(int t, const real *p, real *dp) {
  for (int r = 0; r < t; r++, p += t, dp += t) {
    real dot = 0;
    for (int i = 0; i <= r; i++) dot += p[i] * dp[i];
    for (int i = 0; i <= r; i++) dp[i] = p[i] * (dp[i] - dot);
    memset(dp + r + 1, 0, sizeof(real) * (size_t)(t - r - 1));
  }
}

void op_swiglu(int n, int ff, const real *gate_up, real *y) {
  for (int r = 0; r < n; r++, gate_up += 2 * ff, y += ff) {
    const real *gate = gate_up, *up = gate_up + ff;
    for (int i = 0; i < ff; i++) y[i] = gate[i] / (1 + real_exp(-gate[i])) * up[i];
  }
}

/* silu(g) = g s(g) with the logistic s: its derivative is s (1 + g (1 - s)). */
void op_swiglu_back(int n, int ff, const real *gate_up, const real *dy, real *dgate_up) {
  for (int r = 0; r < n; r++, gate_up += 2 * ff, dgate_up += 2 * ff, dy += ff) {
    const real *gate = gate_up, *up = gate_up + ff;
    real *dgate = dgate_up, *dup = dgate_up + ff;
    for (int i = 0; i < ff; i++) {
      real s = 1 / (1 + real_exp(-gate[i]));
      dgate[i] = dy[i] * up[i] * s * (1 + gate[i] * (1 - s));
      dup[i] = dy[i] * gate[i] * s;
    }
  }
}

double op_cross_entropy(int n, int vocab, real *logits, const int *targets, real dlogits_scale, float *loss_each) {
  double total = 0;
  for (int r = 0; r < n; r++, logits += vocab) {
    real top = logits[0], sum = 0, picked = logits[targets[r]];
    for (int i = 1; i < vocab; i++) top = logits[i] > top ? logits[i] : top;
    for (int i = 0; i < vocab; i++) sum += real_exp(logits[i] - top);
    double loss = log(fmax((double)sum, 1)) + (double)(top - picked); /* the largest term is 1 */
    total += loss;
    if (loss_each) loss_each[r] = (float)loss;
    if (dlogits_scale == 0) continue;
    real scale = dlogits_scale / sum;
    for (int i = 0; i < vocab; i++) logits[i] = real_exp(logits[i] - top) * scale;
    logits[targets[r]] -= dlogits_scale;
  }
  return total;
}

/* One 32-bit hash per element (the finaliser of MurmurHash3), so that the loops vectorise. The normal deviate is the
 * sum of the hash's four bytes, standardised: mean 4 * 127.5, variance 4 * (256^2 - 1) / 12. */
static inline uint32_t mix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

void op_perturb(int64_t count, real drop, real sigma, uint64_t key, real *x) {
  uint32_t k0 = (uint32_t)rng_hash(key), k1 = (uint32_t)(rng_hash(key) >> 32);
  if (drop > 0) {
    uint32_t threshold = (uint32_t)(drop * (real)4294967040.0);
    real keep = 1 / (1 - drop);
    for (int64_t i = 0; i < count; i++) x[i] *= mix(((uint32_t)i ^ k0) * 0x9e3779b1u + k1) < threshold ? 0 : keep;
  }
  if (sigma > 0) {
    real step = sigma / (real)147.79824;
    for (int64_t i = 0; i < count; i++) {
      uint32_t h = mix(((uint32_t)i ^ k1) * 0x9e3779b1u + k0);
      int sum = (int)((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24)) - 510;
      x[i] *= 1 + step * (real)sum;
    }
  }
}
