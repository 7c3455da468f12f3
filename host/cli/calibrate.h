/* calibrate.h: the two forms of `photolane calibrate`, and the options that cmd_calibrate.c has parsed for them. */
#ifndef PHOTOLANE_CLI_CALIBRATE_H
#define PHOTOLANE_CLI_CALIBRATE_H

#include "cli/nn_session.h"

typedef struct {
  const char *model, *text, *uri; /* NULL: not given, like all below */
  const char *core, *optical, *rule, *input, *output;
  int64_t tokens, reads, seed; /* tokens, reads 0 and seed -1: not given */
  int json, plain, unrotated;
} calibrate_options;

/* ADC ranges of a model on a core, from a text. */
int calibrate_ranges(const calibrate_options *o);

/* The parameters of a device, from probes. */
int calibrate_device(const calibrate_options *o, int argc, char **argv);

#endif
