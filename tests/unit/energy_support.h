/* energy_support.h: what the tests of host/energy share. */
#ifndef ENERGY_SUPPORT_H
#define ENERGY_SUPPORT_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "energy/cost.h"

typedef struct {
  pl_arch arch;
  pl_workload w; /* price_free */
  pl_cost cost;
  pl_design design;
} priced;

static inline void price_arch(const pl_arch *arch, const char *model, pl_workload_options how, priced *p) {
  pl_error err;
  pl_shape shape;
  p->arch = *arch;
  ck_assert_msg(!pl_shape_load(model, &shape, &err), "%s", err.text);
  ck_assert_msg(!pl_workload_make(&shape, &how, &p->w, &err), "%s", err.text);
  pl_cost_run(arch, &p->w, &p->cost);
  pl_design_of(arch, &p->design);
  pl_shape_free(&shape);
}

/* A shipped architecture with --set `set` on a shipped shape, as published. */
static inline priced price(const char *arch_name, const char *set, const char *model, pl_workload_options how) {
  priced p;
  pl_arch arch;
  pl_error err;
  how.quirks = 1;
  ck_assert_msg(!pl_arch_load(arch_name, &arch, &err), "%s", err.text);
  ck_assert_msg(!pl_arch_set(&arch, set, &err), "%s", err.text);
  price_arch(&arch, model, how, &p);
  return p;
}

static inline void price_free(priced *p) { pl_workload_free(&p->w); }

static inline double total_mj(const priced *p) { return pl_cost_pj(&p->cost) * 1e-9; }

/* |value / want - 1| <= tolerance, with a message. */
static inline void near(const char *what, double value, double want, double tolerance) {
  ck_assert_msg(fabs(value / want - 1) <= tolerance, "%s is %.10g, not %.10g (apart by %.3g)", what, value, want,
                value / want - 1);
}

#endif
