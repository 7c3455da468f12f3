/* core_link.h: an architecture that follows the description of an emulated core (host/physics/cores): what the emulator
 * computes with and what the cost model prices are then one design.
 *
 *   coherent  -> crossbar   bits of DACs and ADC, wavelengths, cycles summed before one ADC sample
 *   intensity -> in_place   bits of the DAC of the values and of the ADC, photons per dot product and pass
 *   rns       -> residue    group, moduli and their bits, redundant ones included */
#ifndef PL_ENERGY_CORE_LINK_H
#define PL_ENERGY_CORE_LINK_H

#include "energy/arch.h"
#include "physics/physics.h"

/* A core by name or path, in physical units. */
pl_status pl_core_physics(const char *name_or_path, pl_physics *physics, pl_error *err);

/* Sets the fields above. PL_E_INPUT if the core is of another kind than the architecture, or does not fit it. */
pl_status pl_arch_follow(pl_arch *arch, const pl_physics *physics, pl_error *err);

/* Photons that a core of kind intensity spends on one product in one pass; 0 for other kinds. */
double pl_core_photons_per_mac(const pl_physics *physics);

#endif
