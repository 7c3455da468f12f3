// pl_groups: counts through the groups of lanes that share the back end: the parts of one detector read, in lane order.
//
// A group is BackLanes neighbouring lanes: a part of an array row, or whole rows. advance_i steps; after the last group
// comes the first. As with pl_walk, both ends of the back end own one, so that no index travels down the pipeline.
`default_nettype none
module pl_groups #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int BackLanes = 16  // divides Rows * Columns; divides Columns or is a multiple of it
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        advance_i,
  output logic [11:0] group_o,   // 0..Rows*Columns/BackLanes - 1
  output logic [5:0]  row_o,     // array row and column of the group's lane 0
  output logic [5:0]  column_o,
  output logic        last_o
);
  localparam int Groups = Rows * Columns / BackLanes;
  localparam int RowStep = BackLanes >= Columns ? BackLanes / Columns : 1;
  localparam int ColumnStep = BackLanes >= Columns ? 0 : BackLanes;

  if (Groups == 1) begin : g_whole
    assign group_o = '0;
    assign row_o = '0;
    assign column_o = '0;
    assign last_o = 1'b1;
    logic unused_inputs;
    assign unused_inputs = ^{clk_i, rst_ni, advance_i};
  end else begin : g_groups
    logic [11:0] group_q, group_d;
    logic [5:0] row_q, row_d, column_q, column_d;
    logic last_of_row;
    assign last_o = group_q == 12'(Groups - 1);
    assign last_of_row = ColumnStep == 0 || column_q == 6'(Columns - ColumnStep);
    always_comb begin
      group_d = group_q;
      row_d = row_q;
      column_d = column_q;
      if (advance_i) begin
        group_d = last_o ? '0 : group_q + 12'd1;
        column_d = last_of_row ? '0 : column_q + 6'(ColumnStep);
        row_d = last_o ? '0 : last_of_row ? row_q + 6'(RowStep) : row_q;
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        group_q <= '0;
        row_q <= '0;
        column_q <= '0;
      end else begin
        group_q <= group_d;
        row_q <= row_d;
        column_q <= column_d;
      end
    end
    assign group_o = group_q;
    assign row_o = row_q;
    assign column_o = column_q;
  end
endmodule
`default_nettype wire
