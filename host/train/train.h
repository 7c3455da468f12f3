/* train.h: the training loop and what is measured on held-out text.
 *
 * Each step takes `batch` windows, in shards of TRAIN_SHARD windows. A shard's gradient is computed by one thread and
 * the shards are added in order, so that the number of threads does not change a bit of the result.
 */
#ifndef PHOTOLANE_TRAIN_TRAIN_H
#define PHOTOLANE_TRAIN_TRAIN_H

#include "train/adamw.h"
#include "train/corpus.h"
#include "train/net.h"

enum { TRAIN_SHARD = 4, TRAIN_MAX_SHARDS = 64 };

typedef struct {
  int batch;   /* windows per step, a multiple of TRAIN_SHARD */
  int threads; /* 1..batch / TRAIN_SHARD */
  uint64_t seed;
  net_noise noise; /* its key is set here */
} train_settings;

typedef struct trainer trainer;

/* NULL and *err if memory ran out or a setting is out of range. The arguments must outlive the trainer. */
trainer *train_new(const net_config *config, const train_settings *settings, const corpus *text, const bpe *vocabulary,
                   pl_error *err);
void train_free(trainer *t); /* NULL is fine */

/* Adds up the gradient of step `step` (from 0) into grads (overwritten); returns the mean loss, nats per token. */
double train_gradient(trainer *t, const real *params, int step, real *grads);

typedef struct {
  double nats;          /* mean loss per token, every token scored, windows side by side */
  double second_half;   /* the same over the second half of each window: at least context/2 tokens were seen */
  double bits_per_byte; /* all tokens' bits over all the text's bytes */
  size_t tokens;
} train_score;

/* Scores `text` (at least one window long; a rest shorter than a window is left out, also of the bytes, by share). */
train_score train_evaluate(trainer *t, const real *params, const corpus *text);

/* Continues `prompt` by up to `count` tokens into out[size] (a C string, the prompt not included). temperature 0: the
 * likeliest token. The text must fit into the context. */
void train_sample(trainer *t, const real *params, const char *prompt, int count, double temperature, uint64_t seed,
                  char *out, size_t size);

#endif
