// pl_array: the physical array. Multiplies one word of every row with one word of every column per clock and
// sums the words of a detector read (signal-chain.md stage 4, and the rounding to detector LSB of 5 and 6).
//
// Lane l = row * Columns + column. first_i marks the first word of a read, last_i the last one. Three
// enabled clocks after the last word, valid_o is high for one enabled clock with the read's sums of every lane:
//   y_o  optical sum in detector LSB     d_o  dispersion in detector LSB
//   p_o  summed power products           l_o  summed light of both operands
// en_i low freezes everything. The sums are exact, so their order does not matter.
`default_nettype none
module pl_array #(
  parameter int Rows = 4,     // 1..64
  parameter int Columns = 4,  // 1..64
  parameter int Width = 8,    // 4, 8, 16, 32 or 64
  localparam int Lanes = Rows * Columns,
  localparam int WordBits = Width * (pl_pkg::FieldBox + pl_pkg::PowerBox) + pl_pkg::WordLightBox + pl_pkg::WordTermBox
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        en_i,
  input  logic                        valid_i,
  input  logic                        first_i,
  input  logic                        last_i,
  input  logic [Rows*WordBits-1:0]    a_i,
  input  logic [Columns*WordBits-1:0] b_i,
  output logic                        valid_o,
  output logic [Lanes*32-1:0]         y_o,
  output logic [Lanes*32-1:0]         d_o,
  output logic [Lanes*32-1:0]         p_o,
  output logic [Lanes*32-1:0]         l_o
);
  localparam int FieldBox = pl_pkg::FieldBox;
  localparam int PowerBox = pl_pkg::PowerBox;
  localparam int WordSumBox = pl_pkg::WordSumBox;
  localparam int AccBox = pl_pkg::AccBox;
  localparam int LightSumBox = pl_pkg::LightSumBox;
  localparam int WordLightBox = pl_pkg::WordLightBox;
  localparam int WordTermBox = pl_pkg::WordTermBox;
  localparam int Terms = Width > pl_pkg::TermProducts ? Width / pl_pkg::TermProducts : 1;
  localparam int PowerAt = Width * FieldBox;              // position of the parts of a word
  localparam int LightAt = PowerAt + Width * PowerBox;
  localparam int TermAt = LightAt + WordLightBox;

  // Operands, unpacked: element k of row r at r*Width + k.
  logic signed [FieldBox-1:0] a_field [0:Rows*Width-1];
  logic signed [FieldBox-1:0] b_field [0:Columns*Width-1];
  logic        [PowerBox-1:0] a_power [0:Rows*Width-1];
  logic        [PowerBox-1:0] b_power [0:Columns*Width-1];
  logic        [WordLightBox-1:0] a_light [0:Rows-1];
  logic        [WordLightBox-1:0] b_light [0:Columns-1];
  logic signed [WordTermBox-1:0] a_term [0:Rows-1];
  logic signed [WordTermBox-1:0] b_term [0:Columns-1];

  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar k = 0; k < Width; k++) begin : g_element
      assign a_field[r*Width+k] = a_i[r*WordBits + k*FieldBox +: FieldBox];
      assign a_power[r*Width+k] = a_i[r*WordBits + PowerAt + k*PowerBox +: PowerBox];
    end
    assign a_light[r] = a_i[r*WordBits + LightAt +: WordLightBox];
    assign a_term[r] = a_i[r*WordBits + TermAt +: WordTermBox];
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    for (genvar k = 0; k < Width; k++) begin : g_element
      assign b_field[c*Width+k] = b_i[c*WordBits + k*FieldBox +: FieldBox];
      assign b_power[c*Width+k] = b_i[c*WordBits + PowerAt + k*PowerBox +: PowerBox];
    end
    assign b_light[c] = b_i[c*WordBits + LightAt +: WordLightBox];
    assign b_term[c] = b_i[c*WordBits + TermAt +: WordTermBox];
  end

  // Stage registers. 1: sums of TermProducts products (term_*); 2: the word's sum (word_*); 3: the read's sum so far
  // (sum_*), which leaves by y_q, d_q, p_q, l_q in the same clock.
  logic signed [WordSumBox-1:0] term_y [0:Lanes*Terms-1];
  logic        [WordSumBox-1:0] term_p [0:Lanes*Terms-1];
  logic signed [WordSumBox-1:0] word_y [0:Lanes-1];
  logic        [WordSumBox-1:0] word_p [0:Lanes-1];
  logic signed [AccBox-1:0]     sum_y [0:Lanes-1];
  logic        [31:0]           sum_p [0:Lanes-1];
  logic signed [AccBox-1:0]     sum_at [0:Rows-1];
  logic signed [AccBox-1:0]     sum_bt [0:Columns-1];
  logic        [LightSumBox-1:0] sum_al [0:Rows-1];
  logic        [LightSumBox-1:0] sum_bl [0:Columns-1];
  logic        [WordLightBox-1:0] light1_a [0:Rows-1], light2_a [0:Rows-1];
  logic        [WordLightBox-1:0] light1_b [0:Columns-1], light2_b [0:Columns-1];
  logic signed [WordTermBox-1:0] term1_a [0:Rows-1], term2_a [0:Rows-1];
  logic signed [WordTermBox-1:0] term1_b [0:Columns-1], term2_b [0:Columns-1];

  logic [Lanes*32-1:0] y_q, d_q, p_q, l_q;
  assign y_o = y_q;
  assign d_o = d_q;
  assign p_o = p_q;
  assign l_o = l_q;

  logic valid1_q, valid2_q, valid3_q, first1_q, first2_q, last1_q, last2_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      valid3_q <= 1'b0;
    end else if (en_i) begin
      valid1_q <= valid_i;
      valid2_q <= valid1_q;
      valid3_q <= valid2_q & last2_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      first1_q <= first_i;
      first2_q <= first1_q;
      last1_q <= last_i;
      last2_q <= last1_q;
    end
  end
  assign valid_o = valid3_q;

  // verilator lint_off BLKSEQ
  // One block reads and writes the stage arrays, last stage first, so that plain loops over the lanes remain.
  always_ff @(posedge clk_i) begin : stages
    logic signed [WordSumBox-1:0] total_y;
    logic        [WordSumBox-1:0] total_p;
    if (en_i) begin
      if (valid2_q) begin
        for (int l = 0; l < Lanes; l++) begin
          sum_y[l] = (first2_q ? AccBox'(0) : sum_y[l]) + AccBox'(word_y[l]);
          sum_p[l] = (first2_q ? 32'd0 : sum_p[l]) + 32'(word_p[l]);
        end
        for (int r = 0; r < Rows; r++) begin
          sum_at[r] = (first2_q ? AccBox'(0) : sum_at[r]) + AccBox'(term2_a[r]);
          sum_al[r] = (first2_q ? LightSumBox'(0) : sum_al[r]) + LightSumBox'(light2_a[r]);
        end
        for (int c = 0; c < Columns; c++) begin
          sum_bt[c] = (first2_q ? AccBox'(0) : sum_bt[c]) + AccBox'(term2_b[c]);
          sum_bl[c] = (first2_q ? LightSumBox'(0) : sum_bl[c]) + LightSumBox'(light2_b[c]);
        end
        for (int r = 0; r < Rows; r++) begin
          for (int c = 0; c < Columns; c++) begin
            y_q[(r*Columns+c)*32 +: 32] <= 32'((sum_y[r*Columns+c] + AccBox'(32)) >>> 6);
            d_q[(r*Columns+c)*32 +: 32] <= 32'((sum_at[r] - sum_bt[c] + AccBox'(32)) >>> 6);
            p_q[(r*Columns+c)*32 +: 32] <= sum_p[r*Columns+c];
            l_q[(r*Columns+c)*32 +: 32] <= 32'(sum_al[r]) + 32'(sum_bl[c]);
          end
        end
      end
      if (valid1_q) begin
        for (int l = 0; l < Lanes; l++) begin
          total_y = WordSumBox'(0);
          total_p = WordSumBox'(0);
          for (int j = 0; j < Terms; j++) total_y = total_y + term_y[l*Terms+j];
          for (int j = 0; j < Terms; j++) total_p = total_p + term_p[l*Terms+j];
          word_y[l] = total_y;
          word_p[l] = total_p;
        end
        for (int r = 0; r < Rows; r++) begin
          light2_a[r] = light1_a[r];
          term2_a[r] = term1_a[r];
        end
        for (int c = 0; c < Columns; c++) begin
          light2_b[c] = light1_b[c];
          term2_b[c] = term1_b[c];
        end
      end
      if (valid_i) begin
        for (int r = 0; r < Rows; r++) begin
          for (int c = 0; c < Columns; c++) begin
            for (int j = 0; j < Terms; j++) begin
              total_y = WordSumBox'(0);
              total_p = WordSumBox'(0);
              for (int i = 0; i < Width; i = i + Terms) begin
                total_y = total_y + WordSumBox'(a_field[r*Width+i+j]) * WordSumBox'(b_field[c*Width+i+j]);
                total_p = total_p + WordSumBox'(a_power[r*Width+i+j]) * WordSumBox'(b_power[c*Width+i+j]);
              end
              term_y[(r*Columns+c)*Terms+j] = total_y;
              term_p[(r*Columns+c)*Terms+j] = total_p;
            end
          end
        end
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
