// f_sequencer: pl_sequencer with its pl_walk cannot deadlock and ends every tile, whatever its size: while it runs it always
// offers a word, and each word taken brings (rows left, columns left, depth left, channels left of the read) down in
// lexicographic order, never below its last value. Also: words never lie before the operand's first, and b_addr returns to it.
// All registers are free, but in their ranges. Induction.
`default_nettype none
module f_sequencer (
  input wire clk,
  input wire en,
  input wire start
);
  localparam int Words = pl_regs_pkg::RegWords;
  reg rst_n = 1'b0;
  always @(posedge clk) rst_n <= 1'b1;

  (* anyconst *) wire [Words*32-1:0] regs;
  wire [23:0] rows = regs[pl_regs_pkg::RegRows*32 +: 24];
  wire [19:0] cols = regs[pl_regs_pkg::RegCols*32 +: 20];
  wire [16:0] depth = regs[pl_regs_pkg::RegDepth*32 +: 17];
  wire [12:0] channels = regs[pl_regs_pkg::RegChannels*32 +: 13];
  always @* begin
    assume (rows != 24'd0);
    assume (cols != 20'd0);
    assume (depth != 17'd0 && depth <= 17'd65536);
    assume (channels != 13'd0 && channels <= 13'd4096);
  end

  wire issue, first, last;
  wire [15:0] a_addr, b_addr;
  pl_sequencer #(.Rows(3), .Columns(2), .Width(4)) dut (
    .clk_i(clk), .rst_ni(rst_n), .en_i(en), .regs_i(regs), .start_i(start && !issue), .issue_o(issue), .first_o(first),
    .last_o(last), .a_addr_o(a_addr), .b_addr_o(b_addr)
  );
  (* hierconn *) wire [23:0] \dut.u_walk.rows_left_q ;
  (* hierconn *) wire [19:0] \dut.u_walk.cols_left_q ;
  (* hierconn *) wire [16:0] \dut.u_walk.depth_left_q ;
  (* hierconn *) wire [13:0] \dut.issued_q ;
  wire [23:0] rows_left = \dut.u_walk.rows_left_q ;
  wire [19:0] cols_left = \dut.u_walk.cols_left_q ;
  wire [16:0] depth_left = \dut.u_walk.depth_left_q ;
  wire [13:0] issued = \dut.issued_q ;
  wire [16:0] length = depth_left <= channels ? depth_left : channels;  // of the read
  wire [13:0] words_left = length[13:0] - issued;
  wire [74:0] measure = {rows_left, cols_left, depth_left, words_left};

  reg [74:0] measure_before;
  reg stepped = 1'b0, ran = 1'b0;
  always @(posedge clk) begin
    measure_before <= measure;
    stepped <= rst_n && issue && en;
    ran <= rst_n && issue;
  end
  always @(posedge clk) if (rst_n) begin
    if (issue) begin
      assert (rows_left != 24'd0 && rows_left <= rows);
      assert (cols_left != 20'd0 && cols_left <= cols);
      assert (depth_left != 17'd0 && depth_left <= depth);
      assert ({3'd0, issued} < length);
      if (stepped) assert (measure < measure_before);
      if (ran && !stepped) assert (measure == measure_before);
    end
    if (ran && !stepped) assert (issue);  // it ends only by a step
  end
endmodule
`default_nettype wire
