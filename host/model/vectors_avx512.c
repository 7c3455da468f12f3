/* vectors_avx512.c: vectors.h for AVX-512 with VNNI: the operations are lanes_avx512.h, the code is in the other three. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <string.h>

#include "model/lanes_avx512.h"
#include "model/noise_lanes.h"

#include "model/reads_lanes.h"
#include "model/fields_lanes.h"

extern const pl_vectors pl_vectors_avx512;
const pl_vectors pl_vectors_avx512 = {.name = "avx512", .reads = reads_of_group, .fields = fields_of_row};
#else
typedef int pl_vectors_avx512_is_for_another_machine;
#endif
