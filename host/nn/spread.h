/* spread.h: the operands of a product whose inputs are rotated: the part of a calibration that balance.h is for products
 * without. Private to host/nn. */
#ifndef PHOTOLANE_NN_SPREAD_H
#define PHOTOLANE_NN_SPREAD_H

#include "nn/balance.h"

/* balance (w->dims[0]) and room (w->rows) of a rotated product, from rows whose offset is off; they come back divided by the
 * balance, and rotated. *found: bit 0 if there is a balance worth it, bit 1 if there is room to be given. 0: no memory. */
int pl_find_spread(const pl_tensor *w, pl_input_rows *in, const pl_converters *converters, int8_t *balance, int8_t *room,
                   int *found);

#endif
