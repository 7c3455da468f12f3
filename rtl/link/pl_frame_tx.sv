// pl_frame_tx: sends frames (docs/protocol.md): header, payload, CRC, COBS.
//
// start_i & idle_o begins a frame; hello_i and nak_i are taken then. The numbers are taken when they are sent: seq_i
// must stand still until the payload begins, ack_i and limit_i may change; limit_o is the limit that was told last,
// and what ack_i covers when the frame begins is told by it. The payload are the bytes taken at payload_valid_i &
// payload_ready_o: it ends with the byte at payload_last_i, or when payload_valid_i is low; that of HELLO is the
// session. idle_o also says that the wire will soon run dry: less than 256 bytes (SerialCrc: 64) wait, so frames are
// large, and what is told is not old when it gets there. The bytes of the wire leave by valid_o and ready_i: one per
// clock, or with SerialCrc one in 9.
`default_nettype none
module pl_frame_tx #(
  parameter bit SerialCrc = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  output logic        idle_o,
  input  logic        start_i,
  input  logic        hello_i,
  input  logic        nak_i,
  input  logic [15:0] seq_i,
  input  logic [15:0] ack_i,
  input  logic [15:0] limit_i,
  output logic [15:0] limit_o,
  input  logic [31:0] session_i,
  input  logic        payload_valid_i,
  output logic        payload_ready_o,
  input  logic [7:0]  payload_i,
  input  logic        payload_last_i,
  output logic        valid_o,
  input  logic        ready_i,
  output logic [7:0]  byte_o
);
  typedef enum logic [2:0] {Idle, Header, Payload, Crc, End} state_e;
  state_e state_q, state_d;
  logic [2:0] index_q, index_d;  // byte of the header, the session or the CRC
  logic hello_q, nak_q;
  logic [7:0] ack_high_q;        // belongs to the low byte that was sent
  logic [15:0] limit_q;
  logic [7:0] data, session;
  logic valid, checked, step, low, encoder_ready, crc_ready;
  logic [31:0] crc;

  assign checked = state_q == Header || state_q == Payload;  // the CRC is over these
  assign step = encoder_ready & crc_ready;
  assign idle_o = state_q == Idle && low;
  assign payload_ready_o = state_q == Payload && !hello_q && step;

  assign session = session_i[8*index_q[1:0] +: 8];
  always_comb begin
    unique case (state_q)
      Header: unique case (index_q)
        3'd0: data = {4'(pl_regs_pkg::ProtocolVersion), 2'b00, nak_q, hello_q};
        3'd1: data = seq_i[7:0] & {8{~hello_q}};
        3'd2: data = seq_i[15:8] & {8{~hello_q}};
        3'd3: data = ack_i[7:0] & {8{~hello_q}};
        3'd4: data = ack_high_q & {8{~hello_q}};
        3'd5: data = limit_i[7:0];
        default: data = limit_q[15:8];
      endcase
      Payload: data = hello_q ? session : payload_i;
      default: data = ~crc[8*index_q[1:0] +: 8];
    endcase
  end
  assign valid = state_q == Header || state_q == Crc || (state_q == Payload && (hello_q || payload_valid_i));

  always_comb begin
    state_d = state_q;
    index_d = index_q;
    unique case (state_q)
      Idle: if (start_i && idle_o) begin
        state_d = Header;
        index_d = 3'd0;
      end
      Header: if (step) begin
        index_d = index_q + 3'd1;
        if (index_q == 3'd6) begin
          state_d = Payload;
          index_d = 3'd0;
        end
      end
      Payload: if (step) begin
        index_d = index_q + 3'd1;
        if (hello_q ? index_q == 3'd3 : payload_last_i || !payload_valid_i) begin
          state_d = Crc;
          index_d = 3'd0;
        end
      end
      Crc: if (step) begin
        index_d = index_q + 3'd1;
        if (index_q == 3'd3) state_d = End;
      end
      default: if (encoder_ready) state_d = Idle;
    endcase
  end

  // The CRC begins with the session, in its first four bytes.
  logic [7:0] key;
  assign key = state_q == Header && !index_q[2] && !hello_q ? session : 8'd0;
  pl_crc32 #(.Serial(SerialCrc)) u_crc (
    .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(state_q == Idle), .valid_i(valid & checked & encoder_ready),
    .ready_o(crc_ready), .byte_i(data ^ key), .crc_o(crc)
  );
  // A block of 254 bytes must be whole before its first byte can leave: 254 clocks, or 254 * 9 where a byte leaves in 40.
  pl_cobs_encoder #(.LowLog(SerialCrc ? 6 : 8)) u_cobs (
    .clk_i(clk_i), .rst_ni(rst_ni), .valid_i(valid & crc_ready), .end_i(state_q == End), .ready_o(encoder_ready),
    .byte_i(data), .low_o(low), .valid_o(valid_o), .ready_i(ready_i), .byte_o(byte_o)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      index_q <= 3'd0;
      hello_q <= 1'b0;
      nak_q <= 1'b0;
    end else begin
      state_q <= state_d;
      index_q <= index_d;
      if (start_i && idle_o) begin
        hello_q <= hello_i;
        nak_q <= nak_i;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q == Header && step && index_q == 3'd3) ack_high_q <= ack_i[15:8];
    if (state_q == Header && step && index_q == 3'd5) limit_q <= limit_i;
  end
  assign limit_o = limit_q;
endmodule
`default_nettype wire
