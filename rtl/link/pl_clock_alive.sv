// pl_clock_alive: whether another clock runs. alive_o is 0 in reset and when other_clk_i has stood still for 64 to 128 clocks
// of clk_i, and 1 again soon after it has begun to run. The other clock may be 1/4 to 8 times as fast.
`default_nettype none
module pl_clock_alive (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic other_clk_i,
  output logic alive_o
);
  logic [3:0] edges_q;  // of the other clock: the top bit changes every 8
  always_ff @(posedge other_clk_i or negedge rst_ni) begin
    if (!rst_ni) edges_q <= 4'd0;
    else edges_q <= edges_q + 4'd1;
  end

  logic [2:0] seen_q;
  logic [6:0] still_q;  // clocks since it changed
  logic moved, alive_q;
  assign moved = seen_q[2] ^ seen_q[1];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      seen_q <= 3'd0;
      still_q <= 7'd0;
      alive_q <= 1'b0;
    end else begin
      seen_q <= {seen_q[1:0], edges_q[3]};
      still_q <= moved ? 7'd0 : still_q + {6'd0, ~still_q[6]};
      alive_q <= (alive_q | moved) & ~still_q[6];
    end
  end
  assign alive_o = alive_q;
endmodule
`default_nettype wire
