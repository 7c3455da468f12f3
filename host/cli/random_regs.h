/* random_regs.h: the registers and the range of a random job, for each kind of core: drawn so that few reads saturate,
 * but over their full range in one job of eight. */
#ifndef PHOTOLANE_RANDOM_REGS_H
#define PHOTOLANE_RANDOM_REGS_H

#include "cli/random_job.h"

/* Fills r->image and r->job.range from the rest of r, which is drawn already. kind: PL_KIND_*. extreme: the operands
 * are at the ends of their range, and the optics should be too. */
void random_regs_draw(uint64_t *rng, uint32_t kind, verify_level level, int extreme, int channels, random_job *r);

#endif
