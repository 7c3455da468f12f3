/* vectors_neon.c: vectors.h for NEON (AArch64): the operations are lanes_neon.h, the code is in the other three. */
#if defined(__aarch64__) && defined(__GNUC__)
#include <string.h>

#include "model/lanes_neon.h"
#include "model/noise_lanes.h"

#include "model/reads_lanes.h"
#include "model/fields_lanes.h"

extern const pl_vectors pl_vectors_neon;
const pl_vectors pl_vectors_neon = {.name = "neon", .reads = reads_of_group, .fields = fields_of_row};
#else
typedef int pl_vectors_neon_is_for_another_machine;
#endif
