// pl_delay: delays a word by Clocks enabled clocks. A ring in memory, so that a long delay costs no shifting:
// in simulation one word is moved per clock, in an FPGA a RAM serves in place of Clocks registers.
`default_nettype none
module pl_delay #(
  parameter int Bits = 32,
  parameter int Clocks = 4  // 2..128
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            en_i,
  input  logic [Bits-1:0] data_i,
  output logic [Bits-1:0] data_o
);
  localparam int Addr = $clog2(Clocks);

  if (Clocks < 2 || Clocks > 128) begin : g_bad_clocks
    $error("pl_delay: Clocks must be 2 to 128");
  end

  // The word read is the one written Clocks - 1 writes ago: the next to be overwritten.
  logic [Bits-1:0] ring [0:(1<<Addr)-1];
  logic [Bits-1:0] data_q;
  logic [Addr-1:0] write_q, write_d;
  assign write_d = write_q == Addr'(Clocks - 1) ? '0 : write_q + Addr'(1);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_q <= '0;
    else if (en_i) write_q <= write_d;
  end
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of ring: a blocking write saves the simulator a copy
    if (en_i) begin
      data_q <= ring[write_d];
      ring[write_q] = data_i;
    end
  end
  // verilator lint_on BLKSEQ
  assign data_o = data_q;
endmodule
`default_nettype wire
