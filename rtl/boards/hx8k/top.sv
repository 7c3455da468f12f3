// top: iCE40-HX8K breakout board (CT256): the compact chip, digit by digit, behind channel B of its FT2232H; PLL from 12 MHz.
//
// RTS and CTS are wired and used. There is no button: a new session resets the core. LEDs: 0 session open, 1 and 2 change with
// every frame received and sent, 3 the core computes, 4 to 7 dark.
// Clock = 12 MHz * (PllFeedback + 1) / 2^PllDivide; before the division it is 533 to 1066 MHz.
`default_nettype none
module top #(
  parameter int Rows = 1,  // to BuildId: as pl_chip_uart
  parameter int Columns = 4,
  parameter int Width = 16,
  parameter int Elements = 2,
  parameter int AWords = 64,
  parameter int BWords = 8,
  parameter int RxLog = 9,
  parameter int TxLog = 9,
  parameter int PllFeedback = 47,
  parameter int PllDivide = 4,
  parameter int ClockKhz = 36000,
  parameter logic [23:0] BaudStep = 24'd0,
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic       clk12_i,
  input  logic       rxd_i,
  output logic       txd_o,
  input  logic       rts_ni,  // of the FT2232H: it can take bytes
  output logic       cts_no,
  output logic [7:0] led_o
);
  logic clk, locked;
  logic [3:0] status;
  SB_PLL40_CORE #(
    .FEEDBACK_PATH("SIMPLE"), .PLLOUT_SELECT("GENCLK"), .DIVR(4'd0), .DIVF(7'(PllFeedback)), .DIVQ(3'(PllDivide)),
    .FILTER_RANGE(3'd1)
  ) u_pll (
    .REFERENCECLK(clk12_i), .PLLOUTGLOBAL(clk), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0)
  );
  pl_chip_uart #(
    .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords), .BWords(BWords), .BackLanes(1),
    .Compact(2), .RxLog(RxLog), .TxLog(TxLog), .ClockKhz(ClockKhz), .BaudStep(BaudStep), .BuildId(BuildId)
  ) u_chip (
    .clk_i(clk), .rst_ni(locked), .rxd_i(rxd_i), .txd_o(txd_o), .cts_ni(rts_ni), .rts_no(cts_no), .status_o(status)
  );
  assign led_o = {4'd0, status};
endmodule
`default_nettype wire
