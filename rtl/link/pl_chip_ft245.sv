// pl_chip_ft245: the whole device behind the synchronous FT245 FIFO of an FTDI chip (FT232H, FT2232H channel A): top of a
// bitstream and of the simulated board.
//
// clk_i is the core's clock, ftdi_clk_i the chip's CLKOUT (60 MHz), which may stop; the core's clock should be a little
// faster, or it limits the rate. rst_ni is asserted asynchronously and released here in step with each clock. data_o is to be
// driven while data_oe_o is 1. status_o: as pl_chip_uart.
`default_nettype none
module pl_chip_ft245 #(
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
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       ftdi_clk_i,
  input  logic [7:0] data_i,
  output logic [7:0] data_o,
  output logic       data_oe_o,
  input  logic       rxf_ni,
  input  logic       txe_ni,
  output logic       rd_no,
  output logic       wr_no,
  output logic       oe_no,
  output logic       siwu_no,
  output logic [3:0] status_o
);
  logic rst_n, ftdi_rst_n, alive, run_n;
  pl_reset u_reset (.clk_i(clk_i), .rst_ni(rst_ni), .rst_no(rst_n));
  pl_reset u_ftdi_reset (.clk_i(ftdi_clk_i), .rst_ni(rst_ni), .rst_no(ftdi_rst_n));
  pl_clock_alive u_alive (.clk_i(clk_i), .rst_ni(rst_n), .other_clk_i(ftdi_clk_i), .alive_o(alive));
  pl_reset u_run (.clk_i(ftdi_clk_i), .rst_ni(alive), .rst_no(run_n));

  logic got_valid, got_room, give_valid, give_ready, unused_got_ready, unused_room;
  logic [7:0] got_byte, give_byte;
  logic rx_valid, rx_ready, tx_valid, tx_ready;
  logic [7:0] rx_byte, tx_byte;
  pl_ft245 u_ft245 (
    .clk_i(ftdi_clk_i), .rst_ni(ftdi_rst_n), .run_ni(run_n), .data_i(data_i), .data_o(data_o), .data_oe_o(data_oe_o),
    .rxf_ni(rxf_ni), .txe_ni(txe_ni), .rd_no(rd_no), .wr_no(wr_no), .oe_no(oe_no), .siwu_no(siwu_no),
    .rx_valid_o(got_valid), .rx_byte_o(got_byte), .rx_room_i(got_room), .tx_valid_i(give_valid),
    .tx_ready_o(give_ready), .tx_byte_i(give_byte)
  );
  pl_async_fifo #(.Log(6), .Margin(4)) u_rx_fifo (
    .w_clk_i(ftdi_clk_i), .w_rst_ni(ftdi_rst_n), .w_valid_i(got_valid), .w_ready_o(unused_got_ready),
    .w_room_o(got_room), .w_byte_i(got_byte), .r_clk_i(clk_i), .r_rst_ni(rst_n), .r_valid_o(rx_valid),
    .r_ready_i(rx_ready), .r_byte_o(rx_byte)
  );
  pl_async_fifo #(.Log(6)) u_tx_fifo (
    .w_clk_i(clk_i), .w_rst_ni(rst_n), .w_valid_i(tx_valid), .w_ready_o(tx_ready), .w_room_o(unused_room),
    .w_byte_i(tx_byte), .r_clk_i(ftdi_clk_i), .r_rst_ni(ftdi_rst_n), .r_valid_o(give_valid), .r_ready_i(give_ready),
    .r_byte_o(give_byte)
  );
  pl_chip #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords),
            .BWords(BWords), .BackLanes(BackLanes), .Compact(Compact), .RxLog(RxLog), .TxLog(TxLog), .Ft245(1'b1),
            .ClockKhz(ClockKhz), .BuildId(BuildId)) u_chip (
    .clk_i(clk_i), .rst_ni(rst_n), .rx_valid_i(rx_valid), .rx_ready_o(rx_ready), .rx_byte_i(rx_byte),
    .rx_fault_i(1'b0), .tx_valid_o(tx_valid), .tx_ready_i(tx_ready), .tx_byte_o(tx_byte), .status_o(status_o)
  );
endmodule
`default_nettype wire
