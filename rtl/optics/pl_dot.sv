// pl_dot: products of every row's word with every column's word, summed over the words of a detector read.
//
// A word holds Width numbers of Box bits from bit At on; the other bits belong to others. Lane l = row * Columns +
// column. Three stages, each run when its bit of step_i is high, so that pl_array keeps time for all that it sums:
//   0: sums of a few products   1: the word's sum   2: the read's sum so far; first_i (of this stage) begins it
// With last_i (of stage 2) the read's sum, rounded to 2^Round and cut to 32 bits, goes to sum_o and stays there
// until the next read ends; before rounding its six lowest bits go to low_o. The sums are exact, so their order does not
// matter.
`default_nettype none
module pl_dot #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int WordBits = 128,
  parameter int At = 0,
  parameter int Box = 13,
  parameter bit Signed = 1'b1,  // numbers are signed
  parameter int SumBox = 31,    // storage of a word's sum
  parameter int AccBox = 38,    // and of a read's sum
  parameter int Round = 0,
  localparam int Lanes = Rows * Columns
) (
  input  logic                        clk_i,
  input  logic                        en_i,
  input  logic [2:0]                  step_i,
  input  logic                        first_i,
  input  logic                        last_i,
  input  logic [Rows*WordBits-1:0]    a_i,
  input  logic [Columns*WordBits-1:0] b_i,
  output logic [Lanes*32-1:0]         sum_o,
  output logic [Lanes*6-1:0]          low_o
);
  localparam int NumberBox = Signed || Box >= 32 ? Box : Box + 1;  // as a signed number
  localparam int Terms = Width > pl_pkg::TermProducts ? Width / pl_pkg::TermProducts : 1;
  localparam logic signed [AccBox-1:0] Half = AccBox'((1 << Round) >> 1);

  // Numbers, unpacked: number k of row r at r*Width + k.
  logic signed [NumberBox-1:0] a [0:Rows*Width-1];
  logic signed [NumberBox-1:0] b [0:Columns*Width-1];
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar k = 0; k < Width; k++) begin : g_number
      assign a[r*Width+k] = NumberBox'(a_i[r*WordBits + At + k*Box +: Box]);
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    for (genvar k = 0; k < Width; k++) begin : g_number
      assign b[c*Width+k] = NumberBox'(b_i[c*WordBits + At + k*Box +: Box]);
    end
  end
  logic unused_parts;
  assign unused_parts = ^{a_i, b_i};

  logic signed [SumBox-1:0] term [0:Lanes*Terms-1];
  logic signed [SumBox-1:0] word [0:Lanes-1];
  logic signed [AccBox-1:0]     sum [0:Lanes-1];
  logic [Lanes*32-1:0] sum_q;
  logic [Lanes*6-1:0] low_q;
  assign sum_o = sum_q;
  assign low_o = low_q;

  // verilator lint_off BLKSEQ
  // One block reads and writes the stage arrays, last stage first, so that plain loops over the lanes remain.
  always_ff @(posedge clk_i) begin : stages
    logic signed [SumBox-1:0] total;
    if (en_i) begin
      if (step_i[2]) begin
        for (int l = 0; l < Lanes; l++) begin
          sum[l] = (first_i ? AccBox'(0) : sum[l]) + (Signed ? AccBox'(word[l]) : AccBox'($unsigned(word[l])));
        end
        if (last_i) begin
          for (int l = 0; l < Lanes; l++) sum_q[l*32 +: 32] <= 32'(AccBox'((sum[l] + Half) >>> Round));
          for (int l = 0; l < Lanes; l++) low_q[l*6 +: 6] <= sum[l][5:0];
        end
      end
      if (step_i[1]) begin
        for (int l = 0; l < Lanes; l++) begin
          total = SumBox'(0);
          for (int j = 0; j < Terms; j++) total = total + term[l*Terms+j];
          word[l] = total;
        end
      end
      if (step_i[0]) begin
        for (int r = 0; r < Rows; r++) begin
          for (int c = 0; c < Columns; c++) begin
            for (int j = 0; j < Terms; j++) begin
              total = SumBox'(0);
              for (int i = 0; i < Width; i = i + Terms) begin
                total = total + SumBox'(a[r*Width+i+j]) * SumBox'(b[c*Width+i+j]);
              end
              term[(r*Columns+c)*Terms+j] = total;
            end
          end
        end
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
