// pl_frame_rx: receives frames (docs/protocol.md): COBS, CRC, header; and compares the header's numbers with those of the
// stream while the frame comes, so that no number waits here for the CRC but ack and limit.
//
// A byte of the wire is taken at valid_i & ready_o: one per clock, or with SerialCrc one in 10 clocks. start_o: a frame
// begins. store_o: byte_o is a byte behind the header of a frame at exactly the number that is expected; the last 4 of a
// frame are its CRC. done_o ends a frame that was not empty: with good_o the outputs below hold for that one clock, without
// it nothing of the frame counts. The _i numbers must not change between start_o and done_o, but end_i may grow.
`default_nettype none
module pl_frame_rx #(
  parameter bit SerialCrc = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        valid_i,
  output logic        ready_o,
  input  logic [7:0]  byte_i,
  // The stream.
  input  logic        open_i,       // there is a session
  input  logic [31:0] session_i,
  input  logic [15:0] expected_i,   // next byte from the other side
  input  logic [15:0] unacked_i,    // first byte that the other side has not acknowledged,
  input  logic [15:0] end_i,        // the byte behind the last one that could be sent
  input  logic [15:0] limit_i,      // the first that may not be sent
  // The frame.
  output logic        start_o,
  output logic        store_o,
  output logic [7:0]  byte_o,
  output logic        done_o,
  output logic        good_o,
  output logic        hello_o,
  output logic [31:0] id_o,         // HELLO: the session that it names
  output logic        nak_o,
  output logic        payload_o,    // it has a payload,
  output logic        in_order_o,   // at the number that is expected,
  output logic        later_o,      // or at a later one
  output logic        ack_valid_o,  // ack is neither behind unacked_i nor beyond end_i
  output logic [15:0] ack_o,
  output logic        limit_valid_o,  // limit is not behind limit_i
  output logic [15:0] limit_o
);
  localparam logic [31:0] Residue = 32'hdebb20e3;
  localparam logic [4:0] Header = 5'd7, Least = 5'd11, HelloSize = 5'd15;  // bytes: header, with CRC, with CRC and id

  // ---- Bytes of the frame, and their CRC.
  logic valid, ended, bad, crc_ready;
  logic [7:0] data;
  logic [31:0] crc;
  logic [4:0] count_q, count_d;  // bytes before this one; stops at 16
  logic first, hello_q, start_q;  // start: no byte of this frame has come
  logic [7:0] key;
  pl_cobs_decoder u_cobs (
    .clk_i(clk_i), .rst_ni(rst_ni), .valid_i(valid_i & ready_o), .byte_i(byte_i), .valid_o(valid), .byte_o(data),
    .end_o(ended), .bad_o(bad)
  );
  assign first = count_q == 5'd0;
  pl_crc32 #(.Serial(SerialCrc)) u_crc (
    .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(start_q), .valid_i(valid), .ready_o(crc_ready), .byte_i(data ^ key),
    .crc_o(crc)
  );
  // The seed: the session, in the first four bytes.
  assign key = count_q[4:2] != 3'd0 || (first ? data[0] : hello_q) ? 8'd0 : session_i[8*count_q[1:0] +: 8];
  assign ready_o = !SerialCrc || (crc_ready && !valid);
  always_comb begin
    count_d = count_q;
    if (ended) count_d = 5'd0;
    else if (valid && !count_q[4]) count_d = count_q + 5'd1;
  end

  // ---- Header: differences of 16 bits, the low byte first.
  logic [7:0] against, difference, last_byte, beyond;
  logic borrow, end_borrow;
  logic nak_q, version_q, equal_q, borrow_q, end_borrow_q, in_order_q, later_q, ack_valid_q, limit_valid_q;
  logic [15:0] ack_q, limit_q;
  logic [7:0] end_high_q;  // of the number whose low byte has been compared
  logic [31:0] id_q;
  always_comb begin
    unique case (count_q[2:0])
      3'd1: against = expected_i[7:0];
      3'd2: against = expected_i[15:8];
      3'd3: against = unacked_i[7:0];
      3'd4: against = unacked_i[15:8];
      3'd5: against = limit_i[7:0];
      default: against = limit_i[15:8];
    endcase
  end
  logic high;  // byte of a number
  assign high = ~count_q[0];
  assign last_byte = high ? end_high_q : end_i[7:0];
  assign {borrow, difference} = {1'b0, data} - {1'b0, against} - {8'd0, high & borrow_q};
  assign {end_borrow, beyond} = {1'b0, last_byte} - {1'b0, data} - {8'd0, high & end_borrow_q};
  always_ff @(posedge clk_i) begin
    if (valid) begin
      borrow_q <= borrow;
      end_borrow_q <= end_borrow;
      end_high_q <= end_i[15:8];
      if (first) begin
        hello_q <= data[0];
        nak_q <= data[1];
        version_q <= data[7:4] == 4'(pl_regs_pkg::ProtocolVersion);
      end
      if (count_q == 5'd1) equal_q <= difference == 8'd0;
      if (count_q == 5'd2) begin
        in_order_q <= equal_q && difference == 8'd0;
        later_q <= ~difference[7];
      end
      if (count_q == 5'd3 || count_q == 5'd4) ack_q <= {data, ack_q[15:8]};
      if (count_q == 5'd4) ack_valid_q <= ~difference[7] & ~beyond[7];
      if (count_q == 5'd5 || count_q == 5'd6) limit_q <= {data, limit_q[15:8]};
      if (count_q == 5'd6) limit_valid_q <= ~difference[7];
      if (count_q[3:0] >= 4'd7 && count_q[3:0] <= 4'd10) id_q <= {data, id_q[31:8]};
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= 5'd0;
      start_q <= 1'b1;
    end else begin
      count_q <= count_d;
      start_q <= ended;
    end
  end

  logic unused_difference;
  assign unused_difference = ^beyond[6:0];

  assign start_o = valid & first;
  assign store_o = valid & count_q >= Header & ~hello_q & in_order_q;
  assign byte_o = data;
  assign done_o = ended;
  assign good_o = ended & ~bad & version_q & crc == Residue &
                  (hello_q ? count_q == HelloSize : open_i & count_q >= Least);
  assign hello_o = hello_q;
  assign id_o = id_q;
  assign nak_o = nak_q;
  assign payload_o = count_q > Least;
  assign in_order_o = in_order_q;
  assign later_o = later_q & ~in_order_q;
  assign ack_valid_o = ack_valid_q;
  assign ack_o = ack_q;
  assign limit_valid_o = limit_valid_q;
  assign limit_o = limit_q;
endmodule
`default_nettype wire
