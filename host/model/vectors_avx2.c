/* vectors_avx2.c: vectors.h for AVX2: the operations are lanes_avx2.h, the code is in the other three. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <string.h>

#include "model/lanes_avx2.h"
#include "model/noise_lanes.h"

#include "model/reads_lanes.h"
#include "model/fields_lanes.h"

extern const pl_vectors pl_vectors_avx2;
const pl_vectors pl_vectors_avx2 = {.name = "avx2", .reads = reads_of_group, .fields = fields_of_row};
#else
typedef int pl_vectors_avx2_is_for_another_machine;
#endif
