/* reads_avx512.c: reads.h for AVX-512. The code is reads_lanes.h. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "model/lanes_avx512.h"
#define pl_reads_of_group pl_reads_avx512
#include "model/reads_lanes.h"
#else
typedef int pl_reads_avx512_is_for_another_machine;
#endif
