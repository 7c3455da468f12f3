// pl_async_fifo: bytes from one clock to another: 2^Log places, pointers in Gray code. A byte goes in at w_valid_i &
// w_ready_o of w_clk_i and comes out at r_valid_o & r_ready_i of r_clk_i, a byte per clock on either side. w_room_o: at
// least Margin more bytes find a place. Either clock may stop at any time. Each reset is asserted asynchronously and released
// in step with its clock; both are asserted together.
`default_nettype none
module pl_async_fifo #(
  parameter int Log = 6,    // 2 or more
  parameter int Margin = 1  // 1 to 2^Log
) (
  input  logic       w_clk_i,
  input  logic       w_rst_ni,
  input  logic       w_valid_i,
  output logic       w_ready_o,
  output logic       w_room_o,
  input  logic [7:0] w_byte_i,
  input  logic       r_clk_i,
  input  logic       r_rst_ni,
  output logic       r_valid_o,
  input  logic       r_ready_i,
  output logic [7:0] r_byte_o
);
  logic [7:0] mem [0:(1<<Log)-1];

  // Pointers have one bit more than an address: equal is empty, a whole turn apart is full.
  logic [Log:0] w_q, w_d, w_gray_q, w_seen0_q, w_seen_q;  // seen: in the clock of the other side
  logic [Log:0] r_q, r_d, r_gray_q, r_seen0_q, r_seen_q, r_seen, used;
  logic push, pop;

  always_comb begin
    r_seen[Log] = r_seen_q[Log];
    for (int n = Log - 1; n >= 0; n--) r_seen[n] = r_seen[n+1] ^ r_seen_q[n];
  end
  assign used = w_q - r_seen;
  assign w_ready_o = ~used[Log];
  assign w_room_o = used <= (Log+1)'((1 << Log) - Margin);
  assign push = w_valid_i & w_ready_o;
  assign w_d = w_q + (Log+1)'(push);
  always_ff @(posedge w_clk_i) begin
    if (push) mem[w_q[Log-1:0]] <= w_byte_i;
  end
  always_ff @(posedge w_clk_i or negedge w_rst_ni) begin
    if (!w_rst_ni) begin
      w_q <= '0;
      w_gray_q <= '0;
      r_seen0_q <= '0;
      r_seen_q <= '0;
    end else begin
      w_q <= w_d;
      w_gray_q <= w_d ^ (w_d >> 1);
      r_seen0_q <= r_gray_q;
      r_seen_q <= r_seen0_q;
    end
  end

  assign r_valid_o = w_seen_q != r_gray_q;
  assign r_byte_o = mem[r_q[Log-1:0]];
  assign pop = r_valid_o & r_ready_i;
  assign r_d = r_q + (Log+1)'(pop);
  always_ff @(posedge r_clk_i or negedge r_rst_ni) begin
    if (!r_rst_ni) begin
      r_q <= '0;
      r_gray_q <= '0;
      w_seen0_q <= '0;
      w_seen_q <= '0;
    end else begin
      r_q <= r_d;
      r_gray_q <= r_d ^ (r_d >> 1);
      w_seen0_q <= w_gray_q;
      w_seen_q <= w_seen0_q;
    end
  end
endmodule
`default_nettype wire
