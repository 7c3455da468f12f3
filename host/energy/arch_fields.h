/* arch_fields.h: the fields of architecture files: X(name, models, needed, type, min, max) for each. The one list of
 * which arch.h makes the struct and arch.c the table of the reader; docs/energy.md explains them.
 *
 * models: which models have the field; needed: which cannot do without it (the others take 0). Every value is a double;
 * WHOLE means whole numbers, FLAG true or false. Names carry the unit. C crossbar, R ring_bank, M mzi_mesh, P in_place,
 * N residue, S systolic, D digital. */
#ifndef PL_ENERGY_ARCH_FIELDS_H
#define PL_ENERGY_ARCH_FIELDS_H

#define PL_LIGHT (C | R | M) /* the family of Lightening-Transformer's cost model */

#define PL_ARCH_FIELDS(X)                                                                      \
  /* geometry */                                                                               \
  X(bits, PL_LIGHT | P, PL_LIGHT | P, WHOLE, 1, 16)             /* of operands and converters */ \
  X(adc_bits, PL_LIGHT | P, 0, WHOLE, 1, 16)                    /* of the ADC, if other than bits */ \
  X(tiles, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e6)                                                  \
  X(cores_per_tile, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e6)                                         \
  X(core_height, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e6)                                            \
  X(core_width, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e6)                                             \
  X(core_wavelengths, C, C, WHOLE, 1, 1e6)                                                     \
  X(clock_ghz, PL_LIGHT | P | N | S, PL_LIGHT | P | N | S, REAL, 1e-6, 1e5)                    \
  X(memory_clock_mhz, C, C, REAL, 1e-3, 1e6)                                                   \
  X(temporal_accumulation, C, C, WHOLE, 1, 1e6)                 /* cycles summed before one ADC sample */ \
  X(share_inputs, C, C, FLAG, 0, 1)                             /* one modulator feeds a row of all tiles */ \
  X(share_adc, C, C, FLAG, 0, 1)                                /* the cores of a tile share ADC and TIA */ \
  X(broadcast, C, 0, FLAG, 0, 1)                                /* operand 1 is modulated anew for each column */ \
  X(full_range_passes, R, R, WHOLE, 1, 2)                       /* passes for inputs of both signs */ \
  /* converters, at the rate and resolution of their data sheets */                            \
  X(adc_rated_bits, PL_LIGHT | N, PL_LIGHT | N, WHOLE, 1, 24)                                  \
  X(adc_rated_gs_per_s, PL_LIGHT | N, PL_LIGHT | N, REAL, 1e-6, 1e6)                           \
  X(adc_rated_power_mw, PL_LIGHT | N, PL_LIGHT | N, REAL, 0, 1e9)                              \
  X(adc_area_um2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e12)                                           \
  X(dac_rated_bits, PL_LIGHT | N, PL_LIGHT | N, WHOLE, 1, 24)                                  \
  X(dac_rated_gs_per_s, PL_LIGHT | N, PL_LIGHT | N, REAL, 1e-6, 1e6)                           \
  X(dac_rated_power_mw, PL_LIGHT | N, PL_LIGHT | N, REAL, 0, 1e9)                              \
  X(dac_area_um2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e12)                                           \
  X(tia_power_mw, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                            \
  X(tia_area_um2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e12)                                           \
  /* optical devices */                                                                        \
  X(mzm_energy_fj_per_bit, C | M, C | M, REAL, 0, 1e9)                                         \
  X(mzm_loss_db, C | M, C | M, REAL, 0, 100)                                                   \
  X(mzm_length_um, C | M, C | M, REAL, 0, 1e6)                                                 \
  X(mzm_width_um, C | M, C | M, REAL, 0, 1e6)                                                  \
  X(router_power_mw, C, C, REAL, 0, 1e9)                 /* one microdisk; two to a channel */ \
  X(router_loss_db, C, C, REAL, 0, 100)                                                        \
  X(router_side_um, C, C, REAL, 0, 1e6)                                                        \
  X(phase_shifter_loss_db, C, C, REAL, 0, 100)                                                 \
  X(phase_shifter_length_um, C, C, REAL, 0, 1e6)                                               \
  X(phase_shifter_width_um, C, C, REAL, 0, 1e6)                                                \
  X(coupler_loss_db, C, C, REAL, 0, 100)                                                       \
  X(coupler_length_um, C, C, REAL, 0, 1e6)                                                     \
  X(coupler_width_um, C, C, REAL, 0, 1e6)                                                      \
  X(splitter_loss_db, C | R, C | R, REAL, 0, 100)                                              \
  X(splitter_length_um, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)                                      \
  X(splitter_width_um, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)                                       \
  X(detector_power_mw, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)        /* one; a balanced pair has two */ \
  X(detector_sensitivity_dbm, PL_LIGHT, PL_LIGHT, REAL, -120, 60)                              \
  X(detector_length_um, C | M, C | M, REAL, 0, 1e6)                                            \
  X(detector_width_um, C | M, C | M, REAL, 0, 1e6)                                             \
  X(cell_margin_x_um, C, C, REAL, 0, 1e6)                                                      \
  X(cell_margin_y_um, C, C, REAL, 0, 1e6)                                                      \
  X(laser_efficiency, PL_LIGHT | P, PL_LIGHT | P, REAL, 1e-9, 1)                               \
  X(laser_length_um, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)                                         \
  X(laser_width_um, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)                                          \
  X(comb_side_um, C | R, C | R, REAL, 0, 1e6)                                                  \
  X(ring_energy_fj_per_bit, R, R, REAL, 0, 1e9)                                                \
  X(ring_static_mw, R, R, REAL, 0, 1e9)                                                        \
  X(ring_loss_db, R, R, REAL, 0, 100)                                                          \
  X(ring_through_loss_db, R, R, REAL, 0, 100)                                                  \
  X(ring_side_um, R, R, REAL, 0, 1e6)                                                          \
  X(ring_spacing_um, R, R, REAL, 0, 1e6)                                                       \
  X(ring_margin_um, R, R, REAL, 0, 1e6)                                                        \
  X(mzi_energy_fj_per_bit, M, M, REAL, 0, 1e9)                                                 \
  X(mzi_loss_db, M, M, REAL, 0, 100)                                                           \
  X(mzi_length_um, M, M, REAL, 0, 1e6)                                                         \
  X(mzi_width_um, M, M, REAL, 0, 1e6)                                                          \
  X(mzi_response_us, M, M, REAL, 0, 1e9)                                                       \
  /* adders and memories */                                                                    \
  X(adder_power_uw, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)           /* before scaling to the technology */ \
  X(adder_power_divisor, PL_LIGHT, PL_LIGHT, REAL, 1e-3, 1e3)                                  \
  X(adder_area_um2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e12)                                         \
  X(adder_area_divisor, PL_LIGHT, PL_LIGHT, REAL, 1e-3, 1e3)                                   \
  X(access_bits, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1024)            /* of the energies per access below */ \
  X(dram_pj_per_access, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                      \
  X(global_buffer_pj_per_access, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                             \
  X(local_buffer_pj_per_access, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                              \
  X(network_pj_per_access, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                   \
  X(register_pj_per_access, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                  \
  X(local_buffer_bytes, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e12)                                    \
  X(local_buffer_area_mm2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                   \
  X(local_buffer_power_mw, C, C, REAL, 0, 1e9)                                                 \
  X(global_buffer_tiles, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e6)     /* tiles that one global buffer serves */ \
  X(global_buffer_area_mm2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                  \
  X(global_buffer_power_mw, C, C, REAL, 0, 1e9)                                                \
  X(global_buffer_width_bytes, PL_LIGHT, PL_LIGHT, WHOLE, 1, 1e9)                              \
  X(global_buffer_cycle_ns, PL_LIGHT, PL_LIGHT, REAL, 1e-6, 1e6) /* the authors count 2^30 cycles for 10^9 */ \
  X(pe_buffer_area_um2, PL_LIGHT, PL_LIGHT, REAL, 0, 1e12)                                     \
  X(pe_buffer_power_mw, C, C, REAL, 0, 1e9)                                                    \
  X(dram_bandwidth_gib_per_s, C, C, REAL, 1e-6, 1e9)                                           \
  /* what is not a matrix product */                                                           \
  X(digital_op_pj, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)            /* one addition or so */       \
  X(activation_ops, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)           /* to an element */            \
  X(norm_ops, PL_LIGHT, PL_LIGHT, REAL, 0, 1e6)                                                \
  X(softmax_pj_per_8bit, PL_LIGHT, PL_LIGHT, REAL, 0, 1e9)                                     \
  /* in_place: energy of a value on its way in and out */                                      \
  X(dac_pj, P, P, REAL, 0, 1e9)                                 /* at converter_reference_bits */ \
  X(adc_pj, P, P, REAL, 0, 1e9)                                                                \
  X(converter_reference_bits, P, P, REAL, 1, 24)                                               \
  X(converter_energy_doubles_per_bit, P, P, FLAG, 0, 1)         /* false: linear in bits */    \
  X(converter_efficiency_gain, P, 0, REAL, 0, 1e9)              /* 0: 1 */                     \
  X(modulator_pj, P, 0, REAL, 0, 1e9)                                                          \
  X(receiver_pj, P, 0, REAL, 0, 1e9)                                                           \
  X(memory_in_pj, P, P, REAL, 0, 1e9)                           /* at memory_reference_bits */ \
  X(memory_out_pj, P, P, REAL, 0, 1e9)                                                         \
  X(memory_reference_bits, P, P, REAL, 1, 24)                                                  \
  X(memory_efficiency_gain, P, 0, REAL, 0, 1e9)                                                \
  X(photons_per_dot_product, P, P, REAL, 0, 1e15)                                              \
  X(wavelength_nm, P, P, REAL, 100, 1e5)                                                       \
  X(sign_passes, P, P, WHOLE, 1, 4)                             /* passes that are charged */  \
  X(core_macs_per_cycle, P, P, WHOLE, 1, 1e15)                                                 \
  X(digital_attention, P, 0, FLAG, 0, 1)                        /* scores and values are left to digital units */ \
  X(reload_weights, P, 0, FLAG, 0, 1)                           /* each pass loads every weight once */ \
  /* residue */                                                                                \
  X(units, N, N, WHOLE, 1, 1e6)                                 /* RNS-MMVMUs */               \
  X(group, N, N, WHOLE, 1, 1e5)                                 /* length of a dot product */  \
  X(rows, N, N, WHOLE, 1, 1e5)                                  /* dot products of a unit at a time */ \
  X(moduli, N, N, WHOLE, 1, 16)                                                                \
  X(residue_bits, N, N, WHOLE, 1, 64)                           /* of all moduli together */   \
  X(detections, N, N, WHOLE, 1, 4)                              /* of each residue */          \
  X(reprogram_ns, N, N, REAL, 0, 1e9)                           /* of a tile */                \
  X(printed_power_w, N, N, REAL, 0, 1e9)                        /* the peak, with printed_multipliers */ \
  X(printed_multipliers, N, N, WHOLE, 1, 1e12)                  /* units * moduli * group * rows of the paper */ \
  X(printed_area_mm2, N, N, REAL, 0, 1e9)                                                      \
  X(printed_footprint_mm2, N, 0, REAL, 0, 1e9)                  /* of the stack of two chiplets */ \
  X(sram_share, N, N, REAL, 0, 1)                               /* of printed_power_w, and so on */ \
  X(laser_share, N, N, REAL, 0, 1)                                                             \
  X(tia_share, N, N, REAL, 0, 1)                                                               \
  X(residue_conversion_share, N, N, REAL, 0, 1)                                                \
  X(block_float_conversion_share, N, N, REAL, 0, 1)                                            \
  X(converter_share, N, N, REAL, 0, 1)                                                         \
  X(accumulator_share, N, N, REAL, 0, 1)                                                       \
  X(tia_fj_per_bit, N, N, REAL, 0, 1e9)                                                        \
  X(residue_conversion_pj, N, N, REAL, 0, 1e9)                                                 \
  X(block_float_conversion_pj, N, N, REAL, 0, 1e9)                                             \
  X(fitted_pj_per_mac, N, 0, REAL, 0, 1e9)                      /* without SRAM */             \
  X(use_constants, N, 0, FLAG, 0, 1)                            /* converters from the printed constants */ \
  X(use_fitted_energy, N, 0, FLAG, 0, 1)                        /* fitted_pj_per_mac instead of the shares */ \
  /* systolic */                                                                               \
  X(arrays, S, S, WHOLE, 1, 1e9)                                                               \
  X(array_rows, S, S, WHOLE, 1, 1e6)                            /* along the reduction */      \
  X(array_columns, S, S, WHOLE, 1, 1e6)                                                        \
  X(mac_area_mm2, S, 0, REAL, 0, 1e9)                           /* 0: not known */             \
  /* systolic and digital */                                                                   \
  X(mac_energy_fj, S | D, S, REAL, 0, 1e12)                                                    \
  X(rated_power_w, D, 0, REAL, 0, 1e9)                          /* or these two instead of mac_energy_fj */ \
  X(peak_tmac_per_s, D, D, REAL, 1e-9, 1e12)                                                   \
  X(area_mm2, D, 0, REAL, 0, 1e9)

#endif
