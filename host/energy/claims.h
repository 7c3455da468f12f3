/* claims.h: what the papers claim, and whether these models arrive there. Files of host/energy/claims:
 *
 *   claims = (
 *     { says = "DeiT-T, 4 bit, LT-B: energy";  printed = 0.384301;  unit = "mJ";  value = "energy_mj";
 *       of = { arch = "lt-base"; model = "deit-t"; set = "bits=4"; };       also batch, tokens, train, quirks = false
 *       over = { arch = "mrr-bank"; };                                       a ratio; what it does not say is as in
 * `of` mean_of = ["alexnet", "resnet18"];                                  mean over models of the value or ratio
 *       tolerance_percent = 0.1;  or  at_least = true;  or  at_most = true;  "more than", "less than"
 *       verdict = "reproduced";   or "fitted", "not reproducible" (then nothing is computed)
 *       why = "..."; } );
 *
 * Every figure beside a printed one is computed when it is shown. */
#ifndef PL_ENERGY_CLAIMS_H
#define PL_ENERGY_CLAIMS_H

#include "energy/cost.h"

enum { PL_CLAIM_MODELS = 16 };
typedef enum { PL_CLAIM_REPRODUCED, PL_CLAIM_FITTED, PL_CLAIM_NOT } pl_verdict;

typedef struct {
  char arch[PL_CFG_NAME], model[PL_CFG_NAME], set[PL_CFG_TEXT];
  pl_workload_options how;
} pl_claim_side;

typedef struct {
  char paper[PL_CFG_NAME], says[PL_CFG_TEXT], why[PL_CFG_TEXT + 160], unit[PL_CFG_NAME], value[PL_CFG_NAME];
  int line;
  pl_verdict verdict;
  double printed, tolerance_percent;
  int at_least, at_most, is_ratio;
  pl_claim_side of, over;
  int means;
  char mean_of[PL_CLAIM_MODELS][PL_CFG_NAME];
  double computed; /* by pl_claim_compute; NAN before and where nothing can be */
  int holds;
} pl_claim;

typedef struct {
  int count;
  pl_claim *claim; /* owned */
} pl_claims;

extern const char *const pl_verdict_names[]; /* NULL at the end */

/* A shipped name ("lightening", "optical-transformers", "mirage") or a path; appends to *claims, zeroed at first. */
pl_status pl_claims_load(const char *name_or_path, pl_claims *claims, pl_error *err);
void pl_claims_free(pl_claims *claims);

/* Fills in computed and holds. */
pl_status pl_claim_compute(pl_claim *claim, pl_error *err);

/* "energy_mj", "latency_ms", "edp_mj_ms", "area_mm2", "power_w", "average_power_w", "per_s" (images or sequences),
 * "fj_per_mac", "tmac_per_s", "energy:PART" in mJ, "share:PART" of the energy in %, "power:PART", "area:PART". NAN if
 * there is no such value. */
double pl_value_of(const char *name, const pl_workload *w, const pl_cost *cost, const pl_design *design);

#endif
