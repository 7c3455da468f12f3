// pl_cobs_encoder: takes the bytes of frames, one per clock, and gives the bytes of the wire.
//
// At ready_o a byte is taken with valid_i, or with end_i (not together) the frame ends: its last code and a 00 follow.
// Blocks are written into a ring of 512 bytes behind a place that is left for their code; a byte can leave (valid_o,
// ready_i) when the code of its block is known. So 1 in 254 bytes and 3 clocks at the end of a frame are all that it
// costs. low_o: less than 2^LowLog bytes are in the ring.
`default_nettype none
module pl_cobs_encoder #(
  parameter int LowLog = 8  // 2..8
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       valid_i,
  input  logic       end_i,
  output logic       ready_o,
  input  logic [7:0] byte_i,
  output logic       low_o,
  output logic       valid_o,
  input  logic       ready_i,
  output logic [7:0] byte_o
);
  localparam int Log = 9;

  typedef enum logic [1:0] {Data, Full, Delimiter, Next} state_e;
  state_e state_q, state_d;
  logic [Log-1:0] place_q, place_d;  // of the code of the block that is being written; everything before it can leave
  logic [Log-1:0] write_q, write_d, read_q, read_d, used;
  logic [7:0] code_q, code_d;
  logic we, close, place, grow, valid_q, valid_d;
  logic [Log-1:0] waddr;
  logic [7:0] wdata;

  assign used = write_q - read_q;
  logic unused_used;
  assign unused_used = ^used;
  assign low_o = used[Log-1:LowLog] == '0;
  assign ready_o = state_q == Data && used[Log-1:2] != '1;  // a byte, and a code and a 00 after it, find room

  always_comb begin
    state_d = state_q;
    we = 1'b0;
    close = 1'b0;  // the code goes to its place
    grow = 1'b0;   // by a byte, or by the place of the next code
    place = 1'b0;
    unique case (state_q)
      Data: if (ready_o) begin
        we = valid_i | end_i;
        close = end_i | (valid_i & byte_i == 8'd0);
        grow = valid_i;
        place = close;
        if (end_i) state_d = Delimiter;
        else if (valid_i && byte_i != 8'd0 && code_q == 8'hfe) state_d = Full;
      end
      Full: begin
        we = 1'b1;
        close = 1'b1;
        grow = 1'b1;
        place = 1'b1;
        state_d = Data;
      end
      Delimiter: begin
        we = 1'b1;
        grow = 1'b1;
        state_d = Next;
      end
      default: begin  // the 00 can leave; the next block begins
        grow = 1'b1;
        place = 1'b1;
        state_d = Data;
      end
    endcase
    write_d = write_q + {{Log-1{1'b0}}, grow};
    place_d = place ? write_q : place_q;
    code_d = place ? 8'd1 : code_q + {7'd0, grow};
  end
  assign waddr = close ? place_q : write_q;
  assign wdata = close ? code_q : state_q == Delimiter ? 8'd0 : byte_i;

  // The byte at read_q stands in the output register of the memory.
  assign read_d = read_q + {{Log-1{1'b0}}, valid_q & ready_i};
  assign valid_d = read_d != place_q;
  pl_memory #(.Log(Log)) u_ring (
    .clk_i(clk_i), .we_i(we), .waddr_i(waddr), .wdata_i(wdata), .raddr_i(read_d), .rdata_o(byte_o)
  );
  assign valid_o = valid_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Data;
      place_q <= Log'(0);
      write_q <= Log'(1);
      read_q <= Log'(0);
      code_q <= 8'd1;
      valid_q <= 1'b0;
    end else begin
      state_q <= state_d;
      place_q <= place_d;
      write_q <= write_d;
      read_q <= read_d;
      code_q <= code_d;
      valid_q <= valid_d;
    end
  end
endmodule
`default_nettype wire
