/* cost.h: energy, time, area and power of a workload on an architecture.
 *
 *   pl_cost cost;      pl_cost_run(&arch, &workload, &cost);
 *   pl_design design;  pl_design_of(&arch, &design);           area and peak power do not depend on the workload
 *   pl_notes notes;    pl_cost_notes(&arch, &workload, &cost, &notes);
 *
 * Each model is one file (crossbar.c, ring_bank.c, mzi_mesh.c, in_place.c, residue.c, systolic.c) and nothing else
 * knows its formulas. All of them are pure functions of the two records. */
#ifndef PL_ENERGY_COST_H
#define PL_ENERGY_COST_H

#include "energy/arch.h"
#include "energy/workload.h"

/* ---- Components ---- */

/* X(NAME, name, group). Groups: optics, receivers, converters, memory, mac, digital, link. */
#define PL_COMPONENT_LIST(X)                              \
  X(LASER, "laser", OPTICS)                               \
  X(COMB, "comb", OPTICS)                                 \
  X(MODULATOR, "modulator", OPTICS)                       \
  X(CORE, "photonic_core", OPTICS)                        \
  X(DETECTOR, "detector", RECEIVERS)                      \
  X(TIA, "tia", RECEIVERS)                                \
  X(DAC, "dac", CONVERTERS)                               \
  X(ADC, "adc", CONVERTERS)                               \
  X(CONVERTER, "dac_and_adc", CONVERTERS)                 \
  X(NUMBERS, "number_conversion", CONVERTERS)             \
  X(ADDER, "adder", DIGITAL)                              \
  X(ACCUMULATOR, "accumulator", DIGITAL)                  \
  X(REGISTERS, "registers_and_network", MEMORY)           \
  X(LOCAL_BUFFER, "local_buffer", MEMORY)                 \
  X(GLOBAL_BUFFER, "global_buffer", MEMORY)               \
  X(SRAM, "sram", MEMORY)                                 \
  X(DRAM, "dram", MEMORY)                                 \
  X(MAC, "mac_units", MAC)                                \
  X(UNSPLIT, "not_split", MAC)                            \
  X(NON_MATRIX, "non_matrix", DIGITAL)                    \
  X(WEIGHTS, "weight_traffic", MEMORY)                    \
  X(CACHE, "key_value_cache", MEMORY)                     \
  X(LINK, "host_link", HOST)

typedef enum {
#define X(NAME, name, group) PL_PART_##NAME,
  PL_COMPONENT_LIST(X)
#undef X
  PL_PARTS,
} pl_part;

typedef enum {
  PL_GROUP_OPTICS,
  PL_GROUP_RECEIVERS,
  PL_GROUP_CONVERTERS,
  PL_GROUP_MEMORY,
  PL_GROUP_MAC,
  PL_GROUP_DIGITAL,
  PL_GROUP_HOST,
  PL_GROUPS,
} pl_group;

const char *pl_part_name(pl_part part);
pl_group pl_part_group(pl_part part);
const char *pl_group_name(pl_group group);

/* ---- Costs ---- */

typedef struct {
  double pj[PL_PARTS];
  double dac_conversions, adc_conversions; /* by the formulas; see measured.h */
  double light_s, memory_s;  /* time of the products if nothing else limited them; of the memory that feeds them */
  double latency_s;          /* per product the longer of the two, then what is not a matrix product */
  double macs, skipped_macs; /* skipped: products that this architecture cannot do, left out of everything */
} pl_cost;

double pl_cost_pj(const pl_cost *cost); /* all components */

void pl_cost_run(const pl_arch *arch, const pl_workload *workload, pl_cost *cost);

typedef struct {
  double area_mm2[PL_PARTS], power_w[PL_PARTS];
  double total_area_mm2, total_power_w; /* NAN: the model's source does not say */
} pl_design;

void pl_design_of(const pl_arch *arch, pl_design *design);

/* ---- Notes: where the figures come from and where a paper disagrees with itself ---- */

enum { PL_NOTES_MAX = 16, PL_NOTE_SIZE = 400 };
typedef struct {
  int count;
  char text[PL_NOTES_MAX][PL_NOTE_SIZE];
} pl_notes;

void pl_note(pl_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pl_cost_notes(const pl_arch *arch, const pl_workload *workload, const pl_cost *cost, pl_notes *notes);

#endif
