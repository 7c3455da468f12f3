// top: iCEBreaker (UP5K-SG48): the compact chip behind channel B of the board's FT2232H, clocked by a PLL from 12 MHz.
//
// The user button resets. Red LED: a session is open; green LED: the core computes. RTS and CTS are not wired on the board.
// Clock = 12 MHz * (PllFeedback + 1) / 2^PllDivide; before the division it is 533 to 1066 MHz.
`default_nettype none
module top #(
  parameter int Rows = 1,  // to BuildId: as pl_chip_uart
  parameter int Columns = 1,
  parameter int Width = 8,
  parameter int Elements = 2,
  parameter int AWords = 64,
  parameter int BWords = 64,
  parameter int RxLog = 9,
  parameter int TxLog = 9,
  parameter int PllFeedback = 47,
  parameter int PllDivide = 5,
  parameter int ClockKhz = 18000,
  parameter logic [23:0] BaudStep = 24'd0,
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic clk12_i,
  input  logic rxd_i,
  output logic txd_o,
  input  logic button_ni,
  output logic led_red_no,
  output logic led_green_no
);
  logic clk, locked, rts_n;
  logic [3:0] status;
  SB_PLL40_PAD #(
    .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'(PllFeedback)), .DIVQ(3'(PllDivide)), .FILTER_RANGE(3'd1)
  ) u_pll (
    .PACKAGEPIN(clk12_i), .PLLOUTGLOBAL(clk), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0)
  );
  pl_chip_uart #(
    .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords), .BWords(BWords), .BackLanes(1),
    .Compact(1), .RxLog(RxLog), .TxLog(TxLog), .ClockKhz(ClockKhz), .BaudStep(BaudStep), .BuildId(BuildId)
  ) u_chip (
    .clk_i(clk), .rst_ni(locked & button_ni), .rxd_i(rxd_i), .txd_o(txd_o), .cts_ni(1'b0), .rts_no(rts_n),
    .status_o(status)
  );
  assign led_red_no = ~status[0];
  assign led_green_no = ~status[3];
  logic unused_pins;
  assign unused_pins = ^{rts_n, status[2:1]};
endmodule
`default_nettype wire
