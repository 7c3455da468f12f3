/* pretokenize.h: UTF-8 and the split of a text into words that byte-level BPE works on.
 *
 * A word never grows a token across its ends, so the split is part of the tokenizer's definition. Two splits:
 *
 *   PL_SPLIT_GPT2     the pattern of GPT-2 (Radford et al. 2019), tried in this order at each position:
 *                       's 't 're 've 'm 'll 'd | ?letters | ?numbers | ?others | spaces before a space or the end
 *                       | spaces
 *                     ("?" is an optional U+0020; others are neither space, letter nor number)
 *   PL_SPLIT_SMOLLM   each number character stands alone; what lies between is split like GPT2's, each stretch
 *                     as if it were a text of its own
 */
#ifndef PHOTOLANE_NN_PRETOKENIZE_H
#define PHOTOLANE_NN_PRETOKENIZE_H

#include <stddef.h>
#include <stdint.h>

typedef enum { PL_SPLIT_GPT2, PL_SPLIT_SMOLLM } pl_split;

typedef enum { PL_CHAR_OTHER, PL_CHAR_LETTER, PL_CHAR_NUMBER, PL_CHAR_SPACE } pl_char_class;

/* Length (1..4) of the character at text[0..size), size >= 1, and its code point. A byte that starts no valid
 * UTF-8 character is one character of its own with code point 0xFFFD. */
size_t pl_utf8_decode(const char *text, size_t size, uint32_t *code);

/* Writes a code point up to 0x10FFFF; returns the length, 1..4. */
size_t pl_utf8_encode(uint32_t code, char out[4]);

pl_char_class pl_classify(uint32_t code); /* Unicode general categories L*, N*; property White_Space */

/* Length of the first word of text[0..size), size >= 1; at least 1 byte. Calling it again on the rest gives
 * the next word. */
size_t pl_next_word(pl_split split, const char *text, size_t size);

#endif
