// pl_rns_sine: 2^14 sin of a phase in turns of 2^-16 (signal-chain.md, `sin16`), per lane and clock.
//
// The sine of a_i appears at s_o, sign-extended to WaveBox bits, SineLatency enabled clocks later. One table
// (pl_rns_pkg) of 256 entries per lane, which suits a block RAM. Stages: quadrant; table; interpolation; sign.
`default_nettype none
module pl_rns_sine #(
  parameter int Lanes = 2,  // >= 1
  localparam int PhaseBox = pl_pkg::PhaseBox,
  localparam int WaveBox = pl_pkg::WaveBox
) (
  input  logic                      clk_i,
  input  logic                      en_i,
  input  logic [Lanes*PhaseBox-1:0] a_i,
  output logic [Lanes*WaveBox-1:0]  s_o
);
  localparam int SineBits = pl_rns_pkg::SineBits;
  localparam int SlopeBits = pl_rns_pkg::SlopeBits;
  localparam int EntryBits = SineBits + SlopeBits;

  // Entry 256, the top of the wave, is looked up by nobody: see `top`.
  logic [SineBits-1:0]  rom_value [0:255];
  logic [SlopeBits-1:0] rom_slope [0:255];
  initial begin
    for (int i = 0; i < 256; i++) begin
      rom_value[i] = pl_rns_pkg::Sine[i*EntryBits +: SineBits];
      rom_slope[i] = pl_rns_pkg::Sine[i*EntryBits + SineBits +: SlopeBits];
    end
  end

  logic [Lanes*WaveBox-1:0] s_q;
  assign s_o = s_q;

  logic [31:0] a [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign a[g] = 32'(a_i[g*PhaseBox +: PhaseBox]);
  end

  logic [31:0] u1 [0:Lanes-1];                            // 0..2^14
  logic [31:0] top2 [0:Lanes-1];                          // 0 or 1: u = 2^14
  logic [31:0] rest2 [0:Lanes-1];                         // 6 bits
  logic [31:0] value2 [0:Lanes-1], slope2 [0:Lanes-1];
  logic signed [31:0] s3 [0:Lanes-1];
  logic [31:0] neg1 [0:Lanes-1], neg2 [0:Lanes-1], neg3 [0:Lanes-1];  // 0 or 1

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        s_q[l*WaveBox +: WaveBox] <= WaveBox'(neg3[l][0] ? -s3[l] : s3[l]);
      end
      for (int l = 0; l < Lanes; l++) begin
        s3[l] = $signed(top2[l][0] ? 32'd16384
                                   : value2[l] + ((slope2[l][SlopeBits-1:0] * rest2[l][5:0] + 32'd32) >> 6));
        neg3[l] = neg2[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        value2[l] = 32'(rom_value[u1[l][13:6]]);
        slope2[l] = 32'(rom_slope[u1[l][13:6]]);
        rest2[l] = 32'(u1[l][5:0]);
        top2[l] = 32'(u1[l][14]);
        neg2[l] = neg1[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        u1[l] = a[l][14] ? 32'd16384 - 32'(a[l][13:0]) : 32'(a[l][13:0]);
        neg1[l] = 32'(a[l][15]);
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
