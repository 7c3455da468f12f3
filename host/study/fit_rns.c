/* fit_rns.c: probes and estimators of the kind `rns` (docs/calibration.md).
 *
 * A residue is digital: what shows of the noise is how often a sum comes back wrong. First every residue of every
 * modulus is sent, then the sums that are wrong most often by what was found so far. Noise is fitted to the counts by
 * maximum likelihood, as noise of the detectors alone, of the phase alone, and of both: the simplest that the counts
 * do not exclude is taken. Intervals end where the likelihood has fallen to exp(-6.9) of its maximum. With no error
 * in N reads that is a chance of 6.9 / N: above it one would have seen an error, but for a chance of 1e-3.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rns.h"
#include "study/fit.h"
#include "study/rns_chance.h"

enum { MODULUS_MAX = 264, SUMS_MAX = 320, CANDIDATES = 20000, SEARCH = 26, MANY = 2000 };
enum { SWEEP_READS = 2, DETECTOR_READS = 24, PHASE_READS = 6, RANDOM_READS = 2 }; /* times the prober's reads */
#define FALLS 6.9
#define DETECTOR_MOST 0.2499 /* 1 / amplitude_snr, and turns of phase, that a description holds */
#define PHASE_MOST 0.0624

typedef struct {
  pl_prober *p;
  pl_fit *fit;
  pl_rns_receiver receiver;
  int top, counted;                     /* top: largest mantissa */
  int32_t largest, legal;               /* sum that a probe may have; that passes the range check */
  int8_t *codes;                        /* two vectors */
  struct {
    int32_t sum;
    pl_count count;
  } list[SUMS_MAX]; /* what was counted */
  double table[5][MODULUS_MAX]; /* chances of being received wrong, computed when needed */
} rns;

/* ---- Likelihood ---- */

static void forget(rns *c) {
  for (int i = 0; i < 5; i++)
    for (int r = 0; r < MODULUS_MAX; r++) c->table[i][r] = -1;
}

/* Chance that a sum comes back wrong, by the table of this noise: forget() before another. */
static double chance_of(rns *c, int32_t sum, pl_rns_noise noise) {
  double right = 1, wrong = 0;
  for (int i = 0; i < c->receiver.moduli; i++) {
    const int m = c->receiver.modulus[i], r = c->receiver.angle ? ((sum % m) + m) % m : 0;
    double *known = &c->table[i][r];
    if (*known < 0) *known = pl_rns_wrong_chance(&c->receiver, i, r, noise);
    wrong += right * *known; /* small chances are not lost beside 1 */
    right *= 1 - *known;
  }
  return wrong;
}

static double likelihood(rns *c, pl_rns_noise noise) {
  double sum = 0;
  forget(c);
  for (int i = 0; i < c->counted; i++) {
    const pl_count *n = &c->list[i].count;
    const double p = fmin(fmax(chance_of(c, c->list[i].sum, noise), 1e-30), 1 - 1e-12);
    sum += n->wrong * log(p) + (n->reads - n->wrong) * log1p(-p);
  }
  return sum;
}

/* One noise as a function of one number: that of the detectors, of the phase, with the other one fixed. */
typedef struct {
  rns *c;
  int of_phase;
  pl_rns_noise fixed;
} line;

static double at(const line *l, double value) {
  pl_rns_noise noise = l->fixed;
  *(l->of_phase ? &noise.phase_turns : &noise.noise_amplitude) = value;
  return likelihood(l->c, noise);
}

/* The value between 0 and most of largest likelihood, by golden sections of its logarithm. */
static double maximum(const line *l, double most, double *height) {
  const double ratio = (sqrt(5) - 1) / 2;
  double low = log(most * 1e-4), high = log(most), x1 = high - ratio * (high - low), x2 = low + ratio * (high - low);
  double f1 = at(l, exp(x1)), f2 = at(l, exp(x2));
  for (int i = 0; i < SEARCH; i++) {
    if (f1 > f2) { /* where noise is too small for any error it makes no difference: go up */
      high = x2, x2 = x1, f2 = f1, x1 = high - ratio * (high - low), f1 = at(l, exp(x1));
    } else {
      low = x1, x1 = x2, f1 = f2, x2 = low + ratio * (high - low), f2 = at(l, exp(x2));
    }
  }
  const double none = at(l, 0);
  *height = fmax(fmax(f1, f2), none);
  return none >= fmax(f1, f2) ? 0 : exp((low + high) / 2);
}

/* Where between `inside` and `outside` the likelihood has fallen by FALLS; `outside` if it has not. */
static double edge(const line *l, double inside, double outside, double height) {
  if (at(l, outside) > height - FALLS) return outside;
  for (int i = 0; i < SEARCH; i++) {
    const double middle = inside > 0 && outside > 0 ? sqrt(inside * outside) : (inside + outside) / 2;
    if (at(l, middle) > height - FALLS) inside = middle;
    else outside = middle;
  }
  return (inside + outside) / 2;
}

typedef struct {
  double value, low, high, height;
} estimate;

static estimate estimate_of(rns *c, int of_phase, pl_rns_noise fixed) {
  const line l = {c, of_phase, fixed};
  const double most = of_phase ? PHASE_MOST : DETECTOR_MOST;
  estimate e;
  e.value = maximum(&l, most, &e.height);
  e.low = e.value > 0 ? edge(&l, e.value, 0, e.height) : 0;
  e.high = edge(&l, e.value, most, e.height);
  return e;
}

/* ---- Probes ---- */

/* Codes without a shared exponent whose products add up to `sum`. */
static void make_sum(const rns *c, int32_t sum, int8_t *a, int8_t *b) {
  const int length = c->p->length, top = c->top;
  int whole = (int)lround((double)sum / top);
  a[0] = (int8_t)(sum - whole * top);
  b[0] = 1;
  for (int k = 1; k < length; k++) {
    const int part = whole > top ? top : whole < -top ? -top : whole;
    a[k] = (int8_t)part;
    b[k] = (int8_t)top;
    whole -= part;
  }
}

static pl_status count_sum(rns *c, int32_t sum, int64_t reads, pl_error *err) {
  int8_t *a = c->codes, *b = a + c->p->length;
  int i = 0;
  while (i < c->counted && c->list[i].sum != sum) i++;
  if (i == SUMS_MAX) return pl_fail(err, PL_E_INPUT, "more sums than a calibration counts");
  if (i == c->counted) c->list[c->counted++].sum = sum;
  make_sum(c, sum, a, b);
  return pl_probe_wrong(c->p, a, 1, b, 1, &sum, reads, &c->list[i].count, err);
}

/* The sum that is wrong most often under this noise. */
static int32_t worst_sum(rns *c, pl_rns_noise noise) {
  const int32_t end = c->largest < CANDIDATES ? c->largest : CANDIDATES;
  int32_t worst = 1;
  double most = -1;
  forget(c);
  for (int32_t sum = 1; sum <= end; sum++) {
    const double p = chance_of(c, sum, noise);
    if (p > most) most = p, worst = sum;
  }
  return worst;
}

static double all_wrong(const rns *c) {
  double wrong = 0;
  for (int i = 0; i < c->counted; i++) wrong += c->list[i].count.wrong;
  return wrong;
}

static pl_status run_probes(rns *c, pl_error *err) {
  int sweep = 1;
  for (int i = 0; i < c->receiver.moduli; i++)
    if (c->receiver.modulus[i] > sweep) sweep = c->receiver.modulus[i];
  pl_status status = PL_OK;
  for (int32_t y = 1; y <= sweep && y <= c->largest && !status; y++)
    status = count_sum(c, y, SWEEP_READS * c->p->reads / sweep, err);
  if (status) return status;
  const pl_rns_noise none = {0, 0};
  const estimate detector = estimate_of(c, 0, none), phase = estimate_of(c, 1, none);
  const double some = all_wrong(c);
  const int32_t for_detector = worst_sum(c, (pl_rns_noise){0, some > 0 ? detector.value : detector.high});
  const int32_t for_phase = worst_sum(c, (pl_rns_noise){some > 0 ? phase.value : phase.high, 0});
  const int many = some > MANY; /* counts are good already */
  status = count_sum(c, for_detector, (many ? SWEEP_READS : DETECTOR_READS) * c->p->reads, err);
  if (!status) status = count_sum(c, for_phase, (many ? SWEEP_READS : PHASE_READS) * c->p->reads, err);
  return status;
}

/* ---- Results ---- */

/* Angles are whole turns of 2^-16 in the receiver, and sines have 14 bits: that much is left open beside what counts
 * say. */
#define ARITHMETIC 0.002

static estimate widened(estimate e) {
  return (estimate){e.value, e.low * (1 - ARITHMETIC), e.high * (1 + ARITHMETIC), e.height};
}

static void report_detector(rns *c, estimate exact) {
  const estimate e = widened(exact);
  pl_fit_parameter *p = pl_fit_add(c->fit, "detector_noise_rms_amplitude", -1, "", e.value, e.low, e.high, 0);
  if (!pl_fit_judge(p, 0, 0.01)) return;
  c->fit->effects |= PL_EFFECT_THERMAL;
  pl_fit_add(c->fit, "amplitude_snr", -1, "", 1 / e.value, 1 / e.high, 1 / e.low, 1);
}

static void report_phase(rns *c, estimate exact) {
  const estimate e = widened(exact);
  pl_fit_parameter *p =
      pl_fit_add(c->fit, "phase_noise_rms_deg", -1, "deg", 360 * e.value, 360 * e.low, 360 * e.high, 1);
  if (pl_fit_judge(p, 0, 0.6)) c->fit->effects |= PL_EFFECT_PHASE;
}

/* ---- Two causes ---- */

/* Noise of `total` amplitude, a share of whose variance is the phase's: the counts tell the total well and the share
 * badly, and one hardly depends on the other. */
static pl_rns_noise mixture(double share, double total) {
  return (pl_rns_noise){total * sqrt(share) / (2 * M_PI), total * sqrt(1 - share)};
}

/* The largest likelihood for this share, at a total that is looked for around *total. */
static double profile(rns *c, double share, double *total) {
  enum { STEPS = 12 };
  const double ratio = (sqrt(5) - 1) / 2;
  double low = 0.9 * *total, high = 1.1 * *total, x1 = high - ratio * (high - low), x2 = low + ratio * (high - low);
  double f1 = likelihood(c, mixture(share, x1)), f2 = likelihood(c, mixture(share, x2));
  for (int i = 0; i < STEPS; i++) {
    if (f1 > f2) {
      high = x2, x2 = x1, f2 = f1, x1 = high - ratio * (high - low), f1 = likelihood(c, mixture(share, x1));
    } else {
      low = x1, x1 = x2, f1 = f2, x2 = low + ratio * (high - low), f2 = likelihood(c, mixture(share, x2));
    }
  }
  *total = (low + high) / 2;
  return fmax(f1, f2);
}

/* The share between a best one and an end at which the likelihood has fallen by FALLS; the end if it has not. */
static double share_edge(rns *c, double best, double end, double height, double total) {
  enum { STEPS = 8 };
  double t = total;
  if (profile(c, end, &t) > height - FALLS) return end;
  for (int i = 0; i < STEPS; i++) {
    const double middle = (best + end) / 2;
    t = total;
    if (profile(c, middle, &t) > height - FALLS) best = middle;
    else end = middle;
  }
  return end;
}

/* Fits share and total. The estimates become those of both causes; the share's interval is returned in low and high. */
static void fit_share(rns *c, estimate *detector, estimate *phase, double *low, double *high) {
  enum { STEPS = 12 };
  const double ratio = (sqrt(5) - 1) / 2;
  double total = detector->height > phase->height ? detector->value : 2 * M_PI * phase->value;
  double a = 0, b = 1, x1 = 1 - ratio, x2 = ratio, t = total, f1 = profile(c, x1, &t), f2 = profile(c, x2, &t);
  for (int i = 0; i < STEPS; i++) {
    t = total;
    if (f1 > f2) b = x2, x2 = x1, f2 = f1, x1 = b - ratio * (b - a), f1 = profile(c, x1, &t);
    else a = x1, x1 = x2, f1 = f2, x2 = a + ratio * (b - a), f2 = profile(c, x2, &t);
  }
  double best = (a + b) / 2, height = profile(c, best, &total);
  if (detector->height > height) best = 0, height = detector->height;
  if (phase->height > height) best = 1, height = phase->height;
  *low = best > 0 ? share_edge(c, best, 0, height, total) : 0;
  *high = best < 1 ? share_edge(c, best, 1, height, total) : 1;
  const pl_rns_noise at_best = mixture(best, total), at_low = mixture(*low, total), at_high = mixture(*high, total);
  *detector = (estimate){at_best.noise_amplitude, at_high.noise_amplitude, at_low.noise_amplitude, height};
  *phase = (estimate){at_best.phase_turns, at_low.phase_turns, at_high.phase_turns, height};
}

/* The simplest cause that the counts do not exclude, noise of the detectors first: then phase noise may be anything
 * from none to its share; and the other way round. */
static pl_rns_noise report(rns *c) {
  const pl_rns_noise none = {0, 0};
  const estimate detector = estimate_of(c, 0, none), phase = estimate_of(c, 1, none);
  estimate detector_of_both = detector, phase_of_both = phase;
  double low = 0, high = 1;
  if (c->receiver.angle && all_wrong(c) > 0) fit_share(c, &detector_of_both, &phase_of_both, &low, &high);
  if (low <= 0) {
    report_detector(c, detector);
    report_phase(c, (estimate){0, 0, phase_of_both.high, 0});
    return (pl_rns_noise){0, detector.value};
  }
  report_detector(c, high >= 1 ? (estimate){0, 0, detector_of_both.high, 0} : detector_of_both);
  report_phase(c, high >= 1 ? phase : phase_of_both);
  return high >= 1 ? (pl_rns_noise){phase.value, 0}
                   : (pl_rns_noise){phase_of_both.value, detector_of_both.value};
}

/* ---- Random codes, all channels ---- */

/* What the digital part makes of two vectors, by the data sheet: the result without noise; *sum is that of the
 * mantissas. */
static int32_t digital(const pl_model_regs *r, const int8_t *a, const int8_t *b, int count, int32_t *sum) {
  const int ea = pl_rns_shift(r, a, count), eb = pl_rns_shift(r, b, count);
  *sum = 0;
  for (int k = 0; k < count; k++) *sum += pl_bfp_mantissa(a[k], ea) * pl_bfp_mantissa(b[k], eb);
  return pl_rns_read(r, *sum, 0, 0, 0).value << (ea + eb);
}

static pl_status predict(rns *c, pl_rns_noise noise, pl_error *err) {
  enum { SIDE = 16 };
  const pl_sheet *s = &c->p->sheet;
  const int length = s->channels;
  int32_t right[SIDE * SIDE], sum;
  pl_model_regs r = {.kind = PL_KIND_RNS, .effects = c->fit->effects & (PL_EFFECT_RESIDUES | PL_EFFECT_BFP |
                     PL_EFFECT_RANGE_CHECK | PL_EFFECT_REDUNDANCY), .channels = length, .rns_k = s->rns_k,
                     .redundant = s->redundant, .range_limit = s->range_limit, .bfp_bits = s->bfp_bits};
  int8_t *codes = malloc(2 * (size_t)SIDE * (size_t)length);
  if (!codes) return pl_fail(err, PL_E_MEMORY, "out of memory for random vectors");
  int8_t *a = codes, *b = codes + (size_t)SIDE * (size_t)length;
  double wrong = 0;
  /* What is lost anyhow cannot come back wrong: codes so small that their sums pass the range check. */
  for (int most = 127, legal = 0; !legal; most /= 2) {
    legal = 1, wrong = 0;
    for (size_t i = 0; i < 2 * (size_t)SIDE * (size_t)length; i++)
      codes[i] = (int8_t)(pl_probe_random(c->p, 2 * most + 1) - most);
    forget(c);
    for (int i = 0; i < SIDE; i++)
      for (int j = 0; j < SIDE; j++) {
        right[i * SIDE + j] = digital(&r, a + (size_t)i * (size_t)length, b + (size_t)j * (size_t)length, length, &sum);
        if (!s->residues) continue;
        legal &= abs(sum) <= c->legal || !most;
        wrong += chance_of(c, sum, noise) / (SIDE * SIDE);
      }
  }
  pl_count count = {0, 0};
  c->p->length = length;
  const pl_status status =
      pl_probe_wrong(c->p, a, SIDE, b, SIDE, right, RANDOM_READS * c->p->reads / (SIDE * SIDE), &count, err);
  free(codes);
  /* Counts are Poisson; the fitted noise is known to some part, which their number tells too. */
  const double expected = wrong * count.reads, seen = fmax(all_wrong(c), 1);
  if (!status)
    pl_fit_expect(c->fit, "wrong reads", count.wrong, expected, sqrt(expected + 1 + expected * expected / seen));
  return status;
}

pl_status pl_fit_rns(pl_prober *prober, pl_fit *fit, pl_error *err) {
  const pl_sheet *s = &prober->sheet;
  rns *c = calloc(1, sizeof *c);
  if (!c) return pl_fail(err, PL_E_MEMORY, "out of memory for a calibration");
  *c = (rns){.p = prober, .fit = fit, .top = s->bfp_bits && s->bfp_bits < 7 ? (1 << s->bfp_bits) - 1 : 127};
  pl_status status = PL_OK;
  pl_rns_noise noise = {0, 0};
  if (s->residues && s->channels < 2)
    status = pl_fail(err, PL_E_INPUT, "a residue core of a single channel cannot be calibrated: its sums are few");
  prober->length = s->channels < MODULUS_MAX ? s->channels : MODULUS_MAX;
  c->codes = malloc(2 * (size_t)prober->length);
  if (!status && !c->codes) status = pl_fail(err, PL_E_MEMORY, "out of memory for the vectors of a calibration");
  if (!status && s->residues) status = pl_rns_receiver_init(&c->receiver, s, err);
  if (!status && s->residues) {
    const int *m = c->receiver.modulus;
    const double moduli = (double)m[0] * m[1] * m[2];
    const double reached = (double)c->top * c->top * (prober->length - 1);
    const double limit = s->range_check || s->redundant ? s->range_limit : moduli;
    c->largest = (int32_t)fmin(fmin(reached, limit), floor((moduli - 1) / 2));
    c->legal = (int32_t)fmin(limit, INT32_MAX);
    status = run_probes(c, err);
    if (!status) noise = report(c);
  }
  if (!status) status = predict(c, noise, err);
  pl_rns_receiver_free(&c->receiver);
  free(c->codes);
  free(c);
  return status;
}
