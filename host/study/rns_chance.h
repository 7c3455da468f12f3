/* rns_chance.h: private to the calibration of residue cores: how often a residue is received wrong.
 *
 * The receiver is that of a data sheet: two detectors with noise, two converters, the level nearest to the angle.
 * Without converters, or with fine ones, the chance comes from host/physics/rns.h; coarse ones decide it together
 * with the noise, and then it is summed over the codes, each with the level that the device's own digital decoder
 * (host/model/rns.h) gives it. Derived; sources in host/physics/rns.c.
 */
#ifndef PHOTOLANE_STUDY_RNS_CHANCE_H
#define PHOTOLANE_STUDY_RNS_CHANCE_H

#include "study/probe.h"

typedef struct {
  double phase_turns;     /* 1 sigma of the phase */
  double noise_amplitude; /* 1 sigma of I and of Q; the light has amplitude 1 */
} pl_rns_noise;

/* A receiver by its data sheet. */
typedef struct {
  const pl_sheet *sheet;
  int moduli, modulus[5]; /* base and redundant */
  uint32_t *angle; /* of each pair of codes, turns of 2^-20: [Q][I] from the lowest on; NULL: no coarse converters */
} pl_rns_receiver;

/* PL_E_MEMORY; else the caller frees it. The sheet must stay. */
pl_status pl_rns_receiver_init(pl_rns_receiver *receiver, const pl_sheet *sheet, pl_error *err);
void pl_rns_receiver_free(pl_rns_receiver *receiver);

/* Chance that residue `sent` of modulus number i is received as another. Without `angle` all residues have the same. */
double pl_rns_wrong_chance(const pl_rns_receiver *receiver, int i, int sent, pl_rns_noise noise);

#endif
