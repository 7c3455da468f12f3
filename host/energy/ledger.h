/* ledger.h: the critics' ledger: what one forward pass costs with everything the papers leave out, beside a digital
 * baseline that pays for the same.
 *
 * Around the accelerator stands a system (a file of host/energy/systems): memory for weights and for cached keys and
 * values, digital units for softmax, norms, activations and residuals, and a link to a host. The columns of the ledger
 * are added one after the other, to both sides:
 *
 *   PL_LEDGER_ALONE      the matrix products, as the papers count them
 *   PL_LEDGER_DIGITAL    and what is not a matrix product, and products that the architecture leaves to digital units
 *   PL_LEDGER_CACHE      and keys and values, read from and written to memory
 *   PL_LEDGER_LINK       and the host link
 *   PL_LEDGER_WEIGHTS    and weights read from memory once a pass, unless they stay in place
 *   PL_LEDGER_RELOAD     and weights that stay in place no longer: read from memory, converted, once a pass */
#ifndef PL_ENERGY_LEDGER_H
#define PL_ENERGY_LEDGER_H

#include "energy/cost.h"

/* ---- Systems ---- */

#define PL_SYSTEM_FIELDS(X)                                                                           \
  X(dram_pj_per_bit, REAL, 0, 1e6)                                                                    \
  X(dram_gb_per_s, REAL, 1e-6, 1e9)                                                                   \
  X(on_chip_mb, REAL, 0, 1e9)              /* weights or a cache that fit stay on the chip */         \
  X(on_chip_pj_per_bit, REAL, 0, 1e6)                                                                 \
  X(weight_bits, WHOLE, 1, 64)                                                                        \
  X(cache_bits, WHOLE, 1, 64)                                                                         \
  X(softmax_pj, REAL, 0, 1e6)              /* of an element, two accesses of a buffer included */     \
  X(norm_pj, REAL, 0, 1e6)                                                                            \
  X(activation_pj, REAL, 0, 1e6)                                                                      \
  X(residual_pj, REAL, 0, 1e6)                                                                        \
  X(digital_gelements_per_s, REAL, 1e-6, 1e9)                                                         \
  X(digital_mac_fj, REAL, 0, 1e12)         /* of products that the architecture cannot do */          \
  X(digital_tmac_per_s, REAL, 1e-9, 1e9)                                                              \
  X(link_pj_per_bit, REAL, 0, 1e6)                                                                    \
  X(link_gb_per_s, REAL, 1e-6, 1e9)                                                                   \
  X(link_bits, WHOLE, 1, 64)               /* of an element on the link */                            \
  X(digital_on_host, FLAG, 0, 1)           /* elements of softmax, norms, ... cross the link twice */

typedef struct {
  pl_cfg_head head;
#define X(name, type, min, max) double name;
  PL_SYSTEM_FIELDS(X)
#undef X
} pl_system;

pl_status pl_system_load(const char *name_or_path, pl_system *system, pl_error *err);
const pl_cfg_table *pl_system_table(void); /* for lists and tests */

/* ---- The ledger ---- */

typedef enum {
  PL_LEDGER_ALONE,
  PL_LEDGER_DIGITAL,
  PL_LEDGER_CACHE,
  PL_LEDGER_LINK,
  PL_LEDGER_WEIGHTS,
  PL_LEDGER_RELOAD,
  PL_LEDGER_STEPS,
} pl_ledger_step;

extern const char *const pl_ledger_names[PL_LEDGER_STEPS];

typedef enum { PL_TIME_PRODUCTS, PL_TIME_MEMORY, PL_TIME_DIGITAL, PL_TIME_LINK, PL_TIMES } pl_time;
extern const char *const pl_time_names[PL_TIMES];

typedef struct {
  pl_cost cost;             /* pj with everything up to the step */
  double seconds[PL_TIMES]; /* each alone; overlapped they take the longest, one after the other their sum */
} pl_ledger;

/* The pass of a workload, everything up to `step` counted. */
void pl_ledger_run(const pl_arch *arch, const pl_system *system, const pl_workload *w, pl_ledger_step step,
                   pl_ledger *l);

/* Share of a group in the energy; of a time in the sum of times. */
double pl_ledger_energy_share(const pl_ledger *l, pl_group group);
double pl_ledger_time_share(const pl_ledger *l, pl_time time);

/* Energy of the baseline over that of the architecture, both up to `step`; the baseline's weights are read from memory
 * from PL_LEDGER_WEIGHTS on. */
double pl_ledger_advantage(const pl_arch *arch, const pl_arch *baseline, const pl_system *system, const pl_workload *w,
                           pl_ledger_step step);

/* ---- Break-even ---- */

/* What is made larger until the advantage reaches 1. */
typedef enum { PL_GROW_WIDTH, PL_GROW_BATCH } pl_grow;
enum { PL_WIDTH_MAX = 1 << 24, PL_BATCH_MAX = 1 << 20 };

/* The smallest width (heads of the shape's head_width; the other proportions kept) or batch at which the architecture
 * needs no more energy than the baseline; NAN if there is none up to PL_WIDTH_MAX or PL_BATCH_MAX. PL_E_INPUT if the
 * shape is no Transformer. */
pl_status pl_break_even(const pl_arch *arch, const pl_arch *baseline, const pl_system *system, const pl_shape *shape,
                        const pl_workload_options *how, pl_ledger_step step, pl_grow grow, double *at, pl_error *err);

#endif
