/* photolane.h: the public interface of libphotolane, and its manual.
 *
 * Photolane emulates optical tensor cores. A *device* multiplies int8 matrices the way such a core
 * does: converters, encoding noise, coupler dispersion, phase noise, detector noise, ADC. Which
 * device does it is chosen by a URI; the bits do not depend on the choice:
 *
 *   model:             the golden model, integers in C
 *   rtl: rtl:8x8x64    the RTL, Verilated; rows x columns x width of the physical array
 *                      (`rtl:8x8x64?check=1` compares each detector read with the golden model)
 *   sim:uart sim:ft245 a simulated board: RTL, link and FTDI chip at their pins, driven like a real one
 *   ftdi:              an FPGA board behind an FTDI chip (`ftdi:?serial=PL0042`, `ftdi:?mode=fifo`)
 *   null:              the golden model with injected faults, for tests (`null:?fail=lost&after=5`, ...)
 *
 * The life of a device:
 *
 *   pl_error err;
 *   pl_device *dev;
 *   pl_core core;
 *   if (pl_open("rtl:8x8x64", &dev, &err)) return complain(err.text);
 *   if (pl_core_load("lightening", &core, &err)) ...        shipped name, or path of a file
 *   if (pl_configure(dev, &core.image, &err)) ...
 *   pl_job job = {.job = 7, .m = M, .n = N, .k = K, .a = a, .lda = K, .b = b, .ldb = K,
 *                 .c = c, .ldc = N, .range = pl_range_for(full_scale, core_adc_bits)};
 *   if (pl_gemm(dev, &job, &err)) ...
 *   pl_close(dev);
 *
 * Noise is a pure function of (seed, job, effect, row, column, sum): the same job gives the same
 * bits on every backend, for any split into calls, as long as the coordinates are the same.
 *
 * Errors are values: every call that can fail returns 0 (PL_OK) or a pl_status, and fills *err
 * (may be NULL) with one sentence that says what is wrong and what to do. The library never exits,
 * never prints and keeps no global state that calls share. A device belongs to one thread at a time;
 * different devices may be used by different threads at once.
 */
#ifndef PHOTOLANE_H
#define PHOTOLANE_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/registers.h"
#include "photolane/version.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PL_API __attribute__((visibility("default")))
#else
#define PL_API
#endif

/* ---- Errors -------------------------------------------------------------------------------- */

typedef enum {
  PL_OK = 0,
  PL_E_MISMATCH = 1, /* two things that must agree do not (checker, lockstep, verification) */
  PL_E_INPUT = 2,    /* bad argument, file, register value or URI: the caller can mend it */
  PL_E_NODEV = 3,    /* there is no such device */
  PL_E_IO = 4,       /* the device or a file failed while in use */
  PL_E_MEMORY = 5,   /* out of memory */
} pl_status; /* the program's exit codes: 0..3 as they are, the others 1 */

typedef struct {
  pl_status status;
  char text[480]; /* one sentence, no newline */
} pl_error;

/* Fills *err (may be NULL) and returns `status`, so that `return pl_fail(err, PL_E_INPUT, "...")` reads well. */
PL_API pl_status pl_fail(pl_error *err, pl_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Version and build id of the library, e.g. "0.1.0" and "0.1.0+g1a2b3c4". Static strings. */
PL_API const char *pl_version(void);
PL_API const char *pl_build_id(void);

/* ---- Register image ------------------------------------------------------------------------ */

/* The registers of registers.h, one 32-bit word each (signed ones in two's complement). The words
 * `job`, `row0`, `col0`, `sum0`, `rows`, `cols`, `depth`, `a_base` and `b_base` belong to the job: pl_gemm sets them itself and what the image
 * says of them is not used. `adc_gain`, `adc_shift` and `systematic_var` are replaced by those of a job that has a range. */
typedef struct {
  uint32_t reg[PL_REG_WORDS];
} pl_image;

/* "coherent", "intensity" or "rns"; and the effects (PL_EFFECT_*) that a kind has. kind: PL_KIND_*. */
PL_API const char *pl_kind_name(uint32_t kind);
PL_API uint32_t pl_kind_effects(uint32_t kind);

/* Reset values: every effect off, the exact integer product. */
PL_API void pl_image_reset(pl_image *image);

/* Checks every word against the range of its register, and the effects against the kind; the error names what is wrong. */
PL_API pl_status pl_image_check(const pl_image *image, pl_error *err);

/* Sets one register by name ("channels", "dispersion[3]"). PL_E_INPUT if unknown or out of range. */
PL_API pl_status pl_image_set(pl_image *image, const char *name, int64_t value, pl_error *err);

/* ---- Core descriptions --------------------------------------------------------------------- */

/* A core in physical units becomes a register image here and nowhere else. */
typedef struct {
  char name[64];
  pl_image image;
  char warning[200]; /* one sentence on what of this core is emulated badly, or empty: show it to the user */
} pl_core;

/* Loads a shipped description ("ideal", "ideal8", "converters", "lightening", "lightening-code", "optical-transformers", "mirage")
 * or a libconfig file (a name with '/' or ending in ".cfg"). The errors name file, line and field. */
PL_API pl_status pl_core_load(const char *name_or_path, pl_core *core, pl_error *err);

/* ---- ADC range ----------------------------------------------------------------------------- */

/* The range of one product. ADC: code = round(detector * gain / 2^shift); gain 0 means: keep the words of the image.
 * mean_light: mean over the product's reads of the light on the detectors, in code^2; 0: keep the image's word. The
 * systematic error of `intensity` is proportional to it; other kinds do not use it. A core of kind `rns` has no range per
 * product: its converters see the same amplitude always, and neither field is used. */
typedef struct {
  uint16_t gain;
  uint8_t shift;
  uint32_t mean_light;
} pl_range;

/* The range whose full scale (the value of code 2^(adc_bits-1)) is nearest to `full_scale` code^2 and not
 * below it. full_scale > 0; adc_bits 2..16. One detector read sums up to `channels` products, so
 * full_scale = channels * 127 * 127 never clips. */
PL_API pl_range pl_range_for(double full_scale, int adc_bits);

/* code^2 per ADC code: multiply a result by this, and by the operands' scales, to get values.
 * With the ADC bypassed, and from a core of kind `rns`, a result is in code^2 already: then this returns 1. */
PL_API double pl_range_step(const pl_image *image, pl_range range);

/* ---- Devices ------------------------------------------------------------------------------- */

typedef struct pl_device pl_device;

typedef struct {
  char uri[528];      /* as opened (at most 511 characters), completed: "rtl:8x8x64" */
  char backend[16];   /* "model", "rtl", "sim", "ftdi", "null" */
  char kind[16];      /* of the core that is configured: "coherent", "intensity", "rns" */
  char build[160];    /* build id of what computes; of an array also the tools that made it */
  int rows, columns, width; /* physical array; 0 for the model */
  uint32_t clock_khz; /* of a device behind a link; 0 for the others */
  int checked;        /* 1: each detector read is compared with the golden model */
} pl_identity;

/* Opens a device. On success *dev must be closed with pl_close; on error *dev is NULL. */
PL_API pl_status pl_open(const char *uri, pl_device **dev, pl_error *err);
PL_API void pl_close(pl_device *dev); /* NULL is fine */
PL_API pl_status pl_identify(pl_device *dev, pl_identity *id, pl_error *err);

/* Loads a register image (checked first). Counters are kept. */
PL_API pl_status pl_configure(pl_device *dev, const pl_image *image, pl_error *err);

/* ---- The matrix product --------------------------------------------------------------------- */

/* c[i][j] = sum over reads of the ADC code of the optical sum of a[i][k] * b[j][k].
 * Shapes: a is m x k (row stride lda elements), b is n x k (each row holds one output column's weights, stride
 * ldb), c is m x n (stride ldc). Limits: row0 + m <= 2^24, col0 + n <= 2^20, k <= 65536. m, n, k >= 1. */
typedef struct {
  uint32_t job;        /* names the product in the model: layer, product, head. Part of the noise key */
  uint32_t row0, col0; /* absolute position of c[0][0]; rows are token positions */
  int m, n, k;
  const int8_t *a;
  ptrdiff_t lda;
  const int8_t *b;
  ptrdiff_t ldb;
  int32_t *c;
  ptrdiff_t ldc;
  pl_range range;
  uint64_t b_tag; /* 0, or a promise: the same tag always comes with the same b, n, k, job and col0, so the
                     device may keep b in its encoded form and count it in `encodings_b` once. The promise lasts
                     until pl_close, over every pl_configure */
} pl_job;

/* Computes one job, whole or not at all: on error c is undefined. If a board is unplugged on the way this is PL_E_NODEV,
 * unless it comes back within the seconds of its option `wait`; the same job asked for again then goes on where it stopped. */
PL_API pl_status pl_gemm(pl_device *dev, const pl_job *job, pl_error *err);

/* 1: the device has the job's B in its encoded form, by b_tag, so that pl_gemm, if it is the next call, does not read the
 * codes; b may then be NULL. 0: it has not, or cannot tell. For callers who can make codes anew and would rather not keep
 * them beside what the device keeps. */
PL_API int pl_holds(pl_device *dev, const pl_job *job);

/* ---- Counters ------------------------------------------------------------------------------- */

/* Since pl_open or the last pl_counters_reset. */
typedef struct {
  uint64_t jobs;
  uint64_t macs;         /* products, m*n*k */
  uint64_t reads;        /* detector reads = ADC conversions */
  uint64_t clipped;      /* reads whose ADC saturated */
  uint64_t detected;     /* rns: reads known to be wrong and not correctable; they contribute nothing */
  uint64_t corrected;    /* rns: reads that redundant moduli repaired */
  uint64_t encodings_a;  /* operand elements encoded = DAC conversions */
  uint64_t encodings_b;
  uint64_t cycles;       /* array clock cycles, first operand read to last result; 0 for the model */
  uint64_t ideal_cycles; /* the ceil-of-everything count; 0 for the model */
  uint64_t load_cycles;  /* clock cycles spent filling buffers */
  uint64_t checked;      /* detector reads compared with the golden model by the bound checker */
} pl_counters;

PL_API pl_status pl_get_counters(pl_device *dev, pl_counters *counters, pl_error *err);
PL_API void pl_counters_reset(pl_device *dev);

#ifdef __cplusplus
}
#endif
#endif
