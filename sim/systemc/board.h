// board.h: the board as a whole: the chip, the FTDI chip, the wires between them, reset, waveforms.
//
//   front end -- Bay (FTDI chip model, faults) -- UartPins or Ft245Pins == signals == ChipModule -- Chip (Verilated)
//                                                                 ResetGenerator --'
#ifndef PHOTOLANE_BOARD_BOARD_H
#define PHOTOLANE_BOARD_BOARD_H

#include <memory>
#include <vector>

#include "chip_module.h"
#include "ft245_pins.h"
#include "uart_pins.h"

namespace board {

// Holds reset for kReset after the power came.
class ResetGenerator : public sc_core::sc_module, public Quiet {
 public:
  sc_core::sc_out<bool> rst_n{"rst_n"};
  explicit ResetGenerator(sc_core::sc_module_name name);
  ps_t quiet_until(ps_t now) const override { return now < kReset ? kReset : kNever; }

 private:
  static constexpr ps_t kReset = 1 * kPsPerUs + 300;
  void step();
};

class Board {
 public:
  explicit Board(const Options &options);  // throws std::runtime_error with a sentence
  ~Board();
  Bay bay;
  Chip &chip() { return *chip_; }
  uint32_t clock_khz() const { return clock_khz_; }
  uint32_t baud() const;  // of the UART at the clock that it runs at

 private:
  void trace_pins(const std::string &file);

  const Options &options_;
  const uint32_t clock_khz_;  // an FT231X makes 3 Mbaud: a faster design is slowed down for it
  std::unique_ptr<Chip> chip_;
  ResetGenerator reset_{"reset"};
  ChipModule fpga_;
  std::unique_ptr<UartPins> uart_;
  std::unique_ptr<Ft245Pins> ft245_;
  sc_core::sc_signal<bool> rst_n_{"rst_n", false};
  sc_core::sc_signal<bool> rxd_{"rxd", true}, txd_{"txd", true}, cts_n_{"cts_n", true}, rts_n_{"rts_n", true};
  sc_core::sc_signal<bool> rxf_n_{"rxf_n", true}, txe_n_{"txe_n", true}, rd_n_{"rd_n", true}, wr_n_{"wr_n", true},
      oe_n_{"oe_n", true}, siwu_n_{"siwu_n", true}, data_oe_{"data_oe", false};
  sc_core::sc_signal<uint8_t> data_from_ftdi_{"data_from_ftdi", 0xff}, data_from_fpga_{"data_from_fpga", 0};
  sc_core::sc_trace_file *vcd_ = nullptr;
};

}  // namespace board
#endif
