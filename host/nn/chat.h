/* chat.h: turns of a conversation as token ids, for models whose template is ChatML (SmolLM2, Qwen and others):
 * <|im_start|>ROLE\nTEXT<|im_end|>\n. The words of a user are never read as control tokens. */
#ifndef PHOTOLANE_NN_CHAT_H
#define PHOTOLANE_NN_CHAT_H

#include "nn/nn.h"

/* Ids of one turn: with `first` the system's words that the model's template has come before it; else the end of the
 * answer before, if `unfinished` says that it broke off. Then the user's text without white space around it, and the
 * start of the answer, which ends with the eos token. free() *ids. PL_E_INPUT if the model's template is not ChatML. */
pl_status pl_chat_turn(const pl_nn *model, const char *text, int first, int unfinished, int32_t **ids, size_t *count,
                       pl_error *err);

#endif
