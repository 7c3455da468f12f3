// lockstep.h: the front end of port_sim.c: serves host/link/board_wire.h on a socket; time passes only while the host waits.
#ifndef PHOTOLANE_BOARD_LOCKSTEP_H
#define PHOTOLANE_BOARD_LOCKSTEP_H

#include "board.h"

namespace board {

int serve_lockstep(Board &board, int fd);  // until the host is gone or the board is unplugged; exit code
void send_failure(int fd, const std::string &why);

}  // namespace board
#endif
