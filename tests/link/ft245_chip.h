// ft245_chip.h: the synchronous FT245 FIFO of an FTDI chip at its pins, and a checker of the rules (FT232H data sheet):
// everything moves at the rising edge of CLKOUT. A bench calls edge() with what the pins were before the edge, and then, after the
// design has been evaluated, drive() for what the chip puts on them.
#ifndef PHOTOLANE_FT245_CHIP_H
#define PHOTOLANE_FT245_CHIP_H

#include <deque>

#include "link_host.h"

struct Ft245Pins {
  int rd_n, wr_n, oe_n, siwu_n, drive;
  uint8_t data;
};

struct Ft245Chip {
  Random random;
  std::deque<uint8_t> to_board, from_board;
  double rxf_pause = 0, txe_pause = 0;    // chance per clock that a pause begins
  int longest = 1;                        // clocks of a pause, at most
  bool spiteful = false;                  // TXE# rises when WR# has fallen or risen, RXF# on what may be the last byte
  size_t space = SIZE_MAX;                // bytes of from_board before TXE# stays high
  int rxf_n = 1, txe_n = 1;
  uint8_t data = 0;
  int rxf_wait = 0, txe_wait = 0;
  long clocks = 0, reads = 0, writes = 0, refused = 0, flushes = 0;
  Ft245Pins before{1, 1, 1, 1, 0, 0};
  int txe_before = 1;
  bool fresh = true;  // no clock before this one

  explicit Ft245Chip(uint64_t seed) : random(seed) {}

  void edge(const Ft245Pins &p) {
    clocks++;
    if (!fresh) {
      check(p.rd_n || (!p.oe_n && !before.oe_n), "RD# without OE# a clock before it");
      check(!(p.drive && !p.oe_n), "data driven against the chip");
      check(!(p.drive && !before.oe_n), "no clock between the chip's data and the board's");
      check(!(!p.oe_n && before.drive), "no clock between the board's data and the chip's");
      check(p.wr_n || p.drive, "WR# without data");
      check(p.wr_n || !before.wr_n || !txe_before, "WR# falls before TXE# was low");
      check(p.siwu_n || before.siwu_n, "SIWU# for more than a clock");
      if (!before.wr_n && !p.wr_n && txe_before) check(p.data == before.data, "a byte that was not accepted has changed");
    }
    if (!p.rd_n && !rxf_n) {
      to_board.pop_front();
      reads++;
    }
    if (!p.wr_n && !txe_n) {
      from_board.push_back(p.data);
      writes++;
    } else if (!p.wr_n) {
      refused++;
    }
    flushes += !p.siwu_n;
    before = p;
    txe_before = txe_n;
    fresh = false;
  }
  // Flags and data after the edge; p: the pins after it.
  void drive(const Ft245Pins &p) {
    const auto pause = [&](int &wait, double chance, bool now) {
      if (wait) wait--;
      else if (random.chance(chance) || now) wait = 1 + static_cast<int>(random.below(static_cast<uint32_t>(longest)));
      return wait != 0;
    };
    const bool spite = spiteful && random.chance(0.5);
    const bool rxf_high = pause(rxf_wait, rxf_pause, spite && !p.rd_n), txe_high = pause(txe_wait, txe_pause, spite && p.wr_n != before.wr_n);
    rxf_n = to_board.empty() || rxf_high;
    txe_n = from_board.size() >= space || txe_high;
    data = !p.oe_n && !rxf_n ? to_board.front() : static_cast<uint8_t>(random());
  }
};

#endif
