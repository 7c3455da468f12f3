/* threefry.c: the counter-based generator, block by block. The algorithm is in stages.h. */
#include "model/stages.h"

void pl_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]) {
  pl_threefry13(key[0], key[1], counter[0], counter[1], &out[0], &out[1]);
}

void pl_noise_block(uint32_t seed, uint32_t job, int effect, uint32_t row, uint32_t col, uint32_t sum,
                    uint32_t out[2]) {
  pl_threefry13(seed, job, pl_counter0(row, sum), pl_counter1(effect, col, sum), &out[0], &out[1]);
}
