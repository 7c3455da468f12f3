// top: ULX3S (LFE5U-85F): the chip behind the board's FT231X, clocked by a PLL from the 25 MHz oscillator.
//
// Button FIRE1 resets. LEDs: 0 session open, 1 and 2 change with every frame received and sent, 3 the core computes,
// 4 to 6 dark, 7 blinks about once a second when the clock runs. The FT231X's CTS# is not wired (it is JTAG's TDO), and its
// RTS# follows what the host last said, so neither is used: the credits of the protocol are enough.
// Clock = 25 MHz * PllFeedback / PllReference; PllDivide times that is the PLL's oscillator, 400 to 800 MHz.
`default_nettype none
module top #(
  parameter int Kind = 0,  // to BuildId: as pl_chip_uart
  parameter int Rows = 2,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int Elements = 2,
  parameter int AWords = 512,
  parameter int BWords = 512,
  parameter int BackLanes = 1,
  parameter int RxLog = 12,
  parameter int TxLog = 12,
  parameter int PllReference = 1,
  parameter int PllFeedback = 1,
  parameter int PllDivide = 24,
  parameter int ClockKhz = 25000,
  parameter logic [23:0] BaudStep = 24'd0,
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic       clk_25mhz,
  input  logic       ftdi_txd,    // from the FT231X
  output logic       ftdi_rxd,    // to it
  input  logic       btn_fire1,   // high when pressed
  output logic [7:0] led,
  output logic       wifi_gpio0   // high: the ESP32 lets the FPGA be
);
  logic clk, locked, rts_n;
  logic [3:0] status;
  (* FREQUENCY_PIN_CLKI="25" *)
  EHXPLLL #(
    .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"), .DPHASE_SOURCE("DISABLED"),
    .OUTDIVIDER_MUXA("DIVA"), .OUTDIVIDER_MUXB("DIVB"), .OUTDIVIDER_MUXC("DIVC"), .OUTDIVIDER_MUXD("DIVD"),
    .CLKI_DIV(PllReference), .CLKOP_ENABLE("ENABLED"), .CLKOP_DIV(PllDivide), .CLKOP_CPHASE(PllDivide / 2 - 1),
    .CLKOP_FPHASE(0), .FEEDBK_PATH("CLKOP"), .CLKFB_DIV(PllFeedback)
  ) u_pll (
    .RST(1'b0), .STDBY(1'b0), .CLKI(clk_25mhz), .CLKOP(clk), .CLKFB(clk), .CLKINTFB(), .PHASESEL0(1'b0),
    .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
    .LOCK(locked)
  );

  pl_chip_uart #(
    .Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords), .BWords(BWords),
    .BackLanes(BackLanes), .RxLog(RxLog), .TxLog(TxLog), .ClockKhz(ClockKhz), .BaudStep(BaudStep), .BuildId(BuildId)
  ) u_chip (
    .clk_i(clk), .rst_ni(locked & ~btn_fire1), .rxd_i(ftdi_txd), .txd_o(ftdi_rxd), .cts_ni(1'b0), .rts_no(rts_n),
    .status_o(status)
  );

  logic [24:0] beat_q;
  always_ff @(posedge clk) beat_q <= beat_q + 25'd1;
  assign led = {beat_q[24], 3'd0, status};
  assign wifi_gpio0 = 1'b1;
  logic unused_rts;
  assign unused_rts = rts_n;
endmodule
`default_nettype wire
