/* core_link.c: see core_link.h. */
#include "energy/core_link.h"

#include <math.h>
#include <stdio.h>

#include "device/backend.h"

pl_status pl_core_physics(const char *name_or_path, pl_physics *physics, pl_error *err) {
  char path[PL_PATH_MAX + 80];
  pl_image image;
  const pl_status status = pl_shipped_path(PL_SEARCH_CORES, "", "core", name_or_path, path, sizeof path, err);
  return status ? status : pl_physics_read(path, physics, &image, err);
}

double pl_core_photons_per_mac(const pl_physics *p) {
  return p->kind == PL_KIND_INTENSITY && p->photons_per_mac > 0 ? p->photons_per_mac : 0;
}

static int operand_bits(const pl_physics *p) {
  const int a = p->effects & PL_EFFECT_DAC_A ? p->dac_bits_a : 8, b = p->effects & PL_EFFECT_DAC_B ? p->dac_bits_b : 8;
  return p->kind == PL_KIND_INTENSITY ? a : a > b ? a : b;
}

/* 0: the core has no ADC to follow. */
static int adc_bits(const pl_physics *p) { return p->effects & PL_EFFECT_ADC ? p->adc_bits : 0; }

static pl_status follow_coherent(pl_arch *arch, const pl_physics *p, pl_error *err) {
  const double at_once = p->wavelengths * arch->cores_per_tile, cycles = p->channels / at_once;
  char set[96];
  if (cycles < 1 || cycles != floor(cycles))
    return pl_fail(err, PL_E_INPUT,
                   "the core %s sums %d channels a read, which is no multiple of %d wavelengths on %g cores "
                   "of a tile of %s",
                   p->name, p->channels, p->wavelengths, arch->cores_per_tile, arch->head.name);
  snprintf(set, sizeof set, "bits=%d,core_wavelengths=%d,temporal_accumulation=%.0f", operand_bits(p), p->wavelengths,
           cycles);
  if (adc_bits(p)) arch->adc_bits = adc_bits(p);
  return pl_arch_set(arch, set, err);
}

static pl_status follow_intensity(pl_arch *arch, const pl_physics *p, pl_error *err) {
  char set[96];
  const double photons = pl_core_photons_per_mac(p) * p->channels;
  snprintf(set, sizeof set, "bits=%d", operand_bits(p));
  if (photons > 0) snprintf(set, sizeof set, "bits=%d,photons_per_dot_product=%.17g", operand_bits(p), photons);
  if (adc_bits(p)) arch->adc_bits = adc_bits(p);
  return pl_arch_set(arch, set, err);
}

static pl_status follow_rns(pl_arch *arch, const pl_physics *p, pl_error *err) {
  int modulus[5], bits = 0;
  pl_physics used = *p;
  if (!(p->effects & PL_EFFECT_REDUNDANCY)) used.redundant_moduli = 0;
  const int moduli = pl_rns_moduli(&used, modulus);
  char set[96];
  for (int i = 0; i < moduli; i++) bits += (int)ceil(log2(modulus[i]));
  snprintf(set, sizeof set, "group=%d,moduli=%d,residue_bits=%d", p->channels, moduli, bits);
  return pl_arch_set(arch, set, err);
}

pl_status pl_arch_follow(pl_arch *arch, const pl_physics *p, pl_error *err) {
  if (p->kind == PL_KIND_COHERENT && arch->head.kind == PL_ARCH_CROSSBAR) return follow_coherent(arch, p, err);
  if (p->kind == PL_KIND_INTENSITY && arch->head.kind == PL_ARCH_IN_PLACE) return follow_intensity(arch, p, err);
  if (p->kind == PL_KIND_RNS && arch->head.kind == PL_ARCH_RESIDUE) return follow_rns(arch, p, err);
  return pl_fail(err, PL_E_INPUT,
                 "the core %s is of kind %s, which %s (%s) is no model of: coherent cores go with crossbar, "
                 "intensity with in_place, rns with residue",
                 p->name, pl_kind_name((uint32_t)p->kind), arch->head.name, pl_arch_model_name(arch));
}
