/* wordpiece.h: BERT's text to WordPiece tokens (Wu et al. 2016, Devlin et al. 2018). Private to host/nn.
 *
 * Clean-up: control characters go, white space becomes a blank, ideographs stand alone; of an uncased vocabulary also
 * capitals become small and accents go (canonical decomposition without marks). Words end at blanks, and punctuation
 * characters are words of their own. A word is cut into the longest pieces that the vocabulary has, from the left; those
 * not at its start are written "##piece". A word that cannot be cut, or is longer than 100 characters, is [UNK].
 */
#ifndef PHOTOLANE_NN_WORDPIECE_H
#define PHOTOLANE_NN_WORDPIECE_H

#include "nn/vocabulary.h"

/* Takes the next id; an error of it ends the text. */
typedef pl_status (*pl_take_id)(void *self, int32_t id, pl_error *err);

/* text: any bytes; one that is no UTF-8 counts as U+FFFD, which is removed. */
pl_status pl_wordpiece(const pl_tokenizer *t, const char *text, size_t size, pl_take_id take, void *self, pl_error *err);

#endif
