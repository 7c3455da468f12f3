// pl_accumulator: adds the ADC codes of an output's detector reads, int32 (signal-chain.md stage 10; rns stage 9), and
// counts reads, clipped reads and those that residue cores lose or repair.
//
// A read's codes arrive group by group of Rows x Columns lanes (pl_groups) with valid_i; first_i marks the first
// read of the outputs, last_i the last group of the last one. After that result_valid_o is high with the sums of all
// groups until result_ready_i; until then the caller keeps en_i low. Lanes outside the tile (row_valid_i,
// col_valid_i) are computed but not counted. Shifted: codes are multiplied by 2^shift_i first.
`default_nettype none
module pl_accumulator #(
  parameter int Rows = 4,      // of a group
  parameter int Columns = 4,
  parameter int Groups = 1,    // of the array
  parameter bit Shifted = 1'b0,
  localparam int Lanes = Rows * Columns,
  localparam int ShiftBits = pl_pkg::ShiftBits
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       en_i,
  input  logic                       clear_counters_i,
  input  logic                       valid_i,
  input  logic [11:0]                group_i,
  input  logic                       first_i,
  input  logic                       last_i,
  input  logic [Rows-1:0]            row_valid_i,
  input  logic [Columns-1:0]         col_valid_i,
  input  logic [Lanes*32-1:0]        code_i,
  input  logic [Lanes*ShiftBits-1:0] shift_i,
  input  logic [Lanes-1:0]           clipped_i,
  input  logic [Lanes-1:0]           detected_i,
  input  logic [Lanes-1:0]           corrected_i,
  output logic                       result_valid_o,
  input  logic                       result_ready_i,
  output logic [Groups*Lanes*32-1:0] result_o,
  output logic [47:0]                reads_o,
  output logic [47:0]                clipped_o,
  output logic [47:0]                detected_o,
  output logic [47:0]                corrected_o
);
  logic signed [31:0] code [0:Lanes-1];
  logic signed [31:0] sum [0:Groups*Lanes-1];
  logic [Lanes-1:0] lane_valid;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar c = 0; c < Columns; c++) begin : g_column
      localparam int Lane = r * Columns + c;
      assign lane_valid[Lane] = row_valid_i[r] & col_valid_i[c];
      if (Shifted) begin : g_shift
        assign code[Lane] = code_i[Lane*32 +: 32] << shift_i[Lane*ShiftBits +: ShiftBits];
      end else begin : g_code
        assign code[Lane] = code_i[Lane*32 +: 32];
      end
    end
  end
  for (genvar g = 0; g < Groups * Lanes; g++) begin : g_result
    assign result_o[g*32 +: 32] = sum[g];
  end
  logic unused_inputs;
  assign unused_inputs = ^{group_i, shift_i};

  // verilator lint_off BLKSEQ
  if (Groups == 1) begin : g_whole
    always_ff @(posedge clk_i) begin  // sole reader and writer of sum
      if (en_i && valid_i) begin
        for (int l = 0; l < Lanes; l++) sum[l] = (first_i ? 32'sd0 : sum[l]) + code[l];
      end
    end
  end else begin : g_groups
    always_ff @(posedge clk_i) begin
      if (en_i && valid_i) begin
        for (int l = 0; l < Lanes; l++) begin
          sum[32'(group_i)*Lanes + l] = (first_i ? 32'sd0 : sum[32'(group_i)*Lanes + l]) + code[l];
        end
      end
    end
  end
  // verilator lint_on BLKSEQ

  logic result_valid_q, result_valid_d;
  always_comb begin
    result_valid_d = result_valid_q;
    if (result_valid_q && result_ready_i) result_valid_d = 1'b0;
    if (en_i && valid_i && last_i) result_valid_d = 1'b1;
  end

  logic [47:0] reads_q, reads_d, clipped_q, clipped_d, detected_q, detected_d, corrected_q, corrected_d;
  logic [15:0] reads_now, clipped_now, detected_now, corrected_now;
  always_comb begin
    reads_now = 16'($countones(row_valid_i)) * 16'($countones(col_valid_i));
    clipped_now = 16'($countones(lane_valid & clipped_i));
    detected_now = 16'($countones(lane_valid & detected_i));
    corrected_now = 16'($countones(lane_valid & corrected_i));
    reads_d = reads_q;
    clipped_d = clipped_q;
    detected_d = detected_q;
    corrected_d = corrected_q;
    if (en_i && valid_i) begin
      reads_d = reads_q + 48'(reads_now);
      clipped_d = clipped_q + 48'(clipped_now);
      detected_d = detected_q + 48'(detected_now);
      corrected_d = corrected_q + 48'(corrected_now);
    end
    if (clear_counters_i) begin
      reads_d = '0;
      clipped_d = '0;
      detected_d = '0;
      corrected_d = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      result_valid_q <= 1'b0;
      reads_q <= '0;
      clipped_q <= '0;
      detected_q <= '0;
      corrected_q <= '0;
    end else begin
      result_valid_q <= result_valid_d;
      reads_q <= reads_d;
      clipped_q <= clipped_d;
      detected_q <= detected_d;
      corrected_q <= corrected_d;
    end
  end
  assign result_valid_o = result_valid_q;
  assign reads_o = reads_q;
  assign clipped_o = clipped_q;
  assign detected_o = detected_q;
  assign corrected_o = corrected_q;
endmodule
`default_nettype wire
