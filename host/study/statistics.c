/* statistics.c: see statistics.h. */
#include "study/statistics.h"

#include <math.h>
#include <string.h>

double pl_normal_quantile(double tail) {
  double low = -40, high = 40;
  for (int i = 0; i < 80; i++) {
    const double middle = (low + high) / 2;
    if (0.5 * erfc(middle * M_SQRT1_2) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

double pl_student_quantile(double tail, int freedom) {
  const double z = pl_normal_quantile(tail), z2 = z * z, n = freedom;
  return z * (1 + (z2 + 1) / (4 * n) + ((5 * z2 + 16) * z2 + 3) / (96 * n * n));
}

void pl_lsq_start(pl_lsq *l, int unknowns) {
  memset(l, 0, sizeof *l);
  l->unknowns = unknowns;
}

void pl_lsq_add(pl_lsq *l, const double *coefficient, double value, double error) {
  const double weight = 1 / (error * error);
  for (int i = 0; i < l->unknowns; i++) {
    for (int j = 0; j < l->unknowns; j++) l->matrix[i][j] += weight * coefficient[i] * coefficient[j];
    l->right[i] += weight * coefficient[i] * value;
  }
  l->square += weight * value * value;
  l->rows++;
}

/* Inverts by Gauss-Jordan with the diagonal as pivots, after scaling it to 1: the matrix is symmetric and positive. */
int pl_lsq_solve(const pl_lsq *l, pl_lsq_result *result) {
  const int n = l->unknowns;
  double work[PL_LSQ_MAX][2 * PL_LSQ_MAX] = {{0}}, scale[PL_LSQ_MAX];
  memset(result, 0, sizeof *result);
  for (int i = 0; i < n; i++) {
    if (!(l->matrix[i][i] > 0) || !isfinite(l->matrix[i][i])) return -1;
    scale[i] = 1 / sqrt(l->matrix[i][i]);
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) work[i][j] = l->matrix[i][j] * scale[i] * scale[j];
    work[i][n + i] = 1;
  }
  for (int p = 0; p < n; p++) {
    const double pivot = work[p][p];
    if (!(pivot > 1e-10)) return -1; /* what the unknowns before leave of this one */
    for (int j = 0; j < 2 * n; j++) work[p][j] /= pivot;
    for (int i = 0; i < n; i++) {
      const double factor = work[i][p];
      for (int j = 0; i != p && j < 2 * n; j++) work[i][j] -= factor * work[p][j];
    }
  }
  result->chi2 = l->square;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      result->covariance[i][j] = work[i][n + j] * scale[i] * scale[j];
      result->value[i] += result->covariance[i][j] * l->right[j];
    }
  for (int i = 0; i < n; i++) result->chi2 -= result->value[i] * l->right[i];
  return 0;
}
