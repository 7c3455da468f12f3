// pl_cobs_decoder: takes the bytes of the wire, one per clock, and gives those of the frames, one clock later.
//
// Each byte in gives at most one out (valid_o). After the 00 that ends a frame end_o is high for one clock; bad_o says then
// that the frame ended in the middle of a block. What is empty between two 00 gives nothing.
`default_nettype none
module pl_cobs_decoder (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       valid_i,
  input  logic [7:0] byte_i,
  output logic       valid_o,
  output logic [7:0] byte_o,
  output logic       end_o,
  output logic       bad_o
);
  logic [7:0] left_q, left_d;          // bytes of the block that are to come
  logic begun_q, begun_d;              // something has come since the last 00
  logic full_q, full_d;                // the block stands for no 00 behind it: it has the largest code, or is the first
  logic delimiter, code;
  logic valid_q, end_q, bad_q;
  logic [7:0] byte_q;

  assign delimiter = byte_i == 8'd0;
  assign code = left_q == 8'd0;
  always_comb begin
    left_d = left_q;
    begun_d = begun_q;
    full_d = full_q;
    if (valid_i) begin
      begun_d = ~delimiter;
      if (delimiter) begin
        left_d = 8'd0;
        full_d = 1'b1;
      end else begin
        left_d = (code ? byte_i : left_q) - 8'd1;
        if (code) full_d = byte_i == 8'hff;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q <= 8'd0;
      begun_q <= 1'b0;
      full_q <= 1'b1;
      valid_q <= 1'b0;
      end_q <= 1'b0;
      bad_q <= 1'b0;
    end else begin
      left_q <= left_d;
      begun_q <= begun_d;
      full_q <= full_d;
      valid_q <= valid_i & ~delimiter & ~(code & full_q);
      end_q <= valid_i & delimiter & begun_q;
      bad_q <= ~code;
    end
  end
  always_ff @(posedge clk_i) begin
    byte_q <= code ? 8'd0 : byte_i;  // a code gives the 00 that ended the block before
  end
  assign valid_o = valid_q;
  assign byte_o = byte_q;
  assign end_o = end_q;
  assign bad_o = bad_q;
endmodule
`default_nettype wire
