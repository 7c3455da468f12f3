/* sgemm.h: the float product of OpenBLAS, which `photolane bench` measures beside the golden model. The library is opened when
 * it is asked for; the program does not need it. */
#ifndef PHOTOLANE_CLI_SGEMM_H
#define PHOTOLANE_CLI_SGEMM_H

typedef struct cli_sgemm cli_sgemm;

/* Operands of C (m x n) = A (m x k) times B (n x k) transposed, filled with codes, for `threads` threads; NULL if there is no
 * OpenBLAS, or no memory. */
cli_sgemm *cli_sgemm_new(int m, int n, int k, int threads);
void cli_sgemm_free(cli_sgemm *s); /* NULL is fine */

/* Products for at least `seconds`, so that what disturbs a longer job disturbs them alike; one at least. Returns the mean
 * seconds of one. */
double cli_sgemm_for(cli_sgemm *s, double seconds);

#endif
