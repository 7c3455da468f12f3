/* reads_neon.c: reads.h for NEON (AArch64). The code is reads_lanes.h. */
#if defined(__aarch64__) && defined(__GNUC__)
#include "model/lanes_neon.h"
#define pl_reads_of_group pl_reads_neon
#include "model/reads_lanes.h"
#else
typedef int pl_reads_neon_is_for_another_machine;
#endif
