/* clock.h: the clock of the ports on real hardware. In a file of its own so that tests can put virtual time in its
 * place. Private. */
#ifndef PHOTOLANE_LINK_CLOCK_H
#define PHOTOLANE_LINK_CLOCK_H

#include <stdint.h>

uint64_t pl_clock_us(void); /* never goes backwards */

#endif
