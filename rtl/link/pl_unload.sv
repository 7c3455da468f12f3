// pl_unload: gives the results of a tile one by one: of each word of pl_core only the rows and columns that the tile has.
//
// Watches the register writes for the size of the tile. start_i begins a tile; then words are taken from word_* and results
// given on result_*, both valid/ready, in the order of pl_core: row by row in a word. A word stays with the core, which
// waits, until the clock after the one that reads its last result: word_ready_o is a register, for it enables the whole core,
// and no result is read at an edge at which the word changes. idle_o: no result is left here.
`default_nettype none
module pl_unload #(
  parameter int Rows = 4,     // 1..64
  parameter int Columns = 4,  // 1..64
  localparam int Lanes = Rows * Columns
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                reg_we_i,
  input  logic [8:0]          reg_addr_i,
  input  logic [31:0]         reg_wdata_i,
  input  logic                start_i,
  input  logic                word_valid_i,
  output logic                word_ready_o,
  input  logic [Lanes*32-1:0] word_i,
  output logic                idle_o,
  output logic                result_valid_o,
  input  logic                result_ready_i,
  output logic [31:0]         result_o
);
  localparam int RowBits = pl_pkg::RowBits;
  localparam int ColBits = pl_pkg::ColBits;

  logic [RowBits-1:0] rows_q, rows_d, rows_left_q, rows_left_d;  // left: from the word's row 0 on
  logic [ColBits-1:0] cols_q, cols_d, cols_left_q, cols_left_d;
  logic [6:0] row_q, row_d, column_q, column_d;
  logic [11:0] lane_q, lane_d, line_q, line_d;  // line: lane of the row's column 0
  logic unused_wdata;
  assign unused_wdata = ^reg_wdata_i;
  logic ready_q, ready_d, valid_q, valid_d, take, last_column, last_row;
  logic [31:0] result_q;

  assign last_column = column_q == 7'(Columns - 1) || ColBits'(column_q) + ColBits'(1) == cols_left_q;
  assign last_row = row_q == 7'(Rows - 1) || RowBits'(row_q) + RowBits'(1) == rows_left_q;
  assign take = word_valid_i & ~ready_q & (~valid_q | result_ready_i);
  assign ready_d = take & last_column & last_row;
  assign word_ready_o = ready_q;
  assign idle_o = ~valid_q;

  always_comb begin
    rows_d = rows_q;
    cols_d = cols_q;
    if (reg_we_i && reg_addr_i == 9'(pl_regs_pkg::RegRows)) rows_d = reg_wdata_i[RowBits-1:0];
    if (reg_we_i && reg_addr_i == 9'(pl_regs_pkg::RegCols)) cols_d = reg_wdata_i[ColBits-1:0];
    rows_left_d = rows_left_q;
    cols_left_d = cols_left_q;
    row_d = row_q;
    column_d = column_q;
    lane_d = lane_q;
    line_d = line_q;
    valid_d = take | (valid_q & ~result_ready_i);
    if (start_i) begin
      rows_left_d = rows_q;
      cols_left_d = cols_q;
      row_d = 7'd0;
      column_d = 7'd0;
      lane_d = 12'd0;
      line_d = 12'd0;
    end else if (take) begin
      column_d = column_q + 7'd1;
      lane_d = lane_q + 12'd1;
      if (last_column) begin
        column_d = 7'd0;
        row_d = row_q + 7'd1;
        line_d = line_q + 12'(Columns);
        lane_d = line_d;
        if (last_row) begin
          row_d = 7'd0;
          line_d = 12'd0;
          lane_d = 12'd0;
          cols_left_d = cols_left_q - ColBits'(Columns);
          if (cols_left_q <= ColBits'(Columns)) begin
            cols_left_d = cols_q;
            rows_left_d = rows_left_q - RowBits'(Rows);
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rows_q <= RowBits'(pl_regs_pkg::reset_value(pl_regs_pkg::RegRows));
      cols_q <= ColBits'(pl_regs_pkg::reset_value(pl_regs_pkg::RegCols));
      ready_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      rows_q <= rows_d;
      cols_q <= cols_d;
      ready_q <= ready_d;
      valid_q <= valid_d;
    end
  end
  always_ff @(posedge clk_i) begin
    rows_left_q <= rows_left_d;
    cols_left_q <= cols_left_d;
    row_q <= row_d;
    column_q <= column_d;
    lane_q <= lane_d;
    line_q <= line_d;
    if (take) result_q <= word_i[32'(lane_q)*32 +: 32];
  end
  assign result_valid_o = valid_q;
  assign result_o = result_q;
endmodule
`default_nettype wire
