/* train.c: see train.h. */
#include "train/train.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "train/rng.h"

struct trainer {
  const net_config *config;
  train_settings settings;
  const corpus *text;
  const bpe *vocabulary;
  size_t size;
  int shards;
  real *shard_grads[TRAIN_MAX_SHARDS];
  net *net[TRAIN_MAX_SHARDS]; /* one per thread */
};

trainer *train_new(const net_config *config, const train_settings *s, const corpus *text, const bpe *vocabulary,
                   pl_error *err) {
  int shards = s->batch / TRAIN_SHARD;
  if (s->batch % TRAIN_SHARD || shards < 1 || shards > TRAIN_MAX_SHARDS || s->threads < 1 || s->threads > shards) {
    pl_fail(err, PL_E_INPUT,
            "A batch must be a multiple of %d windows up to %d, and have a thread for each %d at most: not "
            "%d windows with %d threads.",
            TRAIN_SHARD, TRAIN_SHARD * TRAIN_MAX_SHARDS, TRAIN_SHARD, s->batch, s->threads);
    return NULL;
  }
  if (text->count < (size_t)config->context + 1) {
    pl_fail(err, PL_E_INPUT, "The training text has %zu tokens, fewer than one window of %d.", text->count,
            config->context);
    return NULL;
  }
  trainer *t = calloc(1, sizeof *t);
  int ok = t != NULL;
  if (ok) *t = (trainer){.config = config, .settings = *s, .text = text, .vocabulary = vocabulary, .shards = shards};
  if (ok) t->size = net_size(config);
  for (int i = 0; ok && i < shards; i++) ok = (t->shard_grads[i] = malloc(sizeof(real) * t->size)) != NULL;
  for (int i = 0; ok && i < s->threads; i++) ok = (t->net[i] = net_new(config, TRAIN_SHARD)) != NULL;
  if (ok) return t;
  pl_fail(err, PL_E_MEMORY, "Out of memory for the activations: choose a smaller network.");
  train_free(t);
  return NULL;
}

void train_free(trainer *t) {
  if (!t) return;
  for (int i = 0; i < TRAIN_MAX_SHARDS; i++) {
    free(t->shard_grads[i]);
    net_free(t->net[i]);
  }
  free(t);
}

/* ---- One step ---- */

typedef struct {
  trainer *t;
  const real *params;
  int step, thread;
  double loss[TRAIN_MAX_SHARDS]; /* of its own shards */
} job;

static void *work(void *argument) {
  job *j = argument;
  trainer *t = j->t;
  int context = t->config->context, tokens[TRAIN_SHARD * context], targets[TRAIN_SHARD * context];
  for (int shard = j->thread; shard < t->shards; shard += t->settings.threads) {
    uint64_t first = (uint64_t)j->step * t->settings.batch + (uint64_t)shard * TRAIN_SHARD;
    for (int w = 0; w < TRAIN_SHARD; w++) {
      size_t at = corpus_draw(t->text, context, t->settings.seed, first + w);
      corpus_window(t->text, t->vocabulary, at, context, tokens + w * context, targets + w * context);
    }
    net_noise noise = t->settings.noise;
    noise.key = rng_bits(t->settings.seed ^ 0x6e6f697365u, first);
    memset(t->shard_grads[shard], 0, sizeof(real) * t->size);
    j->loss[shard] = net_gradient(t->net[j->thread], j->params, TRAIN_SHARD, tokens, targets, &noise,
                                  (real)(1.0 / ((double)t->settings.batch * context)), t->shard_grads[shard]);
  }
  return NULL;
}

double train_gradient(trainer *t, const real *params, int step, real *grads) {
  job jobs[TRAIN_MAX_SHARDS] = {0};
  pthread_t threads[TRAIN_MAX_SHARDS];
  int started[TRAIN_MAX_SHARDS] = {0}, count = t->settings.threads;
  for (int i = 0; i < count; i++) jobs[i] = (job){.t = t, .params = params, .step = step, .thread = i};
  for (int i = 1; i < count; i++) started[i] = !pthread_create(&threads[i], NULL, work, &jobs[i]);
  for (int i = 0; i < count; i++)
    if (!started[i]) work(&jobs[i]); /* the first, and any that could not be started */
  for (int i = 1; i < count; i++)
    if (started[i]) pthread_join(threads[i], NULL);

  double loss = 0;
  memcpy(grads, t->shard_grads[0], sizeof(real) * t->size);
  for (int shard = 0; shard < t->shards; shard++) {
    loss += jobs[shard % count].loss[shard];
    for (size_t i = 0; shard && i < t->size; i++) grads[i] += t->shard_grads[shard][i];
  }
  return loss / ((double)t->settings.batch * t->config->context);
}

/* ---- Held-out text ---- */

train_score train_evaluate(trainer *t, const real *params, const corpus *text) {
  int context = t->config->context, tokens[TRAIN_SHARD * context], targets[TRAIN_SHARD * context];
  float loss[TRAIN_SHARD * context];
  double all = 0, late = 0;
  size_t windows = text->count / context;
  for (size_t first = 0; first < windows; first += TRAIN_SHARD) {
    int n = windows - first < TRAIN_SHARD ? (int)(windows - first) : TRAIN_SHARD;
    for (int w = 0; w < n; w++)
      corpus_window(text, t->vocabulary, (first + w) * context, context, tokens + w * context, targets + w * context);
    net_loss(t->net[0], params, n, tokens, targets, NULL, loss);
    for (int i = 0; i < n * context; i++) {
      all += loss[i];
      late += i % context >= context / 2 ? loss[i] : 0;
    }
  }
  double scored = (double)windows * context, bytes = (double)text->bytes * scored / (double)text->count;
  return (train_score){.nats = all / scored, .second_half = late / ((double)windows * (context - context / 2)),
                       .bits_per_byte = all / log(2) / bytes, .tokens = (size_t)scored};
}

static int draw(const real *logits, int vocab, double temperature, double u) {
  int best = 0;
  for (int i = 1; i < vocab; i++) best = logits[i] > logits[best] ? i : best;
  if (temperature <= 0) return best;
  double sum = 0;
  for (int i = 0; i < vocab; i++) sum += exp((double)(logits[i] - logits[best]) / temperature);
  for (int i = 0; i < vocab; i++)
    if ((u -= exp((double)(logits[i] - logits[best]) / temperature) / sum) < 0) return i;
  return best;
}

void train_sample(trainer *t, const real *params, const char *prompt, int count, double temperature, uint64_t seed,
                  char *out, size_t size) {
  int context = t->config->context, used = 1, tokens[context + strlen(prompt)];
  tokens[0] = t->vocabulary->special;
  used += (int)bpe_encode(t->vocabulary, prompt, strlen(prompt), tokens + 1);
  for (int i = used; i < context; i++) tokens[i] = t->vocabulary->special;
  size_t length = 0;
  for (int i = 0; i < count && used < context; i++, used++) {
    int id = draw(net_logits(t->net[0], params, tokens, used - 1), t->config->vocab, temperature, rng_uniform(seed, i));
    const bpe_token *token = &t->vocabulary->token[id];
    if (id == t->vocabulary->special || length + token->length >= size) break;
    memcpy(out + length, token->bytes, token->length);
    length += token->length;
    tokens[used] = id;
  }
  out[length] = 0;
}
