/* spread.h: the operands of a product whose inputs are rotated: the part of a calibration that balance.h is for
 * products without. Private to host/nn.
 *
 * Behind a rotation all elements of a row are alike, so rounding errors go by the sizes of whole rows, and reads of all
 * rows and outputs are nearly normal, of nearly one spread. Three things remain to be found on a text:
 *   balance   a channel that is loud in the activations and quiet in the weights would still be heard in all elements
 *   room      a few outputs are aligned with a few texts (those of the first token above all): their reads all add up
 *             with one sign and are far larger than any other. Their weights get smaller codes
 *   the range of the ADC, which is then one for all (ranges.c) */
#ifndef PHOTOLANE_NN_SPREAD_H
#define PHOTOLANE_NN_SPREAD_H

#include "nn/balance.h"
#include "nn/rotate.h"

/* Exponents for the channels of a product, from rows whose offset is off: out has w->dims[0]. Returns 1, or 0 if they
 * are not worth it, or -1 if memory ran out. */
int pl_find_even_balance(const pl_tensor *w, const pl_input_rows *in, int8_t *out);

/* Divides rows by 2^balance (NULL: does not) and rotates them. 0: no memory. */
int pl_turn_rows(pl_input_rows *in, const int8_t *balance, const pl_rotation *rotation);

/* How much smaller the codes of each output's weights have to be than the largest possible, in sixteenths of an
 * octave, from rows that are turned: out has w->rows. input_full_scale: of activations, 0: each row has its own.
 * Returns 1, or 0 if none needs it, or -1 if memory ran out. The rows become codes. */
int pl_find_room(const pl_tensor *w, pl_input_rows *in, const int8_t *balance, const pl_rotation *rotation,
                 const pl_converters *converters, double input_full_scale, int8_t *out);

/* What comes behind the balance, which is in *range: input_full_scale as the choice asks and, if it asks for
 * rotation, room, which `room` is for (w->rows). Returns 1 if there is room, 0, or -1 if memory ran out. The rows are
 * used up. */
int pl_choose_codes(const pl_tensor *w, pl_input_rows *in, pl_range_choice choice, const pl_converters *converters,
                    pl_nn_range *range, int8_t *room);

#endif
