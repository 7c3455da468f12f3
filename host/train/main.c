/* main.c: pl-train, the program that trains the model Photolane ships.
 *
 *   pl-train --text TRAIN.txt --heldout HELDOUT.txt --out MODEL.gguf [options]
 *
 * Learns a vocabulary, trains a small decoder of the Llama family, writes it as GGUF and prints what it is worth on the
 * held-out text, before and after the weights became 8-bit. Results on stdout, progress on stderr; exit code 0 done,
 * 2 bad usage or input, 1 anything else. The same command gives the same file on the same type of machine: seeds are
 * fixed, but another CPU or BLAS adds floats in another order.
 */
#include <cblas.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "train/gguf_write.h"
#include "train/train.h"

static const char usage[] =
    "usage: pl-train --text TRAIN.txt --heldout HELDOUT.txt --out MODEL.gguf [options]\n"
    "  --vocab N       tokens, 257..4096 (1024)     --steps N       optimiser steps (4000)\n"
    "  --width N       of the residual (192)        --batch N       windows per step (16)\n"
    "  --layers N      (5)                          --rate X        peak learning rate (0.003)\n"
    "  --heads N       (6)                          --warmup N      steps to the peak (100)\n"
    "  --kv-heads N    (2)                          --decay X       weight decay (0.1)\n"
    "  --ff N          feed-forward width (384)     --clip X        largest gradient norm (1)\n"
    "  --context N     tokens (256)                 --dropout X     on what layers add (0)\n"
    "  --type T        q8_0 or f32 (q8_0)           --noise X       relative, on products (0)\n"
    "  --name TEXT     of the model                 --seed N        (1)\n"
    "  --about TEXT    one sentence for the file    --threads N     1..batch/4 (1)\n"
    "  --every N       steps from one held-out score (and save) to the next (500)\n"
    "  --stop N        end after step N, the schedule of the learning rate still being made for --steps\n"
    "  --prompt TEXT   sampled from at each score (\"And God said\")\n";

typedef struct {
  const char *text, *heldout, *out, *name, *about, *prompt;
  net_config net;
  adamw_settings adamw;
  train_settings train;
  pl_ggml_type type;
  int every, stop; /* stop 0: at the end of the schedule */
} options;

/* ---- Options ---- */

static int number(const char *name, const char *text, double low, double high, double *value, pl_error *err) {
  char *end;
  errno = 0;
  *value = strtod(text, &end);
  if (!errno && end != text && !*end && *value >= low && *value <= high) return PL_OK;
  return pl_fail(err, PL_E_INPUT, "--%s takes a number from %g to %g, not '%s'.", name, low, high, text);
}

static pl_status parse(int argc, char **argv, options *o, pl_error *err) {
  struct entry {
    const char *name;
    const char **text; /* one of the three is set */
    int *whole;
    float *real;
    double low, high;
  } table[] = {
      {.name = "text", .text = &o->text}, {.name = "heldout", .text = &o->heldout}, {.name = "out", .text = &o->out},
      {.name = "name", .text = &o->name}, {.name = "about", .text = &o->about}, {.name = "prompt", .text = &o->prompt},
      {.name = "vocab", .whole = &o->net.vocab, .low = BPE_MIN_VOCAB, .high = BPE_MAX_VOCAB},
      {.name = "width", .whole = &o->net.width, .low = 2, .high = 1024},
      {.name = "layers", .whole = &o->net.layers, .low = 1, .high = NET_MAX_LAYERS},
      {.name = "heads", .whole = &o->net.heads, .low = 1, .high = 64},
      {.name = "kv-heads", .whole = &o->net.kv_heads, .low = 1, .high = 64},
      {.name = "ff", .whole = &o->net.ff, .low = 1, .high = 8192},
      {.name = "context", .whole = &o->net.context, .low = 8, .high = 1024},
      {.name = "steps", .whole = &o->adamw.steps, .low = 1, .high = 1e7},
      {.name = "batch", .whole = &o->train.batch, .low = TRAIN_SHARD, .high = TRAIN_SHARD * TRAIN_MAX_SHARDS},
      {.name = "warmup", .whole = &o->adamw.warmup, .low = 0, .high = 1e7},
      {.name = "threads", .whole = &o->train.threads, .low = 1, .high = TRAIN_MAX_SHARDS},
      {.name = "every", .whole = &o->every, .low = 1, .high = 1e7},
      {.name = "stop", .whole = &o->stop, .low = 1, .high = 1e7},
      {.name = "rate", .real = &o->adamw.rate, .low = 0, .high = 1},
      {.name = "decay", .real = &o->adamw.decay, .low = 0, .high = 10},
      {.name = "clip", .real = &o->adamw.clip, .low = 0, .high = 1e6},
      {.name = "dropout", .real = &o->train.noise.dropout, .low = 0, .high = 0.9},
      {.name = "noise", .real = &o->train.noise.noise, .low = 0, .high = 1},
  };
  enum { ENTRIES = sizeof table / sizeof *table, SEED = ENTRIES, TYPE, HELP };
  struct option names[ENTRIES + 4] = {0};
  for (int i = 0; i < ENTRIES; i++) names[i] = (struct option){table[i].name, required_argument, NULL, 1000 + i};
  names[SEED] = (struct option){"seed", required_argument, NULL, 1000 + SEED};
  names[TYPE] = (struct option){"type", required_argument, NULL, 1000 + TYPE};
  names[HELP] = (struct option){"help", no_argument, NULL, 1000 + HELP};

  opterr = 0;
  for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
    double value;
    if (c < 1000)
      return pl_fail(err, PL_E_INPUT, "Option '%s' is unknown or lacks its value; see pl-train --help.",
                     argv[optind - 1]);
    if (c - 1000 == HELP) {
      fputs(usage, stdout);
      exit(0);
    }
    if (c - 1000 == TYPE) {
      if (strcmp(optarg, "q8_0") && strcmp(optarg, "f32"))
        return pl_fail(err, PL_E_INPUT, "--type is q8_0 or f32, not '%s'.", optarg);
      o->type = strcmp(optarg, "f32") ? PL_GGML_Q8_0 : PL_GGML_F32;
    } else if (c - 1000 == SEED) {
      if (number("seed", optarg, 0, 4294967295.0, &value, err)) return err->status;
      o->train.seed = (uint64_t)value;
    } else {
      const struct entry *e = &table[c - 1000];
      if (e->text) {
        *e->text = optarg;
        continue;
      }
      if (number(e->name, optarg, e->low, e->high, &value, err)) return err->status;
      if (e->whole && value != floor(value))
        return pl_fail(err, PL_E_INPUT, "--%s takes a whole number, not '%s'.", e->name, optarg);
      if (e->whole) *e->whole = (int)value;
      else *e->real = (float)value;
    }
  }
  if (optind < argc) return pl_fail(err, PL_E_INPUT, "Unexpected argument '%s'; see pl-train --help.", argv[optind]);
  if (!o->text || !o->heldout || !o->out)
    return pl_fail(err, PL_E_INPUT, "--text, --heldout and --out are needed; see pl-train --help.");
  return net_check(&o->net, err);
}

/* ---- Run ---- */

typedef struct {
  bpe vocabulary;
  corpus text, heldout;
  real *params, *grads;
  adamw adamw;
  trainer *trainer;
} run;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static pl_status load(const options *o, run *r, pl_error *err) {
  char *text = NULL, *heldout = NULL;
  size_t length, heldout_length;
  pl_status status = corpus_read(o->text, &text, &length, err);
  if (!status) status = corpus_read(o->heldout, &heldout, &heldout_length, err);
  if (!status) status = bpe_learn(text, length, o->net.vocab, &r->vocabulary, err);
  if (!status) status = corpus_encode(&r->vocabulary, text, length, &r->text, err);
  if (!status) status = corpus_encode(&r->vocabulary, heldout, heldout_length, &r->heldout, err);
  if (!status && r->heldout.count < (size_t)o->net.context)
    status = pl_fail(err, PL_E_INPUT, "The held-out text has %zu tokens, fewer than one window of %d.",
                     r->heldout.count, o->net.context);
  free(text);
  free(heldout);
  return status;
}

static pl_status prepare(const options *o, run *r, pl_error *err) {
  pl_status status = gguf_write_check(o->out, &o->net, o->type, err);
  if (!status) status = load(o, r, err);
  if (status) return status;
  size_t size = net_size(&o->net);
  r->params = malloc(sizeof(real) * size);
  r->grads = malloc(sizeof(real) * size);
  if (!r->params || !r->grads) return pl_fail(err, PL_E_MEMORY, "Out of memory for %zu parameters.", size);
  net_init(&o->net, (float)(0.55 / sqrt(o->net.width)), o->train.seed, r->params);
  if (adamw_new(&o->net, &o->adamw, &r->adamw, err)) return err->status;
  r->trainer = train_new(&o->net, &o->train, &r->text, &r->vocabulary, err);
  return r->trainer ? PL_OK : err->status;
}

static void print_score(const char *what, const train_score *s) {
  printf("%s: perplexity %.3f (second half of each window %.3f), %.4f nats per token, %.4f bits per byte\n", what,
         exp(s->nats), exp(s->second_half), s->nats, s->bits_per_byte);
}

static pl_status save(const options *o, const run *r, pl_error *err) {
  const gguf_about about = {.name = o->name, .description = o->about};
  return gguf_write(o->out, &o->net, r->params, &r->vocabulary, o->type, &about, err);
}

static pl_status train(const options *o, run *r, pl_error *err) {
  double begin = seconds(), loss = 0;
  int summed = 0, steps = o->stop && o->stop < o->adamw.steps ? o->stop : o->adamw.steps;
  for (int step = 0; step < steps; step++) {
    loss += train_gradient(r->trainer, r->params, step, r->grads);
    double norm = adamw_step(&r->adamw, r->params, r->grads);
    summed++;
    if (!isfinite(norm)) return pl_fail(err, PL_E_IO, "Training diverged at step %d: lower --rate.", step + 1);
    if ((step + 1) % 50 == 0) {
      double rate = (step + 1.0) * o->train.batch * o->net.context / (seconds() - begin);
      fprintf(stderr, "step %d of %d: loss %.4f, gradient %.3f, rate %.5f, %.0f tokens/s, %.0f s left\n", step + 1,
              steps, loss / summed, norm, adamw_rate(&o->adamw, step), rate,
              (seconds() - begin) / (step + 1) * (steps - step - 1));
      loss = summed = 0;
    }
    if ((step + 1) % o->every && step + 1 < steps) continue;
    char text[600];
    train_score score = train_evaluate(r->trainer, r->params, &r->heldout);
    train_sample(r->trainer, r->params, o->prompt, 80, 0.7, (uint64_t)step, text, sizeof text);
    fprintf(stderr, "held out: %.4f nats, perplexity %.3f, %.4f bits per byte\n%s[%s]\n", score.nats, exp(score.nats),
            score.bits_per_byte, o->prompt, text);
    if (save(o, r, err)) return err->status;
  }
  return PL_OK;
}

static void report(const options *o, run *r) {
  printf("parameters %zu, vocabulary %d, training text %zu tokens (%zu bytes), held out %zu tokens (%zu bytes)\n",
         net_size(&o->net), o->net.vocab, r->text.count, r->text.bytes, r->heldout.count, r->heldout.bytes);
  train_score score = train_evaluate(r->trainer, r->params, &r->heldout);
  print_score("held out, float weights", &score);
  if (o->type != PL_GGML_Q8_0) return;
  net_tensor list[NET_MAX_TENSORS];
  int count = net_tensors(&o->net, list);
  for (int i = 0; i < count; i++)
    if (list[i].rows > 1) q8_0_round(r->params + list[i].offset, (size_t)list[i].rows * list[i].columns);
  score = train_evaluate(r->trainer, r->params, &r->heldout);
  print_score("held out, Q8_0 weights", &score);
}

int main(int argc, char **argv) {
  options o = {
      .name = "Photolane", .about = "A small decoder for demonstrations", .prompt = "And God said", .every = 500,
      .net = {.vocab = 1024, .width = 192, .layers = 5, .heads = 6, .kv_heads = 2, .ff = 384, .context = 256,
              .rope_base = 10000, .eps = 1e-5f},
      .adamw = {.rate = 0.003f, .final_rate = 0.02f, .warmup = 100, .steps = 4000, .beta1 = 0.9f, .beta2 = 0.95f,
                .eps = 1e-8f, .decay = 0.1f, .clip = 1},
      .train = {.batch = 16, .threads = 1, .seed = 1},
      .type = PL_GGML_Q8_0,
  };
  run r = {0};
  pl_error err = {0};
  openblas_set_num_threads(1); /* threads work on windows, each with a BLAS of its own */
  pl_status status = parse(argc, argv, &o, &err);
  if (!status) status = prepare(&o, &r, &err);
  if (!status) status = train(&o, &r, &err);
  if (!status) report(&o, &r);
  if (status) fprintf(stderr, "pl-train: %s\n", err.text);
  train_free(r.trainer);
  adamw_free(&r.adamw);
  corpus_free(&r.text);
  corpus_free(&r.heldout);
  bpe_free(&r.vocabulary);
  free(r.params);
  free(r.grads);
  return status == PL_OK ? 0 : status == PL_E_INPUT ? 2 : 1;
}
