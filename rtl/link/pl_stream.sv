// pl_stream: two streams of bytes, complete, in order and once, over a wire that may lose, damage or repeat bytes
// (docs/protocol.md, "Two byte streams" and "Sessions"): the device's side.
//
// wire_* are the bytes of the wire. A HELLO that begins or ends a session raises restart_o for one clock: everything that
// belonged to the session before is void then, and the streams begin anew. get_*: the stream from the host, put_*: the
// stream to the host; both move a byte per clock at valid & ready. A byte's number is its address in the ring that keeps it.
//
//   expected  first byte that has not come        unacked <= next <= last
//   consumed  first byte that get has not taken   first byte not acknowledged, not sent, not put yet
//
// A payload is stored behind `expected` while it comes, and `expected` moves when its CRC is good. The 4 bytes of the CRC
// are stored behind it, so the host may send 4 bytes less than the ring has.
`default_nettype none
module pl_stream #(
  parameter int RxLog = 12,       // bytes of the rings: 2^6 to 2^15
  parameter int TxLog = 12,
  parameter int CountBits = 16,   // of the counters, which stop at their largest value; 1 to 16
  parameter bit SerialCrc = 1'b0  // wire and streams give a byte at most every 10 clocks: less logic
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        wire_valid_i,
  output logic        wire_ready_o,
  input  logic [7:0]  wire_byte_i,
  output logic        wire_valid_o,
  input  logic        wire_ready_i,
  output logic [7:0]  wire_byte_o,
  input  logic        wire_fault_i,  // a byte was damaged or lost: counted
  output logic        open_o,
  output logic [31:0] session_o,
  output logic        restart_o,
  output logic        get_valid_o,
  input  logic        get_ready_i,
  output logic [7:0]  get_byte_o,
  input  logic        put_valid_i,
  output logic        put_ready_o,
  input  logic [7:0]  put_byte_i,
  output logic        received_o,    // a good frame has come, one has been begun: one clock
  output logic        sending_o,
  output logic [15:0] good_frames_o,
  output logic [15:0] bad_frames_o,
  output logic [15:0] disorders_o,   // gaps and repetitions
  output logic [15:0] wire_faults_o
);
  localparam logic [15:0] RxRoom = 16'((1 << RxLog) - 4);
  localparam int CutLog = TxLog < 10 ? TxLog : 10;  // a payload ends at a multiple of 2^CutLog: at most 1024 bytes

  if (RxLog < 6 || RxLog > 15 || TxLog < 6 || TxLog > 15) begin : g_bad_log
    $error("pl_stream: RxLog and TxLog must be 6 to 15");
  end
  if (CountBits < 1 || CountBits > 16) begin : g_bad_count
    $error("pl_stream: CountBits must be 1 to 16");
  end

  logic open_q, open_d;
  logic [31:0] session_q;
  logic [15:0] expected_q, expected_d, store_q, store_d, consumed_q, room;
  logic [15:0] unacked_q, unacked_d, next_q, next_d, last_q, last_d, limit_q, limit_d;
  logic [15:0] told;                    // the limit that the host has been told
  logic beyond_q, beyond_d;             // the frame does not fit
  logic hello_due_q, hello_due_d;       // frames to be sent
  logic due_q, due_d, nak_due_q, nak_due_d;
  logic nak_told_q, nak_told_d;         // a NAK was due, and nothing good has come since
  logic back_q, back_d;                 // the host has sent NAK

  // ---- What comes.
  logic start, store, done, good, hello, nak, payload, in_order, later, ack_valid, limit_valid;
  logic [7:0] data;
  logic [15:0] ack, limit;
  logic [31:0] id;
  pl_frame_rx #(.SerialCrc(SerialCrc)) u_rx (
    .clk_i(clk_i), .rst_ni(rst_ni), .valid_i(wire_valid_i), .ready_o(wire_ready_o), .byte_i(wire_byte_i),
    .open_i(open_q), .session_i(session_q), .expected_i(expected_q), .unacked_i(unacked_q), .end_i(last_q),
    .limit_i(limit_q), .start_o(start), .store_o(store), .byte_o(data), .done_o(done), .good_o(good), .hello_o(hello),
    .id_o(id), .nak_o(nak), .payload_o(payload), .in_order_o(in_order), .later_o(later), .ack_valid_o(ack_valid),
    .ack_o(ack), .limit_valid_o(limit_valid), .limit_o(limit)
  );
  logic welcome, restart, ours, taken, lost, again, spilled, damaged, full;
  assign welcome = good & hello;
  assign restart = welcome & (id == 32'd0 ? open_q : ~(open_q && id == session_q));
  assign ours = good & ~hello;                               // a frame of this session
  assign taken = ours & in_order & payload & ~beyond_q;
  assign lost = ours & later;                                // something before it is missing
  assign again = ours & payload & ~in_order & ~later;
  assign spilled = ours & in_order & payload & beyond_q;      // larger than it may be
  assign damaged = open_q & ((done & ~good) | spilled);
  assign full = store_q[RxLog:0] == {~consumed_q[RxLog], consumed_q[RxLog-1:0]};

  always_comb begin
    open_d = welcome ? id != 32'd0 : open_q;
    store_d = start ? expected_q : store_q + 16'(store);
    beyond_d = start ? 1'b0 : beyond_q | (store & full);
    expected_d = taken ? store_q - 16'd4 : expected_q;
    unacked_d = ours && ack_valid ? ack : unacked_q;
    limit_d = (ours && limit_valid) || restart ? limit : limit_q;
  end
  logic [15:0] fetch;  // number of the byte whose place is read
  logic get_valid_q;
  pl_memory #(.Log(RxLog)) u_rx_ring (
    .clk_i(clk_i), .we_i(store & ~full & ~beyond_q), .waddr_i(store_q[RxLog-1:0]), .wdata_i(data),
    .raddr_i(fetch[RxLog-1:0]), .rdata_o(get_byte_o)
  );
  assign fetch = consumed_q + {15'd0, get_valid_q & get_ready_i};
  assign get_valid_o = get_valid_q;
  assign room = consumed_q + RxRoom;  // the limit that a frame would tell now

  // ---- What leaves.
  logic idle, begin_frame, begin_hello, payload_valid_q, payload_ready, payload_last, behind, rewind;
  logic [7:0] sent;
  logic [15:0] ahead;
  logic [RxLog:0] since;  // bytes of room that the host has not been told of
  logic room_due;
  assign ahead = next_q - unacked_q;
  assign behind = ahead[15];  // acknowledged further than sent again
  logic unused_numbers;
  assign unused_numbers = ^{ahead[14:0], told};
  assign rewind = idle & (back_q | behind);
  assign since = room[RxLog:0] - told[RxLog:0];
  assign room_due = since > (RxLog+1)'(1 << (RxLog - 2));
  assign begin_hello = idle & hello_due_q;
  assign begin_frame = begin_hello | (idle & open_q & ~rewind & (due_q | room_due | payload_valid_q));
  assign payload_last = next_q[CutLog-1:0] == '1;
  pl_frame_tx #(.SerialCrc(SerialCrc)) u_tx (
    .clk_i(clk_i), .rst_ni(rst_ni), .idle_o(idle), .start_i(begin_frame), .hello_i(hello_due_q), .nak_i(nak_due_q & ~hello_due_q),
    .seq_i(next_q), .ack_i(expected_q), .limit_i(room), .limit_o(told), .session_i(session_q), .payload_valid_i(payload_valid_q),
    .payload_ready_o(payload_ready), .payload_i(sent), .payload_last_i(payload_last), .valid_o(wire_valid_o),
    .ready_i(wire_ready_i), .byte_o(wire_byte_o)
  );
  logic [TxLog:0] kept;
  logic put;
  assign kept = last_q[TxLog:0] - unacked_q[TxLog:0];
  assign put_ready_o = ~kept[TxLog];
  assign put = put_valid_i & put_ready_o;
  always_comb begin
    last_d = last_q + 16'(put);
    next_d = rewind ? unacked_q : next_q + {15'd0, payload_valid_q & payload_ready};
    back_d = (back_q & ~rewind) | (ours & nak);
    hello_due_d = welcome ? id != 32'd0 : hello_due_q & ~begin_hello;
    due_d = (due_q & (~begin_frame | hello_due_q)) | taken | lost | again | (ours & nak) | (damaged & ~nak_told_q);
    nak_due_d = (nak_due_q & (~begin_frame | hello_due_q)) | ((lost | damaged) & ~nak_told_q);
    nak_told_d = (nak_told_q | lost | damaged) & ~(ours & in_order & ~damaged);
  end
  pl_memory #(.Log(TxLog)) u_tx_ring (
    .clk_i(clk_i), .we_i(put), .waddr_i(last_q[TxLog-1:0]), .wdata_i(put_byte_i), .raddr_i(next_d[TxLog-1:0]),
    .rdata_o(sent)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q <= 1'b0;
      get_valid_q <= 1'b0;
      hello_due_q <= 1'b0;
    end else begin
      open_q <= open_d;
      get_valid_q <= open_q & ~restart & (fetch != expected_q);
      hello_due_q <= hello_due_d;
    end
  end
  // Without a session nothing reads these; each session begins with a restart.
  always_ff @(posedge clk_i) begin
    if (restart) session_q <= id;
    store_q <= store_d;
    beyond_q <= beyond_d;
    limit_q <= limit_d;
    if (restart) begin
      expected_q <= 16'd0;
      consumed_q <= 16'd0;
      unacked_q <= 16'd0;
      next_q <= 16'd0;
      last_q <= 16'd0;
      payload_valid_q <= 1'b0;
      due_q <= 1'b0;
      nak_due_q <= 1'b0;
      nak_told_q <= 1'b0;
      back_q <= 1'b0;
    end else begin
      expected_q <= expected_d;
      consumed_q <= fetch;
      unacked_q <= unacked_d;
      next_q <= next_d;
      last_q <= last_d;
      payload_valid_q <= (next_d != last_q) & (next_d != limit_q);
      due_q <= due_d;
      nak_due_q <= nak_due_d;
      nak_told_q <= nak_told_d;
      back_q <= back_d;
    end
  end
  assign open_o = open_q;
  assign session_o = session_q;
  assign restart_o = restart;
  assign received_o = good;
  assign sending_o = begin_frame;

  // ---- Counters, since reset.
  logic [3:0] events;
  assign events = {wire_fault_i, lost | again, (done & ~good) | spilled, good & ~spilled};
  logic [4*16-1:0] counts;
  for (genvar g = 0; g < 4; g++) begin : g_count
    logic [CountBits-1:0] count_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (events[g] && count_q != '1) count_q <= count_q + CountBits'(1);
    end
    assign counts[g*16 +: 16] = 16'(count_q);
  end
  assign {wire_faults_o, disorders_o, bad_frames_o, good_frames_o} = counts;
endmodule
`default_nettype wire
