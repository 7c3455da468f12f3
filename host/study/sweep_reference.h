/* sweep_reference.h: the float model's logits of a text's scored tokens, computed once for all points of a sweep.
 *
 * They lie in a temporary file without a name, mapped: processes that are forked later share its pages, the kernel may write
 * them out when memory is short, and nothing stays behind after kill -9. Logits rather than hidden states: those would be
 * smaller (SmolLM2: 2 kB a token, not 197 kB), but the head, a fifth of the model, would have to be computed for each point. */
#ifndef PL_STUDY_SWEEP_REFERENCE_H
#define PL_STUDY_SWEEP_REFERENCE_H

#include "nn/perplexity.h"

typedef struct {
  float *logits; /* for pl_perplexity_settings.exact; NULL: there is none */
  size_t size;   /* bytes */
} pl_sweep_reference;

/* how: window and batch. PL_OK without logits if there is no room for them in $TMPDIR or /tmp, or they take more than 8 GB:
 * then the float model must read along (`beside`), with the same figures. */
pl_status pl_sweep_reference_make(const pl_nn *model, const int32_t *ids, int64_t n, const pl_perplexity_settings *how,
                                  pl_sweep_reference *reference, pl_error *err);
void pl_sweep_reference_free(pl_sweep_reference *reference);

#endif
