/* version.c: what this library is. PL_BUILD_ID comes from the Makefile (git describe). */
#include "photolane/photolane.h"

#ifndef PL_BUILD_ID
#define PL_BUILD_ID PL_VERSION "+unknown"
#endif

const char *pl_version(void) { return PL_VERSION; }
const char *pl_build_id(void) { return PL_BUILD_ID; }
