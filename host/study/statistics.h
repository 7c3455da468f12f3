/* statistics.h: quantiles and linear least squares for the fits of host/study. Pure functions; nothing allocates. */
#ifndef PHOTOLANE_STUDY_STATISTICS_H
#define PHOTOLANE_STUDY_STATISTICS_H

/* z with Q(z) = tail, the upper tail of the normal distribution; 0 < tail < 1. */
double pl_normal_quantile(double tail);

/* The same of Student's t with `freedom` degrees of freedom, 30 and more: the first two terms of its expansion around
 * the normal quantile (Fisher and Cornish 1960); at tail 5e-4 and 63 degrees right to 1e-3. */
double pl_student_quantile(double tail, int freedom);

enum { PL_LSQ_MAX = 12 };

/* Weighted linear least squares: value = sum_i unknown[i] coefficient[i], observed with normal errors. */
typedef struct {
  int unknowns, rows;
  double matrix[PL_LSQ_MAX][PL_LSQ_MAX], right[PL_LSQ_MAX], square; /* sums over the observations */
} pl_lsq;

typedef struct {
  double value[PL_LSQ_MAX], covariance[PL_LSQ_MAX][PL_LSQ_MAX];
  double chi2; /* squared residuals in units of their errors; expectation rows - unknowns */
} pl_lsq_result;

void pl_lsq_start(pl_lsq *l, int unknowns); /* 1..PL_LSQ_MAX */
void pl_lsq_add(pl_lsq *l, const double *coefficient, double value, double error); /* error > 0 */

/* 0, or -1 if the observations do not determine every unknown. */
int pl_lsq_solve(const pl_lsq *l, pl_lsq_result *result);

#endif
