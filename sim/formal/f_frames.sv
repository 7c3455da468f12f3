// f_frames: pl_stream never commits anything with a wrong CRC and always resynchronises at 00 00. A decoder of its own reads the
// same wire here (COBS, header, CRC bit by bit, the session in its first bytes). Demanded after every byte: the stream's expected
// number, its session and its acknowledged number change only at the end of a frame that this decoder finds good; `expected` by the
// length of its payload; and after 00 00 nothing of what came before is left in the decoder. With RINGS: the rings are
// never overrun: neither what is stored nor what is kept is ever more than they hold. Induction; the memories are free (f_memory).
`default_nettype none
module f_frames (
  input wire       clk,
  input wire       valid,
  input wire [7:0] data,
  input wire       wire_ready,
  input wire       get_ready,
  input wire       put_valid,
  input wire [7:0] put_byte
);
  localparam int Log = 6;
  reg rst_n = 1'b0;
  always @(posedge clk) rst_n <= 1'b1;

  wire ready, open, restart, get_valid, put_ready;
  wire [31:0] session;
  pl_stream #(.RxLog(Log), .TxLog(Log)) dut (
    .clk_i(clk), .rst_ni(rst_n), .wire_valid_i(valid), .wire_ready_o(ready), .wire_byte_i(data), .wire_ready_i(wire_ready),
    .wire_fault_i(1'b0), .open_o(open), .session_o(session), .restart_o(restart), .get_valid_o(get_valid),
    .get_ready_i(get_ready), .put_valid_i(put_valid), .put_ready_o(put_ready), .put_byte_i(put_byte)
  );
  (* hierconn *) wire [15:0] \dut.expected_q ;
  (* hierconn *) wire [15:0] \dut.consumed_q ;
  (* hierconn *) wire [15:0] \dut.store_q ;
  (* hierconn *) wire [15:0] \dut.unacked_q ;
  (* hierconn *) wire [15:0] \dut.last_q ;
  (* hierconn *) wire \dut.beyond_q ;
  (* hierconn *) wire \dut.u_rx.u_cobs.begun_q ;
  (* hierconn *) wire [7:0] \dut.u_rx.u_cobs.left_q ;
  (* hierconn *) wire \dut.u_rx.u_cobs.full_q ;
  (* hierconn *) wire \dut.u_rx.u_cobs.valid_q ;
  (* hierconn *) wire \dut.u_rx.u_cobs.end_q ;
  (* hierconn *) wire \dut.u_rx.u_cobs.bad_q ;
  (* hierconn *) wire [7:0] \dut.u_rx.u_cobs.byte_q ;
  (* hierconn *) wire [4:0] \dut.u_rx.count_q ;
  (* hierconn *) wire \dut.u_rx.start_q ;
`ifndef RINGS
  (* hierconn *) wire [31:0] \dut.u_rx.u_crc.crc_q ;
`endif
  (* hierconn *) wire \dut.u_rx.hello_q ;
  (* hierconn *) wire \dut.u_rx.version_q ;
  (* hierconn *) wire [31:0] \dut.u_rx.id_q ;
  (* hierconn *) wire \dut.u_rx.in_order_q ;
  (* hierconn *) wire \dut.u_rx.ack_valid_q ;
  (* hierconn *) wire [15:0] \dut.u_rx.ack_q ;
  (* hierconn *) wire [7:0] \dut.u_rx.end_high_q ;
  (* hierconn *) wire \dut.u_rx.end_borrow_q ;
  (* hierconn *) wire \dut.u_rx.borrow_q ;
  (* hierconn *) wire \dut.get_valid_q ;

  // ---- The reference: one byte of the wire at a time, at once.
  reg [7:0] left = 8'd0;     // of the block
  reg begun = 1'b0, follows = 1'b0;  // follows: a 00 stands between the block and the next
  reg out, out_end;          // a byte, an end came out of the wire byte
  reg [7:0] out_byte;
  always @* begin
    out = 1'b0;
    out_byte = data;
    out_end = 1'b0;
    if (valid && ready) begin
      if (data == 8'd0) out_end = begun;
      else if (left != 8'd0) out = 1'b1;
      else begin
        out = follows;
        out_byte = 8'd0;
      end
    end
  end
  // Registers, so that the clocks are those of the stream.
  reg out_q = 1'b0, end_q = 1'b0, bad_q = 1'b0;
  reg [7:0] byte_q;
  always @(posedge clk) begin
    out_q <= out && rst_n;
    end_q <= out_end && rst_n;
    bad_q <= left != 8'd0;
    byte_q <= out_byte;
    if (valid && ready && rst_n) begin
      begun <= data != 8'd0;
      if (data == 8'd0) begin
        left <= 8'd0;
        follows <= 1'b0;
      end else begin
        left <= (left == 8'd0 ? data : left) - 8'd1;
        if (left == 8'd0) follows <= data != 8'hff;
      end
    end
  end
  reg [4:0] count = 5'd0;    // bytes of the frame, up to 16
  reg [15:0] size = 16'd0;   // all of them
  reg [31:0] crc = 32'hffffffff;
  reg [7:0] flags = 8'd0;
  reg [31:0] id = 32'd0;
  reg [31:0] with;
  integer n;
  wire seeded = count[4:2] == 3'd0 && !(count == 5'd0 ? byte_q[0] : flags[0]);
  wire [31:0] seed = session >> {count[1:0], 3'b000};
  always @* begin
    with = (count == 5'd0 ? 32'hffffffff : crc) ^ {24'd0, byte_q ^ (seeded ? seed[7:0] : 8'd0)};
    for (n = 0; n < 8; n = n + 1) with = with[0] ? {1'b0, with[31:1]} ^ 32'hedb88320 : {1'b0, with[31:1]};
  end
  always @(posedge clk) begin
    if (out_q) begin
      if (count == 5'd0) flags <= byte_q;
      crc <= with;
      count <= count == 5'd16 ? count : count + 5'd1;
      size <= size + 16'd1;
      if (count >= 5'd7 && count < 5'd11) id <= {byte_q, id[31:8]};
    end
    if (end_q) begin
      count <= 5'd0;
      size <= 16'd0;
    end
  end
  wire good = end_q && !bad_q && crc == 32'hdebb20e3 && flags[7:4] == 4'd1 && (flags[0] ? count == 5'd15 : count >= 5'd11);

  // ---- What the stream did at the last edge.
  reg ran = 1'b0, good_before = 1'b0, hello_before = 1'b0, open_before = 1'b0;
  reg [15:0] expected_before, unacked_before, payload_before;
  reg [31:0] session_before, id_before;
  reg zero_before = 1'b0;    // the last byte of the wire was 00,
  reg zeros = 1'b0;          // and the one before it too
  wire [15:0] expected = \dut.expected_q , unacked = \dut.unacked_q ;
  always @(posedge clk) begin
    ran <= rst_n;
    good_before <= good;
    hello_before <= flags[0];
    open_before <= open;
    expected_before <= expected;
    unacked_before <= unacked;
    payload_before <= size - 16'd11;
    session_before <= session;
    id_before <= id;
    if (valid && ready && rst_n) begin
      zero_before <= data == 8'd0;
      zeros <= data == 8'd0 && zero_before;
    end
  end
  wire [15:0] stored = \dut.store_q - \dut.consumed_q , committed = expected - \dut.consumed_q ;
  wire [15:0] kept = \dut.last_q - unacked;
  wire stores = !flags[0] && \dut.u_rx.in_order_q ;  // behind the header
  reg [15:0] end_then;       // behind the last byte, when the low byte of ack came
  always @(posedge clk) if (out_q) end_then <= \dut.last_q ;
  always @(posedge clk) if (!ran) begin
    assert (left == 8'd0 && !begun && !follows && !out_q && !end_q && count == 5'd0 && size == 16'd0 && !zeros && !zero_before);
    assert (!rst_n || (!open && \dut.u_rx.start_q ));
  end else begin
    assert (rst_n);
`ifndef RINGS
    // Nothing is committed, acknowledged or begun but by a good frame.
    if (open && open_before && session == session_before) begin
      if (expected != expected_before && !(good_before && hello_before))
        assert (good_before && expected == expected_before + payload_before);
      if (unacked != unacked_before) assert (good_before);
    end
    if (open != open_before || session != session_before)
      assert (good_before && hello_before && session == id_before);
`endif
    // After 00 00 nothing is left of what came before.
    if (zeros) assert (!begun && left == 8'd0 && !out_q && !end_q && count == 5'd0);
  end
  always @(posedge clk) if (rst_n) begin  // For the induction: both decoders are in the same state.
    assert (left == \dut.u_rx.u_cobs.left_q && begun == \dut.u_rx.u_cobs.begun_q && follows == !\dut.u_rx.u_cobs.full_q );
    assert (out_q == \dut.u_rx.u_cobs.valid_q && end_q == \dut.u_rx.u_cobs.end_q );
    if (out_q) assert (byte_q == \dut.u_rx.u_cobs.byte_q );
    if (end_q) assert (bad_q == \dut.u_rx.u_cobs.bad_q );
    if (zero_before) assert (!begun && left == 8'd0 && !out_q);
    if (zeros) assert (zero_before);
    assert (!(out_q && end_q));
    if (end_q) assert (!begun && zero_before);
    if (out_q) assert (begun);
    if (!begun) assert (left == 8'd0 && !follows);
    if (!begun && !end_q) assert (count == 5'd0);
    if (\dut.u_rx.start_q ) assert (!out_q && count == 5'd0);
    assert (count == \dut.u_rx.count_q && count <= 5'd16);
    if (count != 5'd0) begin
      assert (flags[0] == \dut.u_rx.hello_q && (flags[7:4] == 4'd1) == \dut.u_rx.version_q );
`ifndef RINGS
      assert (crc == \dut.u_rx.u_crc.crc_q );
`endif
      assert (count < 5'd16 ? size == count : 1'b1);
`ifndef RINGS
      if (count >= 5'd8) assert (id[31:24] == \dut.u_rx.id_q [31:24]);
      if (count >= 5'd9) assert (id[23:16] == \dut.u_rx.id_q [23:16]);
      if (count >= 5'd10) assert (id[15:8] == \dut.u_rx.id_q [15:8]);
      if (count >= 5'd11) assert (id[7:0] == \dut.u_rx.id_q [7:0]);
`endif
    end else begin
      assert (size == 16'd0);
`ifndef RINGS
      if (!\dut.u_rx.start_q ) assert (\dut.u_rx.u_crc.crc_q == 32'hffffffff);
`endif
    end
    if (open && count != 5'd0) assert (\dut.store_q == expected + (stores && count >= 5'd7 ? size - 16'd7 : 16'd0));
`ifdef RINGS
    if (open) begin
      if (count != 5'd0 && !\dut.beyond_q ) assert (stored <= 16'd64);
      if (count == 5'd16 && stores && !\dut.beyond_q ) assert (size >= 16'd16 && size <= 16'd71);
      if (\dut.get_valid_q ) assert (committed != 16'd0);
      assert (committed <= 16'd64);
      assert (kept <= 16'd64);
      if (count >= 5'd4) assert (16'(\dut.last_q - end_then) <= kept || count != 5'd4);
      if (count == 5'd4) begin
        assert (\dut.u_rx.end_high_q == end_then[15:8]);
        assert (\dut.u_rx.end_borrow_q == (end_then[7:0] < \dut.u_rx.ack_q [15:8]));
        assert (\dut.u_rx.borrow_q == (\dut.u_rx.ack_q [15:8] < unacked[7:0]));
      end
      if (count >= 5'd5 && \dut.u_rx.ack_valid_q ) assert (16'(\dut.last_q - \dut.u_rx.ack_q ) <= kept);
    end
`endif
  end
endmodule
`default_nettype wire
