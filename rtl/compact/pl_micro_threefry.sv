// pl_micro_threefry: the two words of Threefry-2x32 (docs/signal-chain.md, "Noise coordinates"), one operation per clock.
//
// At most one of the strobes is high: zero_i clears both words; add0_i adds word_i to x0, add1_i to x1 (counter and keys);
// round_i is one round with the rotation of step_i (0..7: 13 6 26 15 17 24 16 29): x0 += x1; x1 = rotate(x1) ^ x0.
// The order of steps suits a counter that runs 4, 3, 2, 1 (cut to two bits) through the rounds 13 15 26 6 and 17 29 16 24.
// One adder serves all.
`default_nettype none
module pl_micro_threefry (
  input  logic        clk_i,
  input  logic        zero_i,
  input  logic        add0_i,
  input  logic        add1_i,
  input  logic        round_i,
  input  logic [2:0]  step_i,
  input  logic [31:0] word_i,
  output logic [31:0] x0_o,
  output logic [31:0] x1_o
);
  logic [31:0] x0_q, x1_q, left, right, sum, turned;
  assign left = add1_i ? word_i : x0_q;
  assign right = add0_i ? word_i : x1_q;
  assign sum = left + right;

  always_comb begin
    case (step_i)
      3'd0: turned = {x1_q[18:0], x1_q[31:19]};  // 13
      3'd1: turned = {x1_q[25:0], x1_q[31:26]};  // 6
      3'd2: turned = {x1_q[5:0], x1_q[31:6]};    // 26
      3'd3: turned = {x1_q[16:0], x1_q[31:17]};  // 15
      3'd4: turned = {x1_q[14:0], x1_q[31:15]};  // 17
      3'd5: turned = {x1_q[7:0], x1_q[31:8]};    // 24
      3'd6: turned = {x1_q[15:0], x1_q[31:16]};  // 16
      default: turned = {x1_q[2:0], x1_q[31:3]}; // 29
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (zero_i) x0_q <= '0;
    else if (add0_i || round_i) x0_q <= sum;
  end
  always_ff @(posedge clk_i) begin
    if (zero_i) x1_q <= '0;
    else if (add1_i || round_i) x1_q <= sum ^ (round_i ? turned : '0);
  end
  assign x0_o = x0_q;
  assign x1_o = x1_q;
endmodule
`default_nettype wire
