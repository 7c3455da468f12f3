// ecp5_cells: simulation models of the ECP5 cells that Yosys's synth_ecp5 puts into a netlist.
//
// Written from the vendor's documents (ECP5 family data sheet, memory and sysDSP usage guides), for simulation without
// delays in Verilator and Icarus. What synth_ecp5 never makes use of is refused when a cell is elaborated
// (UNSUPPORTED_...), not simulated wrongly. Flip-flops and memories start as the configuration sets them.
//   LUT4 PFUMX L6MUX21 CCU2C INV        logic
//   TRELLIS_FF                          flip-flop with enable, synchronous or asynchronous set or reset
//   TRELLIS_DPR16X4                     16 x 4 LUT RAM, clocked write, asynchronous read
//   MULT18X18D                          18 x 18 multiplier, registers not used
//   DP16KD                              18 Kbit block RAM: two ports of 1 to 18 bits, or one that writes and one that
//                                       reads, of 1 to 36 bits
// Checked by tests/netlist/ecp5_cells_tb.v against plain Verilog (make check-netlist).
`default_nettype none
`timescale 1ns/1ps

module LUT4(input wire A, B, C, D, output wire Z);
  parameter [15:0] INIT = 0;
  assign Z = INIT[{D, C, B, A}];
endmodule

module PFUMX(input wire ALUT, BLUT, C0, output wire Z);
  assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21(input wire D0, D1, SD, output wire Z);
  assign Z = SD ? D1 : D0;
endmodule

module INV(input wire A, output wire Z);
  assign Z = ~A;
endmodule

// Two bits of a carry chain. Each has a LUT4 of its four inputs (propagate) and the LUT2 of its first two, which is the
// low quarter of the same table (generate, where propagate is 0). INJECT1 = YES cuts the carry off that bit's sum and
// its generate term.
module CCU2C(input wire CIN, A0, B0, C0, D0, A1, B1, C1, D1, output wire S0, S1, COUT);
  parameter [15:0] INIT0 = 0;
  parameter [15:0] INIT1 = 0;
  parameter INJECT1_0 = "YES";
  parameter INJECT1_1 = "YES";
  localparam CHAIN0 = INJECT1_0 != "YES";
  localparam CHAIN1 = INJECT1_1 != "YES";
  wire propagate0 = INIT0[{D0, C0, B0, A0}];
  wire propagate1 = INIT1[{D1, C1, B1, A1}];
  wire carry1 = propagate0 ? CIN : CHAIN0 & INIT0[{2'b00, B0, A0}];
  assign S0 = propagate0 ^ (CHAIN0 & CIN);
  assign S1 = propagate1 ^ (CHAIN1 & carry1);
  assign COUT = propagate1 ? carry1 : CHAIN1 & INIT1[{2'b00, B1, A1}];
endmodule

// LSR wins over CE, as in SRMODE "LSR_OVER_CE". M, the other data input, is not used by the tools.
module TRELLIS_FF(input wire CLK, LSR, CE, DI, M, output reg Q);
  parameter GSR = "ENABLED";
  parameter [127:0] CEMUX = "1";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter SRMODE = "LSR_OVER_CE";
  parameter REGSET = "RESET";
  parameter [127:0] LSRMODE = "LSR";
  localparam VALUE = REGSET == "SET";
  wire clk = CLKMUX == "INV" ? ~CLK : CLK;
  wire lsr = LSRMUX == "INV" ? ~LSR : LSR;
  wire ce = CEMUX == "1" ? 1'b1 : CEMUX == "0" ? 1'b0 : CEMUX == "INV" ? ~CE : CE;
  initial Q = VALUE;
  generate
    if (LSRMODE != "LSR") begin : g_prld
      UNSUPPORTED_LSRMODE unsupported();
    end
    if (SRMODE == "ASYNC") begin : g_async
      always @(posedge clk or posedge lsr) if (lsr) Q <= VALUE; else if (ce) Q <= DI;
    end else begin : g_sync
      always @(posedge clk) if (lsr) Q <= VALUE; else if (ce) Q <= DI;
    end
  endgenerate
endmodule

module TRELLIS_DPR16X4(
  input wire [3:0] DI, WAD, RAD,
  input wire WRE, WCK,
  output wire [3:0] DO
);
  parameter WCKMUX = "WCK";
  parameter WREMUX = "WRE";
  parameter [63:0] INITVAL = 0;
  reg [3:0] mem [0:15];
  wire clk = WCKMUX == "INV" ? ~WCK : WCK;
  wire we = WREMUX == "1" ? 1'b1 : WREMUX == "0" ? 1'b0 : WREMUX == "INV" ? ~WRE : WRE;
  integer i;
  initial for (i = 0; i < 16; i = i + 1) mem[i] = INITVAL[4*i +: 4];
  always @(posedge clk) if (we) mem[WAD] <= DI;
  assign DO = mem[RAD];
endmodule

// P = A * B, each operand signed or not. Registers, pre-adder (C) and the shift chains are not modelled.
module MULT18X18D(
  input wire A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
  input wire B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
  input wire C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17,
  input wire SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3,
  input wire SRIA0, SRIA1, SRIA2, SRIA3, SRIA4, SRIA5, SRIA6, SRIA7, SRIA8, SRIA9, SRIA10, SRIA11, SRIA12, SRIA13,
  SRIA14, SRIA15, SRIA16, SRIA17,
  input wire SRIB0, SRIB1, SRIB2, SRIB3, SRIB4, SRIB5, SRIB6, SRIB7, SRIB8, SRIB9, SRIB10, SRIB11, SRIB12, SRIB13,
  SRIB14, SRIB15, SRIB16, SRIB17,
  output wire SROA0, SROA1, SROA2, SROA3, SROA4, SROA5, SROA6, SROA7, SROA8, SROA9, SROA10, SROA11, SROA12, SROA13,
  SROA14, SROA15, SROA16, SROA17,
  output wire SROB0, SROB1, SROB2, SROB3, SROB4, SROB5, SROB6, SROB7, SROB8, SROB9, SROB10, SROB11, SROB12, SROB13,
  SROB14, SROB15, SROB16, SROB17,
  output wire ROA0, ROA1, ROA2, ROA3, ROA4, ROA5, ROA6, ROA7, ROA8, ROA9, ROA10, ROA11, ROA12, ROA13, ROA14, ROA15,
  ROA16, ROA17,
  output wire ROB0, ROB1, ROB2, ROB3, ROB4, ROB5, ROB6, ROB7, ROB8, ROB9, ROB10, ROB11, ROB12, ROB13, ROB14, ROB15,
  ROB16, ROB17,
  output wire ROC0, ROC1, ROC2, ROC3, ROC4, ROC5, ROC6, ROC7, ROC8, ROC9, ROC10, ROC11, ROC12, ROC13, ROC14, ROC15,
  ROC16, ROC17,
  output wire P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21, P22,
  P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35,
  output wire SIGNEDP
);
  parameter REG_INPUTA_CLK = "NONE";
  parameter REG_INPUTA_CE = "CE0";
  parameter REG_INPUTA_RST = "RST0";
  parameter REG_INPUTB_CLK = "NONE";
  parameter REG_INPUTB_CE = "CE0";
  parameter REG_INPUTB_RST = "RST0";
  parameter REG_INPUTC_CLK = "NONE";
  parameter REG_INPUTC_CE = "CE0";
  parameter REG_INPUTC_RST = "RST0";
  parameter REG_PIPELINE_CLK = "NONE";
  parameter REG_PIPELINE_CE = "CE0";
  parameter REG_PIPELINE_RST = "RST0";
  parameter REG_OUTPUT_CLK = "NONE";
  parameter REG_OUTPUT_CE = "CE0";
  parameter REG_OUTPUT_RST = "RST0";
  parameter [127:0] CLK0_DIV = "ENABLED";
  parameter [127:0] CLK1_DIV = "ENABLED";
  parameter [127:0] CLK2_DIV = "ENABLED";
  parameter [127:0] CLK3_DIV = "ENABLED";
  parameter HIGHSPEED_CLK = "NONE";
  parameter [127:0] GSR = "ENABLED";
  parameter CAS_MATCH_REG = "FALSE";
  parameter [127:0] SOURCEB_MODE = "B_SHIFT";
  parameter [127:0] MULT_BYPASS = "DISABLED";
  parameter [127:0] RESETMODE = "SYNC";
  generate
    if (REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_INPUTC_CLK != "NONE" ||
        REG_PIPELINE_CLK != "NONE" || REG_OUTPUT_CLK != "NONE" || MULT_BYPASS != "DISABLED") begin : g_registers
      UNSUPPORTED_MULTIPLIER_MODE unsupported();
    end
  endgenerate
  wire [17:0] a =
    {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b =
    {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire signed [36:0] product = $signed({SIGNEDA & a[17], a}) * $signed({SIGNEDB & b[17], b});
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
          P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product[35:0];
  assign SIGNEDP = SIGNEDA | SIGNEDB;
endmodule

// 1024 words of 18 bits, two groups of 9 each (8 data bits and one more). A port of 1, 2 or 4 bits sees only the 8 data
// bits of each group; one of 9, 18 or 36 bits a group, a word or two words. An address counts data bits: its low bits
// within the port's width are not used, but as byte enables of a write of 18 (ADx1:0) or 36 bits (ADx3:0).
// A port of 36 bits writes through DIB (high word) and DIA, reads through DOB and DOA.
// A read of what the other port writes in the same clock is not defined in the device: here it gives the complement of
// the old word, which no netlist that relies on it survives.
module DP16KD(
  input wire DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15,
  DIA16, DIA17,
  input wire ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
  input wire CEA, OCEA, CLKA, WEA, RSTA, CSA0, CSA1, CSA2,
  output wire DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13, DOA14, DOA15,
  DOA16, DOA17,
  input wire DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15,
  DIB16, DIB17,
  input wire ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
  input wire CEB, OCEB, CLKB, WEB, RSTB, CSB0, CSB1, CSB2,
  output wire DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15,
  DOB16, DOB17
);
  parameter DATA_WIDTH_A = 18;
  parameter REGMODE_A = "NOREG";
  parameter CSDECODE_A = "0b000";
  parameter WRITEMODE_A = "NORMAL";
  parameter CLKAMUX = "CLKA";
  parameter DATA_WIDTH_B = 18;
  parameter REGMODE_B = "NOREG";
  parameter CSDECODE_B = "0b000";
  parameter WRITEMODE_B = "NORMAL";
  parameter CLKBMUX = "CLKB";
  parameter RESETMODE = "SYNC";
  parameter ASYNC_RESET_RELEASE = "SYNC";
  parameter GSR = "AUTO";
  parameter [319:0] INITVAL_00 = 0;
  parameter [319:0] INITVAL_01 = 0;
  parameter [319:0] INITVAL_02 = 0;
  parameter [319:0] INITVAL_03 = 0;
  parameter [319:0] INITVAL_04 = 0;
  parameter [319:0] INITVAL_05 = 0;
  parameter [319:0] INITVAL_06 = 0;
  parameter [319:0] INITVAL_07 = 0;
  parameter [319:0] INITVAL_08 = 0;
  parameter [319:0] INITVAL_09 = 0;
  parameter [319:0] INITVAL_0A = 0;
  parameter [319:0] INITVAL_0B = 0;
  parameter [319:0] INITVAL_0C = 0;
  parameter [319:0] INITVAL_0D = 0;
  parameter [319:0] INITVAL_0E = 0;
  parameter [319:0] INITVAL_0F = 0;
  parameter [319:0] INITVAL_10 = 0;
  parameter [319:0] INITVAL_11 = 0;
  parameter [319:0] INITVAL_12 = 0;
  parameter [319:0] INITVAL_13 = 0;
  parameter [319:0] INITVAL_14 = 0;
  parameter [319:0] INITVAL_15 = 0;
  parameter [319:0] INITVAL_16 = 0;
  parameter [319:0] INITVAL_17 = 0;
  parameter [319:0] INITVAL_18 = 0;
  parameter [319:0] INITVAL_19 = 0;
  parameter [319:0] INITVAL_1A = 0;
  parameter [319:0] INITVAL_1B = 0;
  parameter [319:0] INITVAL_1C = 0;
  parameter [319:0] INITVAL_1D = 0;
  parameter [319:0] INITVAL_1E = 0;
  parameter [319:0] INITVAL_1F = 0;
  parameter [319:0] INITVAL_20 = 0;
  parameter [319:0] INITVAL_21 = 0;
  parameter [319:0] INITVAL_22 = 0;
  parameter [319:0] INITVAL_23 = 0;
  parameter [319:0] INITVAL_24 = 0;
  parameter [319:0] INITVAL_25 = 0;
  parameter [319:0] INITVAL_26 = 0;
  parameter [319:0] INITVAL_27 = 0;
  parameter [319:0] INITVAL_28 = 0;
  parameter [319:0] INITVAL_29 = 0;
  parameter [319:0] INITVAL_2A = 0;
  parameter [319:0] INITVAL_2B = 0;
  parameter [319:0] INITVAL_2C = 0;
  parameter [319:0] INITVAL_2D = 0;
  parameter [319:0] INITVAL_2E = 0;
  parameter [319:0] INITVAL_2F = 0;
  parameter [319:0] INITVAL_30 = 0;
  parameter [319:0] INITVAL_31 = 0;
  parameter [319:0] INITVAL_32 = 0;
  parameter [319:0] INITVAL_33 = 0;
  parameter [319:0] INITVAL_34 = 0;
  parameter [319:0] INITVAL_35 = 0;
  parameter [319:0] INITVAL_36 = 0;
  parameter [319:0] INITVAL_37 = 0;
  parameter [319:0] INITVAL_38 = 0;
  parameter [319:0] INITVAL_39 = 0;
  parameter [319:0] INITVAL_3A = 0;
  parameter [319:0] INITVAL_3B = 0;
  parameter [319:0] INITVAL_3C = 0;
  parameter [319:0] INITVAL_3D = 0;
  parameter [319:0] INITVAL_3E = 0;
  parameter [319:0] INITVAL_3F = 0;
  wire [17:0] dia =
    {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1,
    DIA0};
  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [17:0] dib =
    {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1,
    DIB0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  generate
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000") begin : g_mode
      UNSUPPORTED_MEMORY_MODE unsupported();
    end
  endgenerate
  // Levels of the clocks as they are now: a port's edge looks at the other port through these.
  wire clka = (CLKAMUX == "INV") ^ CLKA;
  wire clkb = (CLKBMUX == "INV") ^ CLKB;
  wire on_a = CEA & ~(CSA0 | CSA1 | CSA2);
  wire on_b = CEB & ~(CSB0 | CSB1 | CSB2);
  wire write_a = on_a & WEA;
  wire write_b = on_b & WEB;

  reg [8:0] mem [0:2047];  // groups
  integer i, j;
  localparam [20479:0] IMAGE = {
      INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37,
      INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
      INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25,
      INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
      INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
      INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
      INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
      INITVAL_00};
  initial begin
    for (i = 0; i < 1024; i = i + 1) for (j = 0; j < 2; j = j + 1) mem[2*i+j] = IMAGE[20*i + 9*j +: 9];
  end

  // Which groups of the 4 from the aligned base on a port of this width touches, and its base.
  function [10:0] base(input integer width, input [13:0] address);
    base = width == 36 ? {address[13:5], 2'b00} : width == 18 ? {address[13:4], 1'b0} : address[13:3];
  endfunction
  function [3:0] enables(input integer width, input [13:0] address);
    enables = width == 36 ? address[3:0] : width == 18 ? {2'b00, address[1:0]} : 4'b0001;
  endfunction
  function integer groups(input integer width);
    groups = width == 36 ? 4 : width == 18 ? 2 : 1;
  endfunction
  // Bits of a group that a port of this width sees, and where they start.
  function [8:0] mask(input integer width, input [13:0] address);
    mask = width == 4 ? 9'h00f << (4 * address[2]) : width == 2 ? 9'h003 << (2 * address[2:1]) :
           width == 1 ? 9'h001 << address[2:0] : 9'h1ff;
  endfunction
  function [3:0] place(input integer width, input [13:0] address);
    place = width == 4 ? 4 * address[2] : width == 2 ? 2 * address[2:1] : width == 1 ? {1'b0, address[2:0]} : 4'd0;
  endfunction
  function overlap(input integer width, input [10:0] here, input integer other, input [13:0] address);
    integer k;
    begin
      overlap = 0;
      for (k = 0; k < groups(other); k = k + 1)
        if (enables(other, address) >> k & 1)
          if (base(other, address) + k >= here && base(other, address) + k < here + groups(width)) overlap = 1;
    end
  endfunction

  reg [35:0] out_a = 0, out_b = 0;
  wire [35:0] in_a = DATA_WIDTH_A == 36 ? {dib, dia} : {18'd0, dia};
  wire [35:0] in_b = {18'd0, dib};

  // Port A: write, then read.
  integer ra;
  genvar ga;
  generate
    for (ga = 0; ga < (DATA_WIDTH_A == 36 ? 4 : DATA_WIDTH_A == 18 ? 2 : 1); ga = ga + 1) begin : g_write_a
      wire [10:0] group = base(DATA_WIDTH_A, ada) + ga;
      wire [8:0] bits = mask(DATA_WIDTH_A, ada);
      wire enabled = enables(DATA_WIDTH_A, ada) >> ga;
      always @(posedge clka) begin
        if (write_a && enabled && !(RESETMODE == "SYNC" && RSTA))
          mem[group] <= (mem[group] & ~bits) | ((in_a[9*ga +: 9] << place(DATA_WIDTH_A, ada)) & bits);
      end
    end
  endgenerate
  wire arst_a = RESETMODE != "SYNC" & RSTA;
  reg [35:0] word_a;
  always @(posedge clka or posedge arst_a) begin
    if (arst_a) out_a <= 0;
    else if (RSTA) out_a <= 0;
    else if (on_a && !(write_a && WRITEMODE_A == "NORMAL")) begin
      word_a = 0;
      for (ra = 0; ra < groups(DATA_WIDTH_A); ra = ra + 1) begin
        word_a[9*ra +: 9] = (mem[base(DATA_WIDTH_A, ada) + ra] & mask(DATA_WIDTH_A, ada)) >> place(DATA_WIDTH_A, ada);
        if (write_a && WRITEMODE_A == "WRITETHROUGH" && enables(DATA_WIDTH_A, ada) >> ra & 1)
          word_a[9*ra +: 9] = in_a[9*ra +: 9] & (mask(DATA_WIDTH_A, ada) >> place(DATA_WIDTH_A, ada));
      end
      out_a <= clkb && write_b && overlap(DATA_WIDTH_A, base(DATA_WIDTH_A, ada), DATA_WIDTH_B, adb) ? ~word_a : word_a;
    end
  end

  // Port B: write, then read.
  integer rb;
  genvar gb;
  generate
    for (gb = 0; gb < (DATA_WIDTH_B == 36 ? 4 : DATA_WIDTH_B == 18 ? 2 : 1); gb = gb + 1) begin : g_write_b
      wire [10:0] group = base(DATA_WIDTH_B, adb) + gb;
      wire [8:0] bits = mask(DATA_WIDTH_B, adb);
      wire enabled = enables(DATA_WIDTH_B, adb) >> gb;
      always @(posedge clkb) begin
        if (write_b && enabled && !(RESETMODE == "SYNC" && RSTB))
          mem[group] <= (mem[group] & ~bits) | ((in_b[9*gb +: 9] << place(DATA_WIDTH_B, adb)) & bits);
      end
    end
  endgenerate
  wire arst_b = RESETMODE != "SYNC" & RSTB;
  reg [35:0] word_b;
  always @(posedge clkb or posedge arst_b) begin
    if (arst_b) out_b <= 0;
    else if (RSTB) out_b <= 0;
    else if (on_b && !(write_b && WRITEMODE_B == "NORMAL")) begin
      word_b = 0;
      for (rb = 0; rb < groups(DATA_WIDTH_B); rb = rb + 1) begin
        word_b[9*rb +: 9] = (mem[base(DATA_WIDTH_B, adb) + rb] & mask(DATA_WIDTH_B, adb)) >> place(DATA_WIDTH_B, adb);
        if (write_b && WRITEMODE_B == "WRITETHROUGH" && enables(DATA_WIDTH_B, adb) >> rb & 1)
          word_b[9*rb +: 9] = in_b[9*rb +: 9] & (mask(DATA_WIDTH_B, adb) >> place(DATA_WIDTH_B, adb));
      end
      out_b <= clka && write_a && overlap(DATA_WIDTH_B, base(DATA_WIDTH_B, adb), DATA_WIDTH_A, ada) ? ~word_b : word_b;
    end
  end

  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
  DOA1, DOA0} =
    DATA_WIDTH_B == 36 ? out_b[17:0] : out_a[17:0];
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
  DOB1, DOB0} =
    DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
endmodule
`default_nettype wire
