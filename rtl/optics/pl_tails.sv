// pl_tails: light and dispersion of a coherent read: the sums that are per operand, not per product (signal-chain.md
// stages 3, 4 and 6).
//
// Bits At and on of a word hold {dispersion, light} of its elements, summed by the encoder. Stages and timing are
// those of pl_dot: l_o, the light of row and column, and d_o, their difference of dispersion in detector LSB, follow
// with last_i.
`default_nettype none
module pl_tails #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int WordBits = 128,
  parameter int At = 0,
  localparam int Lanes = Rows * Columns
) (
  input  logic                        clk_i,
  input  logic                        en_i,
  input  logic [2:0]                  step_i,
  input  logic                        first_i,
  input  logic                        last_i,
  input  logic [Rows*WordBits-1:0]    a_i,
  input  logic [Columns*WordBits-1:0] b_i,
  output logic [Lanes*32-1:0]         d_o,
  output logic [Lanes*32-1:0]         l_o
);
  localparam int AccBox = pl_pkg::TermAccBox;
  localparam int LightSumBox = pl_pkg::LightSumBox;
  localparam int WordLightBox = pl_pkg::WordLightBox;
  localparam int WordTermBox = pl_pkg::WordTermBox;

  logic        [WordLightBox-1:0] a_light [0:Rows-1];
  logic        [WordLightBox-1:0] b_light [0:Columns-1];
  logic signed [WordTermBox-1:0]  a_term [0:Rows-1];
  logic signed [WordTermBox-1:0]  b_term [0:Columns-1];
  for (genvar r = 0; r < Rows; r++) begin : g_row
    assign a_light[r] = a_i[r*WordBits + At +: WordLightBox];
    assign a_term[r] = a_i[r*WordBits + At + WordLightBox +: WordTermBox];
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    assign b_light[c] = b_i[c*WordBits + At +: WordLightBox];
    assign b_term[c] = b_i[c*WordBits + At + WordLightBox +: WordTermBox];
  end
  logic unused_parts;
  assign unused_parts = ^{a_i, b_i};

  logic        [WordLightBox-1:0] light1_a [0:Rows-1], light2_a [0:Rows-1];
  logic        [WordLightBox-1:0] light1_b [0:Columns-1], light2_b [0:Columns-1];
  logic signed [WordTermBox-1:0]  term1_a [0:Rows-1], term2_a [0:Rows-1];
  logic signed [WordTermBox-1:0]  term1_b [0:Columns-1], term2_b [0:Columns-1];
  logic signed [AccBox-1:0]       sum_at [0:Rows-1];
  logic signed [AccBox-1:0]       sum_bt [0:Columns-1];
  logic        [LightSumBox-1:0]  sum_al [0:Rows-1];
  logic        [LightSumBox-1:0]  sum_bl [0:Columns-1];
  logic [Lanes*32-1:0] d_q, l_q;
  assign d_o = d_q;
  assign l_o = l_q;

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      if (step_i[2]) begin
        for (int r = 0; r < Rows; r++) begin
          sum_at[r] = (first_i ? AccBox'(0) : sum_at[r]) + AccBox'(term2_a[r]);
          sum_al[r] = (first_i ? LightSumBox'(0) : sum_al[r]) + LightSumBox'(light2_a[r]);
        end
        for (int c = 0; c < Columns; c++) begin
          sum_bt[c] = (first_i ? AccBox'(0) : sum_bt[c]) + AccBox'(term2_b[c]);
          sum_bl[c] = (first_i ? LightSumBox'(0) : sum_bl[c]) + LightSumBox'(light2_b[c]);
        end
        if (last_i) begin
          for (int r = 0; r < Rows; r++) begin
            for (int c = 0; c < Columns; c++) begin
              d_q[(r*Columns+c)*32 +: 32] <= 32'((sum_at[r] - sum_bt[c] + AccBox'(32)) >>> 6);
              l_q[(r*Columns+c)*32 +: 32] <= 32'(sum_al[r]) + 32'(sum_bl[c]);
            end
          end
        end
      end
      if (step_i[1]) begin
        for (int r = 0; r < Rows; r++) begin
          light2_a[r] = light1_a[r];
          term2_a[r] = term1_a[r];
        end
        for (int c = 0; c < Columns; c++) begin
          light2_b[c] = light1_b[c];
          term2_b[c] = term1_b[c];
        end
      end
      if (step_i[0]) begin
        for (int r = 0; r < Rows; r++) begin
          light1_a[r] = a_light[r];
          term1_a[r] = a_term[r];
        end
        for (int c = 0; c < Columns; c++) begin
          light1_b[c] = b_light[c];
          term1_b[c] = b_term[c];
        end
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
