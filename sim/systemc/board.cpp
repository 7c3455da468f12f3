// board.cpp: see board.h.
#include "board.h"

#include <stdexcept>

namespace board {

ResetGenerator::ResetGenerator(sc_core::sc_module_name) {
  SC_HAS_PROCESS(ResetGenerator);
  SC_METHOD(step);
}

void ResetGenerator::step() {
  if (now_ps() >= kReset) rst_n.write(true);
  else next_trigger(in_ps(kReset - now_ps()));
}

static bool ends_with(const std::string &text, const char *end) {
  const std::string tail(end);
  return text.size() > tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

static uint32_t clock_of(const Options &options, Bay &bay) {
  constexpr uint32_t kMaxBaud = 3000000;  // of an FT231X
  if (options.clock_khz) return options.clock_khz;
  if (kChipFacts.fifo || ftdi_chip_product(bay.chip()) != 0x6015 || kChipFacts.baud <= kMaxBaud) return kChipFacts.clock_khz;
  return static_cast<uint32_t>(static_cast<uint64_t>(kChipFacts.clock_khz) * kMaxBaud / kChipFacts.baud);
}

Board::Board(const Options &options)
    : bay(options, kChipFacts.fifo), options_(options), clock_khz_(clock_of(options, bay)),
      chip_(make_chip(clock_khz_)),
      fpga_("fpga", *chip_, kChipFacts.fifo ? options.clock_to_out_ps : 0, options.exact ? 1000000000 / clock_khz_ / 2 : 0) {
  reset_.rst_n(rst_n_);
  fpga_.rst_n(rst_n_);
  fpga_.rxd(rxd_), fpga_.txd(txd_), fpga_.cts_n(cts_n_), fpga_.rts_n(rts_n_);
  fpga_.data_in(data_from_ftdi_), fpga_.data_out(data_from_fpga_), fpga_.data_oe(data_oe_);
  fpga_.rxf_n(rxf_n_), fpga_.txe_n(txe_n_), fpga_.rd_n(rd_n_), fpga_.wr_n(wr_n_), fpga_.oe_n(oe_n_), fpga_.siwu_n(siwu_n_);
  fpga_.wake_for(reset_);
  if (kChipFacts.fifo) {
    ft245_ = std::make_unique<Ft245Pins>("ftdi", bay, *chip_, options.stalls, options.seed);
    ft245_->rd_n(rd_n_), ft245_->wr_n(wr_n_), ft245_->oe_n(oe_n_), ft245_->siwu_n(siwu_n_), ft245_->drives(data_oe_);
    ft245_->rxf_n(rxf_n_), ft245_->txe_n(txe_n_), ft245_->data_in(data_from_fpga_), ft245_->data_out(data_from_ftdi_);
    fpga_.wake_for(*ft245_);
  } else {
    uart_ = std::make_unique<UartPins>("ftdi", bay, options.stalls, options.seed);
    uart_->rxd(txd_), uart_->txd(rxd_), uart_->cts_n(rts_n_), uart_->rts_n(cts_n_);
    fpga_.wake_for(*uart_);
  }
  if (ends_with(options.trace, ".vcd")) {
    trace_pins(options.trace.substr(0, options.trace.size() - 4));
  } else if (ends_with(options.trace, ".fst")) {
    if (!chip_->trace(options.trace.c_str(), options.trace_from, options.trace_to))
      throw std::runtime_error("this build of the board writes no FST: make boards TRACED=1, or write a .vcd of the pins");
  } else if (!options.trace.empty()) {
    throw std::runtime_error("a waveform file ends in .vcd (the pins) or .fst (everything)");
  }
}

Board::~Board() {
  if (vcd_) sc_core::sc_close_vcd_trace_file(vcd_);
}

uint32_t Board::baud() const {
  return static_cast<uint32_t>(static_cast<uint64_t>(kChipFacts.baud) * clock_khz_ / kChipFacts.clock_khz);
}

void Board::trace_pins(const std::string &file) {
  vcd_ = sc_core::sc_create_vcd_trace_file(file.c_str());
  vcd_->set_time_unit(1, sc_core::SC_PS);
  auto pin = [&](const sc_core::sc_signal<bool> &signal) { sc_core::sc_trace(vcd_, signal, signal.basename()); };
  pin(rst_n_);
  if (uart_) {
    for (const auto *signal : {&rxd_, &txd_, &cts_n_, &rts_n_}) pin(*signal);
  } else {
    for (const auto *signal : {&rxf_n_, &txe_n_, &rd_n_, &wr_n_, &oe_n_, &siwu_n_, &data_oe_}) pin(*signal);
    for (const auto *signal : {&data_from_ftdi_, &data_from_fpga_}) sc_core::sc_trace(vcd_, *signal, signal->basename());
  }
}

}  // namespace board
