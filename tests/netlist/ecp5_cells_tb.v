// ecp5_cells_tb: MULT18X18D and DP16KD of sim/netlist/ecp5_cells.v against plain Verilog, with random vectors (Icarus).
//
// Usage: vvp -n ecp5_cells_tb.vvp [+seed=N]     prints the seed and "N passed, N failed"; exit code 1 if one fails.
// Multiplier: every mix of signs, random and extreme operands, against the product of 64-bit numbers.
// Memory: every pair of port widths, every write mode, addresses in a few words so that the ports meet, against single
// bits. A port of W < 9 bits numbers the 16384 data bits of the 2048 groups of 9 (8 and one more), one of
// W >= 9 all 18432. What a port reads while the other writes there is not defined and not compared.
// The other cells are checked, with these two, by tests/netlist/sampler.v through the synthesis tool.
`timescale 1ns/1ps
`default_nettype none

module mult(input wire [17:0] a, b, input wire signed_a, signed_b, output wire [35:0] p);
  MULT18X18D dut(
    .A0(a[0]), .A1(a[1]), .A2(a[2]), .A3(a[3]), .A4(a[4]), .A5(a[5]), .A6(a[6]), .A7(a[7]), .A8(a[8]), .A9(a[9]),
    .A10(a[10]), .A11(a[11]), .A12(a[12]), .A13(a[13]), .A14(a[14]), .A15(a[15]), .A16(a[16]), .A17(a[17]),
    .B0(b[0]), .B1(b[1]), .B2(b[2]), .B3(b[3]), .B4(b[4]), .B5(b[5]), .B6(b[6]), .B7(b[7]), .B8(b[8]), .B9(b[9]),
    .B10(b[10]), .B11(b[11]), .B12(b[12]), .B13(b[13]), .B14(b[14]), .B15(b[15]), .B16(b[16]), .B17(b[17]),
    .SIGNEDA(signed_a), .SIGNEDB(signed_b), .SOURCEA(1'b0), .SOURCEB(1'b0), .P0(p[0]), .P1(p[1]), .P2(p[2]),
    .P3(p[3]), .P4(p[4]), .P5(p[5]), .P6(p[6]), .P7(p[7]), .P8(p[8]), .P9(p[9]), .P10(p[10]), .P11(p[11]),
    .P12(p[12]), .P13(p[13]), .P14(p[14]), .P15(p[15]), .P16(p[16]), .P17(p[17]), .P18(p[18]), .P19(p[19]),
    .P20(p[20]), .P21(p[21]), .P22(p[22]), .P23(p[23]), .P24(p[24]), .P25(p[25]), .P26(p[26]), .P27(p[27]),
    .P28(p[28]), .P29(p[29]), .P30(p[30]), .P31(p[31]), .P32(p[32]), .P33(p[33]), .P34(p[34]), .P35(p[35]));
endmodule

module ram_check #(parameter WIDTH_A = 18, WIDTH_B = 18, MODE_A = 0, MODE_B = 0) (
  input wire start,
  output reg done, ok
);
  localparam [127:0] NAME_A = MODE_A == 0 ? "NORMAL" : MODE_A == 1 ? "WRITETHROUGH" : "READBEFOREWRITE";
  localparam [127:0] NAME_B = MODE_B == 0 ? "NORMAL" : MODE_B == 1 ? "WRITETHROUGH" : "READBEFOREWRITE";
  // Start contents: a multiplicative sequence, 18 of every 20 bits used.
  function [319:0] init(input integer slice);
    integer k;
    reg [31:0] x;
    for (k = 0; k < 16; k = k + 1) begin
      x = (16 * slice + k + 1) * 32'h9E3779B1;
      init[20*k +: 20] = {2'b00, x[31:14]};
    end
  endfunction
  reg clk = 0;
  reg [35:0] dia = 0;
  reg [17:0] dib = 0;
  reg [13:0] ada = 0, adb = 0;
  reg cea = 0, ceb = 0, wea = 0, web = 0, rsta = 0, rstb = 0;
  wire [17:0] doa, dob;
  wire [17:0] dib_pins = WIDTH_A == 36 ? dia[35:18] : dib;
  DP16KD #(.DATA_WIDTH_A(WIDTH_A), .DATA_WIDTH_B(WIDTH_B),
    .WRITEMODE_A(MODE_A == 0 ? "NORMAL" : MODE_A == 1 ? "WRITETHROUGH" : "READBEFOREWRITE"),
    .WRITEMODE_B(MODE_B == 0 ? "NORMAL" : MODE_B == 1 ? "WRITETHROUGH" : "READBEFOREWRITE"),
    .INITVAL_00(init(0)), .INITVAL_01(init(1)), .INITVAL_02(init(2)), .INITVAL_03(init(3)), .INITVAL_04(init(4)),
    .INITVAL_05(init(5)), .INITVAL_06(init(6)), .INITVAL_07(init(7)), .INITVAL_08(init(8)), .INITVAL_09(init(9)),
    .INITVAL_0A(init(10)), .INITVAL_0B(init(11)), .INITVAL_0C(init(12)), .INITVAL_0D(init(13)),
    .INITVAL_0E(init(14)), .INITVAL_0F(init(15)), .INITVAL_10(init(16)), .INITVAL_11(init(17)),
    .INITVAL_12(init(18)), .INITVAL_13(init(19)), .INITVAL_14(init(20)), .INITVAL_15(init(21)),
    .INITVAL_16(init(22)), .INITVAL_17(init(23)), .INITVAL_18(init(24)), .INITVAL_19(init(25)),
    .INITVAL_1A(init(26)), .INITVAL_1B(init(27)), .INITVAL_1C(init(28)), .INITVAL_1D(init(29)),
    .INITVAL_1E(init(30)), .INITVAL_1F(init(31)), .INITVAL_20(init(32)), .INITVAL_21(init(33)),
    .INITVAL_22(init(34)), .INITVAL_23(init(35)), .INITVAL_24(init(36)), .INITVAL_25(init(37)),
    .INITVAL_26(init(38)), .INITVAL_27(init(39)), .INITVAL_28(init(40)), .INITVAL_29(init(41)),
    .INITVAL_2A(init(42)), .INITVAL_2B(init(43)), .INITVAL_2C(init(44)), .INITVAL_2D(init(45)),
    .INITVAL_2E(init(46)), .INITVAL_2F(init(47)), .INITVAL_30(init(48)), .INITVAL_31(init(49)),
    .INITVAL_32(init(50)), .INITVAL_33(init(51)), .INITVAL_34(init(52)), .INITVAL_35(init(53)),
    .INITVAL_36(init(54)), .INITVAL_37(init(55)), .INITVAL_38(init(56)), .INITVAL_39(init(57)),
    .INITVAL_3A(init(58)), .INITVAL_3B(init(59)), .INITVAL_3C(init(60)), .INITVAL_3D(init(61)),
    .INITVAL_3E(init(62)), .INITVAL_3F(init(63))) dut(
    .DIA0(dia[0]), .DIA1(dia[1]), .DIA2(dia[2]), .DIA3(dia[3]), .DIA4(dia[4]), .DIA5(dia[5]), .DIA6(dia[6]),
    .DIA7(dia[7]), .DIA8(dia[8]), .DIA9(dia[9]), .DIA10(dia[10]), .DIA11(dia[11]), .DIA12(dia[12]), .DIA13(dia[13]),
    .DIA14(dia[14]), .DIA15(dia[15]), .DIA16(dia[16]), .DIA17(dia[17]), .ADA0(ada[0]), .ADA1(ada[1]), .ADA2(ada[2]),
    .ADA3(ada[3]), .ADA4(ada[4]), .ADA5(ada[5]), .ADA6(ada[6]), .ADA7(ada[7]), .ADA8(ada[8]), .ADA9(ada[9]),
    .ADA10(ada[10]), .ADA11(ada[11]), .ADA12(ada[12]), .ADA13(ada[13]), .DOA0(doa[0]), .DOA1(doa[1]), .DOA2(doa[2]),
    .DOA3(doa[3]), .DOA4(doa[4]), .DOA5(doa[5]), .DOA6(doa[6]), .DOA7(doa[7]), .DOA8(doa[8]), .DOA9(doa[9]),
    .DOA10(doa[10]), .DOA11(doa[11]), .DOA12(doa[12]), .DOA13(doa[13]), .DOA14(doa[14]), .DOA15(doa[15]),
    .DOA16(doa[16]), .DOA17(doa[17]), .CLKA(clk), .CEA(cea), .OCEA(1'b1), .WEA(wea), .RSTA(rsta), .CSA0(1'b0),
    .CSA1(1'b0), .CSA2(1'b0), .DIB0(dib_pins[0]), .DIB1(dib_pins[1]), .DIB2(dib_pins[2]), .DIB3(dib_pins[3]),
    .DIB4(dib_pins[4]), .DIB5(dib_pins[5]), .DIB6(dib_pins[6]), .DIB7(dib_pins[7]), .DIB8(dib_pins[8]),
    .DIB9(dib_pins[9]), .DIB10(dib_pins[10]), .DIB11(dib_pins[11]), .DIB12(dib_pins[12]), .DIB13(dib_pins[13]),
    .DIB14(dib_pins[14]), .DIB15(dib_pins[15]), .DIB16(dib_pins[16]), .DIB17(dib_pins[17]), .ADB0(adb[0]),
    .ADB1(adb[1]), .ADB2(adb[2]), .ADB3(adb[3]), .ADB4(adb[4]), .ADB5(adb[5]), .ADB6(adb[6]), .ADB7(adb[7]),
    .ADB8(adb[8]), .ADB9(adb[9]), .ADB10(adb[10]), .ADB11(adb[11]), .ADB12(adb[12]), .ADB13(adb[13]), .DOB0(dob[0]),
    .DOB1(dob[1]), .DOB2(dob[2]), .DOB3(dob[3]), .DOB4(dob[4]), .DOB5(dob[5]), .DOB6(dob[6]), .DOB7(dob[7]),
    .DOB8(dob[8]), .DOB9(dob[9]), .DOB10(dob[10]), .DOB11(dob[11]), .DOB12(dob[12]), .DOB13(dob[13]),
    .DOB14(dob[14]), .DOB15(dob[15]), .DOB16(dob[16]), .DOB17(dob[17]), .CLKB(clk), .CEB(ceb), .OCEB(1'b1),
    .WEB(web), .RSTB(rstb), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0));

  reg bits [0:18431];
  // Bit i of the word that a port of this width sees at this address.
  function integer place(input integer width, input [13:0] address, input integer i);
    integer n;
    begin
      if (width < 9) begin
        n = address / width * width + i;
        place = n / 8 * 9 + n % 8;
      end else begin
        place = address * 18 / 16 / width * width + i;
      end
    end
  endfunction
  function integer touched(input integer width, input [13:0] address, input integer i);  // by a write
    touched = width < 18 || address >> (i / 9) & 1;
  endfunction
  reg [35:0] want_a, want_b, seen_a, seen_b;
  reg known_a, known_b, meet;
  integer i, k, n, cycle;
  initial begin
    done = 0;
    ok = 1;
    want_a = 0;
    want_b = 0;
    known_a = 1;
    known_b = 1;
    wait (start);
    for (k = 0; k < 1024; k = k + 1) begin
      i = (k + 1) * 32'h9E3779B1;
      for (n = 0; n < 18; n = n + 1) bits[18*k+n] = i >> (14 + n) & 1;
    end
    for (cycle = 0; cycle < 150 && ok; cycle = cycle + 1) begin
      dia = {$random(ecp5_cells_tb.seed), $random(ecp5_cells_tb.seed)};
      dib = $random(ecp5_cells_tb.seed);
      // A few words, at the start and the end of the memory.
      ada = $random(ecp5_cells_tb.seed) & 14'h007f | ($random(ecp5_cells_tb.seed) & 1 ? 14'h3f80 : 0);
      adb = $random(ecp5_cells_tb.seed) & 14'h007f | ($random(ecp5_cells_tb.seed) & 1 ? 14'h3f80 : 0);
      cea = $random(ecp5_cells_tb.seed) % 4 != 0;
      ceb = $random(ecp5_cells_tb.seed) % 4 != 0;
      wea = $random(ecp5_cells_tb.seed);
      web = $random(ecp5_cells_tb.seed);
      if (WIDTH_A == 36 || WIDTH_B == 36) web = 0;  // a port of 36 bits is one of a pair: A writes, B reads
      rsta = $random(ecp5_cells_tb.seed) % 16 == 0;
      rstb = $random(ecp5_cells_tb.seed) % 16 == 0;
      // Both ports at one bit with a write: undefined. Two writes: not done.
      meet = 0;
      for (i = 0; i < WIDTH_A; i = i + 1)
        for (k = 0; k < WIDTH_B; k = k + 1)
          if (place(WIDTH_A, ada, i) / 9 == place(WIDTH_B, adb, k) / 9) meet = 1;
      if (meet && wea && web) web = 0;
      // What each port shows after the edge.
      #1;
      if (rsta) {want_a, known_a} = {36'd0, 1'b1};
      else if (cea && !(wea && MODE_A == 0)) begin
        want_a = 0;
        known_a = !(meet && ceb && web);
        for (i = 0; i < WIDTH_A; i = i + 1)
          want_a[i] = MODE_A == 1 && wea && touched(WIDTH_A, ada, i) ? dia[i] : bits[place(WIDTH_A, ada, i)];
      end
      if (rstb) {want_b, known_b} = {36'd0, 1'b1};
      else if (ceb && !(web && MODE_B == 0)) begin
        want_b = 0;
        known_b = !(meet && cea && wea);
        for (i = 0; i < WIDTH_B; i = i + 1)
          want_b[i] = MODE_B == 1 && web && touched(WIDTH_B, adb, i) ? dib[i] : bits[place(WIDTH_B, adb, i)];
      end
      if (cea && wea && !rsta)
        for (i = 0; i < WIDTH_A; i = i + 1) if (touched(WIDTH_A, ada, i)) bits[place(WIDTH_A, ada, i)] = dia[i];
      if (ceb && web && !rstb)
        for (i = 0; i < WIDTH_B; i = i + 1) if (touched(WIDTH_B, adb, i)) bits[place(WIDTH_B, adb, i)] = dib[i];
      clk = 1;
      #1;
      clk = 0;
      #1;
      seen_a = WIDTH_A < 36 && WIDTH_B < 36 ? doa : want_a;
      seen_b = WIDTH_B < 36 ? dob : {dob, doa};
      if (known_a && seen_a !== want_a || known_b && seen_b !== want_b) begin
        ok = 0;
        $display("DP16KD %0d %0s, %0d %0s, clock %0d: A %h, want %h; B %h, want %h", WIDTH_A, NAME_A, WIDTH_B, NAME_B,
                 cycle, seen_a, want_a, seen_b, want_b);
      end
    end
    done = 1;
  end
endmodule

module ecp5_cells_tb;
  localparam PAIRS = 25, SIMPLE = 11;  // pairs of widths below 36, and with one or two of 36
  function integer width(input integer index);
    width = index == 0 ? 1 : index == 1 ? 2 : index == 2 ? 4 : index == 3 ? 9 : index == 4 ? 18 : 36;
  endfunction
  reg start = 0;
  wire [PAIRS*3+SIMPLE-1:0] done, ok;
  genvar g, m;
  generate
    for (g = 0; g < PAIRS; g = g + 1) begin : g_pair
      for (m = 0; m < 3; m = m + 1) begin : g_mode
        ram_check #(.WIDTH_A(width(g / 5)), .WIDTH_B(width(g % 5)), .MODE_A(m), .MODE_B((m + g) % 3))
          check(.start(start), .done(done[3*g+m]), .ok(ok[3*g+m]));
      end
    end
    for (g = 0; g < SIMPLE; g = g + 1) begin : g_simple
      ram_check #(.WIDTH_A(g < 6 ? 36 : width(g - 6)), .WIDTH_B(g < 6 ? width(g) : 36))
        check(.start(start), .done(done[3*PAIRS+g]), .ok(ok[3*PAIRS+g]));
    end
  endgenerate

  reg [17:0] a, b;
  reg signed_a, signed_b;
  wire [35:0] p;
  mult u_mult(.a(a), .b(b), .signed_a(signed_a), .signed_b(signed_b), .p(p));
  function [17:0] operand(input integer draw);
    case (draw % 8)
      0: operand = 18'h20000;
      1: operand = 18'h1ffff;
      2: operand = 18'h3ffff;
      3: operand = 0;
      default: operand = $random(ecp5_cells_tb.seed);
    endcase
  endfunction
  reg signed [63:0] x, y, want;
  integer seed, i, passed, failed, bad;
  initial begin
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    $display("seed %0d", seed);
    passed = 0;
    failed = 0;
    bad = 0;
    for (i = 0; i < 4000; i = i + 1) begin
      a = operand($random(ecp5_cells_tb.seed) & 32'h7fffffff);
      b = operand($random(ecp5_cells_tb.seed) & 32'h7fffffff);
      {signed_a, signed_b} = $random(ecp5_cells_tb.seed);
      #1;
      if (signed_a) x = {{46{a[17]}}, a}; else x = {46'd0, a};
      if (signed_b) y = {{46{b[17]}}, b}; else y = {46'd0, b};
      want = x * y;
      if (p !== want[35:0]) begin
        if (bad == 0) $display("MULT18X18D %h (%b) * %h (%b): %h, want %h", a, signed_a, b, signed_b, p, want[35:0]);
        bad = bad + 1;
      end
    end
    if (bad == 0) passed = passed + 1; else failed = failed + 1;
    start = 1;
    wait (&done);
    for (i = 0; i < 3*PAIRS+SIMPLE; i = i + 1) if (ok[i]) passed = passed + 1; else failed = failed + 1;
    $display("%0d passed, %0d failed", passed, failed);
    if (failed != 0) $fatal(0, "ecp5_cells differ");
    $finish(0);
  end
endmodule
