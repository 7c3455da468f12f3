/* ranges_file.h: memory of ranges, shared by what finds and what loads them. Private to host/nn. */
#ifndef PHOTOLANE_NN_RANGES_FILE_H
#define PHOTOLANE_NN_RANGES_FILE_H

#include "nn/ranges.h"

/* Room for ranges and `bytes` of lists behind them, in one block: free() is all there is to it. NULL: no memory. */
pl_nn_ranges *pl_nn_ranges_new(int layers, size_t bytes);

/* Where the lists go: first those of floats. */
void *pl_nn_ranges_room(pl_nn_ranges *r);

#endif
