/* gauss.c: random bits to a normal deviate. The arithmetic is in stages.h, the table in gauss_table.h. */
#include "model/stages.h"

int32_t pl_gauss(uint32_t word) { return pl_gauss_of(word); }
