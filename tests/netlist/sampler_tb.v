// sampler_tb: the source tests/netlist/sampler.v against the netlist made of it (module sampler_netlist), in Icarus.
//
// Usage: vvp -n sampler_tb.vvp [+seed=N] [+clocks=N]     prints the seed and "N passed, N failed"; exit code 1 if it fails
// Random inputs with many extreme operands; every output is compared at every clock once it is defined. No memory word
// is read in the clock in which it is written: the RTL of the project does not depend on that.
`timescale 1ns/1ps
`default_nettype none
module sampler_tb;
  reg clk = 0, rst_n = 0, en = 0, we = 0;
  reg [7:0] addr = 0, waddr = 1;
  reg [31:0] a = 0, b = 0;
  localparam BITS = 4*32 + 2*64 + 36 + 3 + 36 + 36 + 9 + 16 + 26 + 32;
  wire [BITS-1:0] want, got;
  sampler source(clk, rst_n, en, we, addr, waddr, a, b,
    want[31:0], want[63:32], want[95:64], want[127:96], want[191:128], want[255:192], want[291:256],
    want[292], want[293], want[294], want[330:295], want[366:331], want[375:367], want[391:376], want[417:392],
    want[449:418]);
  sampler_netlist netlist(clk, rst_n, en, we, addr, waddr, a, b,
    got[31:0], got[63:32], got[95:64], got[127:96], got[191:128], got[255:192], got[291:256],
    got[292], got[293], got[294], got[330:295], got[366:331], got[375:367], got[391:376], got[417:392],
    got[449:418]);
  integer seed, clocks, i, bad;
  function [31:0] operand(input integer draw);
    case (draw & 7)
      0: operand = 32'h80000000;
      1: operand = 32'hffffffff;
      2: operand = 32'h7fffffff;
      3: operand = 32'h10001000;
      4: operand = $random(seed) & 32'hffff;
      default: operand = $random(seed);
    endcase
  endfunction
  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("clocks=%d", clocks)) clocks = 300;
    $display("seed %0d", seed);
    bad = 0;
    for (i = 0; i < clocks && bad < 5; i = i + 1) begin
      a = operand($random(seed));
      b = operand($random(seed));
      en = i < 40 || $random(seed);
      we = $random(seed);
      addr = $random(seed);
      waddr = $random(seed);
      if (waddr == addr) waddr = addr + 1;
      rst_n = i > 3 && $random(seed) % 16 != 0;
      #1 clk = 1;
      #1 clk = 0;
      if (i > 40 && got !== want) begin
        bad = bad + 1;
        $display("clock %0d: differing bits %h", i, got ^ want);
      end
    end
    $display("%0d passed, %0d failed", bad == 0, bad != 0);
    if (bad != 0) $fatal(0, "the netlist differs from its source");
    $finish(0);
  end
endmodule
`default_nettype wire
