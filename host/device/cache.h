/* cache.h: encoded B operands that a device keeps between jobs, by b_tag, within a number of bytes. Private.
 *
 *   int found;
 *   pl_operand *b = pl_cache_get(cache, tag, &regs, &found);
 *   if (b && !found) pl_operand_encode(b, &regs, 1, ...);
 *   if (b) multiply with it; else it cannot be kept: multiply without
 *
 * An operand is found again only if all that its encoding depends on (pl_operand_key) is as it was; a tag that comes
 * with other registers takes the place of the old encoding. What was used least recently makes room. A cache belongs
 * to one device, and so to one thread.
 */
#ifndef PHOTOLANE_DEVICE_CACHE_H
#define PHOTOLANE_DEVICE_CACHE_H

#include <stdint.h>

#include "model/operand.h"

typedef struct pl_cache pl_cache;

/* An empty cache of at most `bytes` bytes, or NULL if memory ran out. */
pl_cache *pl_cache_new(uint64_t bytes);
void pl_cache_free(pl_cache *cache); /* NULL is fine */

/* B of `tag` (not 0) for a whole job with the registers r: r->cols rows of r->depth elements. *found tells whether it
 * is encoded; if not, the caller must encode all of it before the next call. NULL: it is larger than the cache, or
 * memory ran out. The operand belongs to the cache and is good until the next pl_cache_get or pl_cache_clear. */
pl_operand *pl_cache_get(pl_cache *cache, uint64_t tag, const pl_model_regs *r, int *found);

/* Whether pl_cache_get would find B. Changes nothing. */
int pl_cache_has(const pl_cache *cache, uint64_t tag, const pl_model_regs *r);

/* Gives everything back. Returns the bytes that were in use. */
uint64_t pl_cache_clear(pl_cache *cache);

#endif
