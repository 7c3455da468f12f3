// f_ft245: pl_ft245 with a chip that does whatever it likes and a clock that may be found dead at any time: the rules of the
// bus, and that no byte is lost, changed or given twice, either way. Induction.
`default_nettype none
module f_ft245 (
  input wire       clk,
  input wire       run_n,
  input wire [7:0] data,
  input wire       rxf_n,
  input wire       txe_n,
  input wire       drain,     // the reader behind the buffer takes a byte
  input wire       tx_valid,
  input wire [7:0] tx_byte
);
  wire [7:0] data_o, rx_byte;
  wire drive, rd_n, wr_n, oe_n, siwu_n, rx_valid, tx_ready;
  reg rst_n = 1'b0;
  always @(posedge clk) rst_n <= 1'b1;

  // The buffer behind: as pl_async_fifo promises, rx_room says that 4 more bytes find a place among 8.
  reg [3:0] used = 4'd0;
  wire take = drain && used != 4'd0;
  wire room = used <= 4'd4;
  always @(posedge clk) used <= used + (rx_valid ? 4'd1 : 4'd0) - (take ? 4'd1 : 4'd0);

  pl_ft245 dut (
    .clk_i(clk), .rst_ni(rst_n), .run_ni(run_n && rst_n), .data_i(data), .data_o(data_o), .data_oe_o(drive), .rxf_ni(rxf_n),
    .txe_ni(txe_n), .rd_no(rd_n), .wr_no(wr_n), .oe_no(oe_n), .siwu_no(siwu_n), .rx_valid_o(rx_valid), .rx_byte_o(rx_byte),
    .rx_room_i(room), .tx_valid_i(tx_valid), .tx_ready_o(tx_ready), .tx_byte_i(tx_byte)
  );

  // What the pins were a clock ago.
  reg oe_n_before = 1'b1, drive_before = 1'b0, wr_n_before = 1'b1, txe_n_before = 1'b1;
  reg moved = 1'b0;                    // a byte of the chip moved at the last edge,
  reg [7:0] moved_byte = 8'd0;         // this one
  reg kept = 1'b0;                     // a byte was given to the controller and is not accepted by the chip,
  reg [7:0] kept_byte = 8'd0;          // this one
  wire accepted = !wr_n && !txe_n;
  always @(posedge clk) if (rst_n) begin
    oe_n_before <= oe_n;
    drive_before <= drive;
    wr_n_before <= wr_n;
    txe_n_before <= txe_n;
    moved <= rst_n && !rd_n && !rxf_n;
    moved_byte <= data;
    if (rst_n) begin
      if (tx_valid && tx_ready) kept_byte <= tx_byte;
      if (tx_valid && tx_ready) kept <= 1'b1;
      else if (accepted) kept <= 1'b0;
    end
  end
  (* hierconn *) wire \dut.held_q ;
  wire [3:0] arrived = used + (rx_valid ? 4'd1 : 4'd0);
  (* hierconn *) wire [1:0] \dut.state_q ;  // for the induction: what each state means
  always @(posedge clk) if (!rst_n) assert (used == 4'd0 && !kept && !moved && oe_n_before && !drive_before && wr_n_before);
  always @(posedge clk) if (rst_n) begin
    assert (rd_n || (!oe_n && !oe_n_before));      // OE# a clock before RD#
    assert (!drive || oe_n);                       // never against the chip
    assert (!drive || oe_n_before);                // a clock between its data and ours
    assert (oe_n || !drive_before);                // and between ours and its
    assert (wr_n || (drive && kept));              // WR# only with data
    assert (wr_n || !wr_n_before || !txe_n_before);  // WR# falls only after TXE# was low
    assert (kept == \dut.held_q );
    assert (!kept || data_o == kept_byte);         // until the chip has accepted it
    assert (!(tx_valid && tx_ready) || !kept || accepted);  // none is overwritten
    assert (!accepted || kept);                    // none is given twice
    assert (rx_valid == moved);                    // what moves arrives
    assert (!moved || rx_byte == moved_byte);
    assert (used <= 4'd7 && arrived <= 4'd7);      // and finds a place
    assert (oe_n == !(\dut.state_q == 2'd1 || \dut.state_q == 2'd2));
    assert (rd_n == !(\dut.state_q == 2'd2));
    assert (drive == (\dut.state_q == 2'd3));
    if (\dut.state_q == 2'd1) assert (!rx_valid && arrived <= 4'd5);
    if (\dut.state_q == 2'd2) assert (!oe_n_before && arrived <= 4'd6);
    if (\dut.state_q == 2'd3) assert (oe_n_before);
  end
endmodule
`default_nettype wire
