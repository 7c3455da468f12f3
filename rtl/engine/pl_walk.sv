// pl_walk: counts through the detector reads of a tile: row groups, in them column groups, in them reads.
//
// start_i loads the first read of the tile described by the registers; advance_i steps to the next one. The
// sequencer, the noise and the accumulators each own a pl_walk and advance it as a read passes them, so that
// no coordinates travel down the pipeline.
`default_nettype none
module pl_walk #(
  parameter int Rows = 4,    // of the physical array
  parameter int Columns = 4
) (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                             start_i,
  input  logic                             advance_i,
  output logic [pl_pkg::RowBits-1:0]       row_o,        // absolute, of array row 0
  output logic [pl_pkg::ColBits-1:0]       col_o,        // absolute, of array column 0
  output logic [pl_pkg::SumBits-1:0]       sum_o,        // absolute
  output logic [pl_pkg::RowBits-1:0]       rows_left_o,  // rows from array row 0 to the end of the tile, >= 1
  output logic [pl_pkg::ColBits-1:0]       cols_left_o,
  output logic [pl_pkg::ChannelBits-1:0]   length_o,     // channels in this read, >= 1
  output logic                             first_read_o, // of the output
  output logic                             last_read_o,
  output logic                             last_cols_o,  // no column group follows in this row group
  output logic                             last_o        // last read of the tile
);
  localparam int RowBits = pl_pkg::RowBits;
  localparam int ColBits = pl_pkg::ColBits;
  localparam int SumBits = pl_pkg::SumBits;
  localparam int DepthBits = pl_pkg::DepthBits;
  localparam int ChannelBits = pl_pkg::ChannelBits;

  logic [RowBits-1:0] row0, rows, row_q, row_d, rows_left_q, rows_left_d;
  logic [ColBits-1:0] col0, cols, col_q, col_d, cols_left_q, cols_left_d;
  logic [SumBits-1:0] sum0, sum_q, sum_d;
  logic [DepthBits-1:0] depth, depth_left_q, depth_left_d;
  logic [ChannelBits-1:0] channels;
  logic last_rows;
  logic first_q, first_d;

  assign row0 = regs_i[pl_regs_pkg::RegRow0*32 +: RowBits];
  assign col0 = regs_i[pl_regs_pkg::RegCol0*32 +: ColBits];
  assign sum0 = regs_i[pl_regs_pkg::RegSum0*32 +: SumBits];
  assign rows = regs_i[pl_regs_pkg::RegRows*32 +: RowBits];
  assign cols = regs_i[pl_regs_pkg::RegCols*32 +: ColBits];
  assign depth = regs_i[pl_regs_pkg::RegDepth*32 +: DepthBits];
  assign channels = regs_i[pl_regs_pkg::RegChannels*32 +: ChannelBits];

  assign last_read_o = depth_left_q <= DepthBits'(channels);
  assign last_cols_o = cols_left_q <= ColBits'(Columns);
  assign last_rows = rows_left_q <= RowBits'(Rows);
  assign last_o = last_read_o & last_cols_o & last_rows;
  assign length_o = last_read_o ? depth_left_q[ChannelBits-1:0] : channels;

  always_comb begin
    row_d = row_q;
    col_d = col_q;
    sum_d = sum_q;
    rows_left_d = rows_left_q;
    cols_left_d = cols_left_q;
    depth_left_d = depth_left_q;
    first_d = first_q;
    if (start_i) begin
      row_d = row0;
      col_d = col0;
      sum_d = sum0;
      rows_left_d = rows;
      cols_left_d = cols;
      depth_left_d = depth;
      first_d = 1'b1;
    end else if (advance_i) begin
      first_d = last_read_o;
      if (!last_read_o) begin
        sum_d = sum_q + SumBits'(1);
        depth_left_d = depth_left_q - DepthBits'(channels);
      end else begin
        sum_d = sum0;
        depth_left_d = depth;
        if (!last_cols_o) begin
          col_d = col_q + ColBits'(Columns);
          cols_left_d = cols_left_q - ColBits'(Columns);
        end else begin
          col_d = col0;
          cols_left_d = cols;
          row_d = row_q + RowBits'(Rows);
          rows_left_d = rows_left_q - RowBits'(Rows);
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q <= '0;
      col_q <= '0;
      sum_q <= '0;
      rows_left_q <= '0;
      cols_left_q <= '0;
      depth_left_q <= '0;
      first_q <= 1'b0;
    end else begin
      row_q <= row_d;
      col_q <= col_d;
      sum_q <= sum_d;
      rows_left_q <= rows_left_d;
      cols_left_q <= cols_left_d;
      depth_left_q <= depth_left_d;
      first_q <= first_d;
    end
  end

  assign row_o = row_q;
  assign col_o = col_q;
  assign sum_o = sum_q;
  assign rows_left_o = rows_left_q;
  assign cols_left_o = cols_left_q;
  assign first_read_o = first_q;

  logic unused_regs;
  assign unused_regs = ^regs_i;
endmodule
`default_nettype wire
