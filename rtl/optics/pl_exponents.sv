// pl_exponents: the power of two of a residue core's read: the exponents of its row and of its column, added
// (signal-chain.md, "rns" stages 1 and 9).
//
// Bits At and on of a word hold the exponent of its row or column in this read; the words of a read all have the same.
// Stages and timing are those of pl_dot: the sum of every lane follows at shift_o with last_i.
`default_nettype none
module pl_exponents #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int WordBits = 128,
  parameter int At = 0,
  localparam int Lanes = Rows * Columns,
  localparam int ShiftBits = pl_pkg::ShiftBits
) (
  input  logic                        clk_i,
  input  logic                        en_i,
  input  logic [2:0]                  step_i,
  input  logic                        last_i,
  input  logic [Rows*WordBits-1:0]    a_i,
  input  logic [Columns*WordBits-1:0] b_i,
  output logic [Lanes*ShiftBits-1:0]  shift_o
);
  logic [Rows*ShiftBits-1:0] a1_q, a2_q;
  logic [Columns*ShiftBits-1:0] b1_q, b2_q;
  logic [Lanes*ShiftBits-1:0] shift_q;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    always_ff @(posedge clk_i) begin
      if (en_i && step_i[0]) a1_q[r*ShiftBits +: ShiftBits] <= a_i[r*WordBits + At +: ShiftBits];
    end
    for (genvar c = 0; c < Columns; c++) begin : g_lane
      always_ff @(posedge clk_i) begin
        if (en_i && step_i[2] && last_i)
          shift_q[(r*Columns+c)*ShiftBits +: ShiftBits]
            <= a2_q[r*ShiftBits +: ShiftBits] + b2_q[c*ShiftBits +: ShiftBits];
      end
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    always_ff @(posedge clk_i) begin
      if (en_i && step_i[0]) b1_q[c*ShiftBits +: ShiftBits] <= b_i[c*WordBits + At +: ShiftBits];
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i && step_i[1]) begin
      a2_q <= a1_q;
      b2_q <= b1_q;
    end
  end
  assign shift_o = shift_q;
  logic unused_parts;
  assign unused_parts = ^{a_i, b_i};
endmodule
`default_nettype wire
