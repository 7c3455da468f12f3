// pl_chip_uart: the whole device behind a UART (8N1, BaudStep / 2^24 bits per clock, at most 1/4): top of a bitstream and of
// the simulated board.
//
// rst_ni is asserted asynchronously and released here in step with the clock. rxd_i and cts_ni are asynchronous; tie cts_ni to 0
// where it is not wired. The receiver never waits (the protocol's limits keep its buffer from overflowing), so rts_no is 0
// outside of reset. status_o: session open, activity of receiver and sender (changes with every frame), computing.
`default_nettype none
module pl_chip_uart #(
  parameter int Kind = pl_regs_pkg::KindCoherent,  // to BackLanes: as pl_core
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int Elements = 8,
  parameter int AWords = 256,
  parameter int BWords = 256,
  parameter int BackLanes = Rows * Columns,
  parameter int Compact = 0,                       // 1: pl_compact in place of pl_core, 2: that with pl_micro_planes
  parameter int RxLog = 12,                        // log2 of the bytes of the receive buffer, 6..15
  parameter int TxLog = 12,                        // and of the transmit buffer
  parameter int ClockKhz = 48000,
  parameter logic [23:0] BaudStep = 24'h400000,    // 2^24 * baud / clock
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rxd_i,
  output logic       txd_o,
  input  logic       cts_ni,
  output logic       rts_no,
  output logic [3:0] status_o
);
  logic rst_n;
  pl_reset u_reset (.clk_i(clk_i), .rst_ni(rst_ni), .rst_no(rst_n));

  logic rx_valid, rx_ready, tx_valid, tx_ready, framing, overrun;
  logic [7:0] rx_byte, tx_byte;
  pl_uart_rx #(.Step(BaudStep)) u_rx (
    .clk_i(clk_i), .rst_ni(rst_n), .rxd_i(rxd_i), .valid_o(rx_valid), .ready_i(rx_ready), .byte_o(rx_byte),
    .framing_o(framing), .overrun_o(overrun)
  );
  pl_uart_tx #(.Step(BaudStep)) u_tx (
    .clk_i(clk_i), .rst_ni(rst_n), .txd_o(txd_o), .cts_ni(cts_ni), .valid_i(tx_valid), .ready_o(tx_ready),
    .byte_i(tx_byte)
  );
  pl_chip #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords),
            .BWords(BWords), .BackLanes(BackLanes), .Compact(Compact), .RxLog(RxLog), .TxLog(TxLog), .Ft245(1'b0),
            .ClockKhz(ClockKhz), .BuildId(BuildId)) u_chip (
    .clk_i(clk_i), .rst_ni(rst_n), .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_byte_i(rx_byte),
    .rx_fault_i(framing | overrun), .tx_valid_o(tx_valid), .tx_ready_i(tx_ready), .tx_byte_o(tx_byte),
    .status_o(status_o)
  );
  assign rts_no = ~rst_n;
endmodule
`default_nettype wire
