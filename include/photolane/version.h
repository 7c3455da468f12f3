/* version.h: the one place that names the version; the Makefile reads it from here. */
#ifndef PHOTOLANE_VERSION_H
#define PHOTOLANE_VERSION_H

#define PL_VERSION_MAJOR 0
#define PL_VERSION_MINOR 1
#define PL_VERSION_PATCH 0
#define PL_VERSION "0.1.0"

#endif
