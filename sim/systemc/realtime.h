// realtime.h: the front ends on a unix socket, for virtual machines (sim/ftdi/front.h): the board lives beside real time.
#ifndef PHOTOLANE_BOARD_REALTIME_H
#define PHOTOLANE_BOARD_REALTIME_H

#include "board.h"

namespace board {

int serve_realtime(Board &board, const Options &options);  // until the virtual machine has gone; exit code

}  // namespace board
#endif
