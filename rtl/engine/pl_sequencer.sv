// pl_sequencer: issues the buffer words of a tile to the array, one per enabled clock, without gaps.
//
// start_i begins the tile in the registers. While issue_o is high, a_addr_o and b_addr_o are the words of this clock,
// first_o and last_o mark the first and last word of a detector read. Row groups are the outer loop, column
// groups the middle one, the words of the depth the inner one; words lie in the buffers in that order.
`default_nettype none
module pl_sequencer #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                start_i,
  output logic                                issue_o,
  output logic                                first_o,
  output logic                                last_o,
  output logic [pl_pkg::AddrBits-1:0]         a_addr_o,
  output logic [pl_pkg::AddrBits-1:0]         b_addr_o
);
  localparam int AddrBits = pl_pkg::AddrBits;
  localparam int ChannelBits = pl_pkg::ChannelBits;

  logic step, advance;
  logic [ChannelBits-1:0] length;
  logic last_read, last_cols, last_of_tile;
  logic running_q, running_d;
  logic [ChannelBits:0] issued_q, issued_d, reached;  // channels of this read before and after this word
  logic [AddrBits-1:0] a_addr_q, a_addr_d, b_addr_q, b_addr_d, a_base_q, a_base_d;

  logic [pl_pkg::RowBits-1:0] unused_row, unused_rows_left;
  logic [pl_pkg::ColBits-1:0] unused_col, unused_cols_left;
  logic [pl_pkg::SumBits-1:0] unused_sum;
  logic unused_first;
  pl_walk #(.Rows(Rows), .Columns(Columns)) u_walk (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs_i), .start_i(start_i), .advance_i(advance),
    .row_o(unused_row), .col_o(unused_col), .sum_o(unused_sum), .rows_left_o(unused_rows_left),
    .cols_left_o(unused_cols_left), .length_o(length), .first_read_o(unused_first), .last_read_o(last_read),
    .last_cols_o(last_cols), .last_o(last_of_tile)
  );

  logic [AddrBits-1:0] a_first, b_first;  // where the tile's operands begin
  assign a_first = regs_i[pl_regs_pkg::RegABase*32 +: AddrBits];
  assign b_first = regs_i[pl_regs_pkg::RegBBase*32 +: AddrBits];
  assign step = running_q & en_i;
  assign issue_o = running_q;
  assign first_o = issued_q == '0;
  assign reached = issued_q + (ChannelBits+1)'(Width);
  assign last_o = reached >= {1'b0, length};
  assign advance = step & last_o;
  assign a_addr_o = a_addr_q;
  assign b_addr_o = b_addr_q;

  always_comb begin
    running_d = running_q;
    issued_d = issued_q;
    a_addr_d = a_addr_q;
    b_addr_d = b_addr_q;
    a_base_d = a_base_q;
    if (start_i) begin
      running_d = 1'b1;
      issued_d = '0;
      a_addr_d = a_first;
      b_addr_d = b_first;
      a_base_d = a_first;
    end else if (step) begin
      issued_d = last_o ? '0 : reached;
      a_addr_d = a_addr_q + AddrBits'(1);
      b_addr_d = b_addr_q + AddrBits'(1);
      if (last_o && last_read) begin
        if (last_cols) begin
          a_base_d = a_addr_q + AddrBits'(1);
          b_addr_d = b_first;
        end else begin
          a_addr_d = a_base_q;
        end
      end
      if (last_o && last_of_tile) running_d = 1'b0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q <= 1'b0;
      issued_q <= '0;
      a_addr_q <= '0;
      b_addr_q <= '0;
      a_base_q <= '0;
    end else begin
      running_q <= running_d;
      issued_q <= issued_d;
      a_addr_q <= a_addr_d;
      b_addr_q <= b_addr_d;
      a_base_q <= a_base_d;
    end
  end

  logic unused_walk;
  assign unused_walk = ^{unused_row, unused_rows_left, unused_col, unused_cols_left, unused_sum, unused_first};
endmodule
`default_nettype wire
