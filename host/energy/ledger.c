/* ledger.c: see ledger.h. */
#include "energy/ledger.h"

#include <math.h>
#include <string.h>

const char *const pl_ledger_names[PL_LEDGER_STEPS] = {"products alone", "+ digital", "+ kv cache",
                                                      "+ host link",    "+ weights", "+ ours reloaded"};
const char *const pl_time_names[PL_TIMES] = {"products", "memory", "digital", "host link"};

static const pl_cfg_field fields[] = {
#define X(name, type, min, max) {#name, 1, 1, PL_CFG_##type, offsetof(pl_system, name), min, max},
    PL_SYSTEM_FIELDS(X)
#undef X
};
static const char *const kinds[] = {"system", NULL};
static const pl_cfg_table table = {"system", "systems", "kind", kinds, NULL, fields, sizeof fields / sizeof *fields,
                                   NULL};

pl_status pl_system_load(const char *name_or_path, pl_system *system, pl_error *err) {
  memset(system, 0, sizeof *system);
  return pl_cfg_load(&table, name_or_path, system, err);
}

const pl_cfg_table *pl_system_table(void) { return &table; }

/* ---- Steps ---- */

static void add_digital(const pl_system *s, const pl_workload *w, pl_ledger *l) {
  const double elements = w->layers * (w->softmax + w->norm + w->activation + w->residual);
  l->cost.pj[PL_PART_NON_MATRIX] = w->layers * (w->softmax * s->softmax_pj + w->norm * s->norm_pj +
                                                w->activation * s->activation_pj + w->residual * s->residual_pj);
  l->cost.pj[PL_PART_MAC] += l->cost.skipped_macs * s->digital_mac_fj * 1e-3;
  l->cost.macs += l->cost.skipped_macs;
  l->seconds[PL_TIME_DIGITAL] =
      elements / (s->digital_gelements_per_s * 1e9) + l->cost.skipped_macs / (s->digital_tmac_per_s * 1e12);
}

/* Bits from or to memory; those of something that fits on the chip are cheaper and take no time. */
static void add_traffic(const pl_system *s, double bits, double footprint_bits, pl_part part, pl_ledger *l) {
  const int fits = footprint_bits <= s->on_chip_mb * 8e6;
  l->cost.pj[part] += bits * (fits ? s->on_chip_pj_per_bit : s->dram_pj_per_bit);
  if (!fits) l->seconds[PL_TIME_MEMORY] += bits / 8 / (s->dram_gb_per_s * 1e9);
}

static void add_cache(const pl_system *s, const pl_workload *w, pl_ledger *l) {
  const double bits = (w->cache_reads + w->cache_writes) * s->cache_bits;
  const double whole = fmax(w->cache_reads, w->cache_writes) * s->cache_bits;
  add_traffic(s, bits, whole, PL_PART_CACHE, l);
}

/* A digital processor does what is not a matrix product itself, wherever the system would have it done. */
static void add_link(const pl_arch *a, const pl_system *s, const pl_workload *w, pl_ledger *l) {
  const int crosses = s->digital_on_host && a->head.kind != PL_ARCH_DIGITAL && a->head.kind != PL_ARCH_SYSTOLIC;
  const double elements = w->layers * (w->softmax + w->norm + w->activation + w->residual);
  const double bits = (w->link_in + w->link_out + (crosses ? 2 * elements : 0)) * s->link_bits;
  l->cost.pj[PL_PART_LINK] = bits * s->link_pj_per_bit;
  l->seconds[PL_TIME_LINK] = bits / 8 / (s->link_gb_per_s * 1e9);
}

/* Lightening's models read the weights from DRAM themselves. */
static int counts_weights(const pl_arch *a) {
  return a->head.kind == PL_ARCH_CROSSBAR || a->head.kind == PL_ARCH_RING_BANK || a->head.kind == PL_ARCH_MZI_MESH;
}

static void add_weights(const pl_system *s, const pl_workload *w, pl_ledger *l) {
  const double bits = w->parameters * s->weight_bits;
  add_traffic(s, bits, bits, PL_PART_WEIGHTS, l);
}

void pl_ledger_run(const pl_arch *arch, const pl_system *s, const pl_workload *w, pl_ledger_step step, pl_ledger *l) {
  const int in_place = arch->head.kind == PL_ARCH_IN_PLACE;
  memset(l, 0, sizeof *l);
  if (in_place && step == PL_LEDGER_RELOAD) {
    pl_arch reloading = *arch;
    reloading.reload_weights = 1;
    pl_cost_run(&reloading, w, &l->cost);
  } else {
    pl_cost_run(arch, w, &l->cost);
  }
  l->cost.pj[PL_PART_NON_MATRIX] = 0; /* the system does that, the same for all */
  l->seconds[PL_TIME_PRODUCTS] = l->cost.light_s;
  l->seconds[PL_TIME_MEMORY] = l->cost.memory_s;
  if (step >= PL_LEDGER_DIGITAL) add_digital(s, w, l);
  if (step >= PL_LEDGER_CACHE) add_cache(s, w, l);
  if (step >= PL_LEDGER_LINK) add_link(arch, s, w, l);
  if (step >= (in_place ? PL_LEDGER_RELOAD : PL_LEDGER_WEIGHTS) && !counts_weights(arch)) add_weights(s, w, l);
}

double pl_ledger_energy_share(const pl_ledger *l, pl_group group) {
  double sum = 0;
  for (int i = 0; i < PL_PARTS; i++)
    if (pl_part_group((pl_part)i) == group) sum += l->cost.pj[i];
  return sum / pl_cost_pj(&l->cost);
}

double pl_ledger_time_share(const pl_ledger *l, pl_time time) {
  double sum = 0;
  for (int i = 0; i < PL_TIMES; i++) sum += l->seconds[i];
  return l->seconds[time] / sum;
}

double pl_ledger_advantage(const pl_arch *arch, const pl_arch *baseline, const pl_system *s, const pl_workload *w,
                           pl_ledger_step step) {
  pl_ledger ours, theirs;
  pl_ledger_run(arch, s, w, step, &ours);
  pl_ledger_run(baseline, s, w, step, &theirs);
  /* What an architecture leaves out of its own accord, neither side is charged for. */
  const double done = ours.cost.macs / theirs.cost.macs;
  const double theirs_pj = step == PL_LEDGER_ALONE ? pl_cost_pj(&theirs.cost) * done : pl_cost_pj(&theirs.cost);
  return theirs_pj / pl_cost_pj(&ours.cost);
}

/* ---- Break-even ---- */

typedef struct {
  const pl_arch *arch, *baseline;
  const pl_system *system;
  const pl_shape *shape;
  const pl_workload_options *how;
  pl_ledger_step step;
  pl_grow grow;
} search;

static pl_status advantage_at(const search *q, double size, double *advantage, pl_error *err) {
  pl_shape shape = *q->shape;
  pl_workload_options how = *q->how;
  if (q->grow == PL_GROW_WIDTH) {
    const double heads = size, scale = heads / shape.heads;
    shape.heads = heads;
    shape.key_heads = ceil(shape.key_heads * scale);
    shape.width = ceil(shape.width * scale);
    shape.ffn_width = ceil(shape.ffn_width * scale);
  } else {
    how.batch = size;
  }
  pl_workload w;
  const pl_status status = pl_workload_make(&shape, &how, &w, err);
  if (status) return status;
  *advantage = pl_ledger_advantage(q->arch, q->baseline, q->system, &w, q->step);
  pl_workload_free(&w);
  return PL_OK;
}

pl_status pl_break_even(const pl_arch *arch, const pl_arch *baseline, const pl_system *system, const pl_shape *shape,
                        const pl_workload_options *how, pl_ledger_step step, pl_grow grow, double *at, pl_error *err) {
  const search q = {arch, baseline, system, shape, how, step, grow};
  if (shape->head.kind != PL_SHAPE_TRANSFORMER)
    return pl_fail(err, PL_E_INPUT, "%s is no Transformer: it has no width to break even at", shape->head.name);
  const double per_step = grow == PL_GROW_WIDTH ? shape->width / shape->heads : 1;
  const double most = grow == PL_GROW_WIDTH ? PL_WIDTH_MAX / per_step : PL_BATCH_MAX;
  double low = 0, high = 1, advantage;
  pl_status status;
  *at = NAN;
  for (;; low = high, high *= 2) { /* doubling, then halving the interval */
    if ((status = advantage_at(&q, high, &advantage, err))) return status;
    if (advantage >= 1) break;
    if (2 * high > most) return PL_OK;
  }
  while (high - low > 1) {
    const double middle = floor((low + high) / 2);
    if ((status = advantage_at(&q, middle, &advantage, err))) return status;
    if (advantage >= 1) high = middle;
    else low = middle;
  }
  *at = high * per_step;
  return PL_OK;
}
