// pl_gauss: 32 random bits to a normal deviate in Q11 (signal-chain.md, "The Gaussian"), per lane and clock.
//
// The deviate of word_i appears at gauss_o, sign-extended to GaussBox bits, GaussLatency enabled clocks later. One
// table (pl_gauss_pkg) per lane: 256 entries, which suits a block RAM.
// Stages: normalise (two), table, first product, second product and sign.
`default_nettype none
module pl_gauss #(
  parameter int Lanes = 2,  // >= 1
  localparam int GaussBox = pl_pkg::GaussBox
) (
  input  logic                      clk_i,
  input  logic                      en_i,
  input  logic [Lanes*32-1:0]       word_i,
  output logic [Lanes*GaussBox-1:0] gauss_o
);
  localparam int C0Bits = pl_gauss_pkg::C0Bits;
  localparam int SlopeBits = pl_gauss_pkg::EntryBits - C0Bits;  // c2 and c1 together

  // The table in two words per entry, so that each fits 32 bits.
  logic [C0Bits-1:0]    rom_value [0:255];
  logic [SlopeBits-1:0] rom_slope [0:255];
  initial begin
    for (int i = 0; i < 256; i++) begin
      rom_value[i] = pl_gauss_pkg::Table[i*pl_gauss_pkg::EntryBits +: C0Bits];
      rom_slope[i] = pl_gauss_pkg::Table[i*pl_gauss_pkg::EntryBits + C0Bits +: SlopeBits];
    end
  end

  logic [Lanes*GaussBox-1:0] gauss_q;
  logic [31:0] word [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign word[g] = word_i[g*32 +: 32];
  end

  assign gauss_o = gauss_q;

  logic [31:0] neg1 [0:Lanes-1], neg2 [0:Lanes-1], neg3 [0:Lanes-1], neg4 [0:Lanes-1];  // 0 or 1
  logic [31:0] u1 [0:Lanes-1], u2 [0:Lanes-1];  // U, being shifted up
  logic [31:0] z1 [0:Lanes-1], z2 [0:Lanes-1];  // leading zeros so far
  logic [31:0] t3 [0:Lanes-1], t4 [0:Lanes-1];  // position in the segment, 12 bits
  logic [31:0] value3 [0:Lanes-1], value4 [0:Lanes-1];
  logic [31:0] slope3 [0:Lanes-1], slope4 [0:Lanes-1];
  logic [31:0] out [0:Lanes-1];  // within the last stage

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        out[l] = (value4[l] - ((slope4[l] * t4[l]) >> 12) + 32'd8) >> 4;
        gauss_q[l*GaussBox +: GaussBox] <= GaussBox'(neg4[l][0] ? -out[l] : out[l]);
      end
      for (int l = 0; l < Lanes; l++) begin
        neg4[l] = neg3[l];
        t4[l] = t3[l];
        value4[l] = value3[l];
        slope4[l] = 32'(slope3[l][pl_gauss_pkg::C1Bits-1:0])
                  - ((32'(slope3[l][SlopeBits-1:pl_gauss_pkg::C1Bits]) * t3[l]) >> 12);
      end
      for (int l = 0; l < Lanes; l++) begin
        neg3[l] = neg2[l];
        t3[l] = 32'(u2[l][27:16]);
        value3[l] = 32'(rom_value[{z2[l][4:0], u2[l][30:28]}]);
        slope3[l] = 32'(rom_slope[{z2[l][4:0], u2[l][30:28]}]);
      end
      for (int l = 0; l < Lanes; l++) begin
        neg2[l] = neg1[l];
        z2[l] = z1[l];
        u2[l] = u1[l];
        z2[l] = z2[l] + (u2[l][31:28] == 4'd0 ? 32'd4 : 32'd0);
        u2[l] = u2[l][31:28] == 4'd0 ? u2[l] << 4 : u2[l];
        z2[l] = z2[l] + (u2[l][31:30] == 2'd0 ? 32'd2 : 32'd0);
        u2[l] = u2[l][31:30] == 2'd0 ? u2[l] << 2 : u2[l];
        z2[l] = z2[l] + (u2[l][31] == 1'b0 ? 32'd1 : 32'd0);
        u2[l] = u2[l][31] == 1'b0 ? u2[l] << 1 : u2[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        neg1[l] = 32'(word[l][31]);
        u1[l] = {word[l][30:0], 1'b1};
        z1[l] = u1[l][31:16] == 16'd0 ? 32'd16 : 32'd0;
        u1[l] = u1[l][31:16] == 16'd0 ? u1[l] << 16 : u1[l];
        z1[l] = z1[l] + (u1[l][31:24] == 8'd0 ? 32'd8 : 32'd0);
        u1[l] = u1[l][31:24] == 8'd0 ? u1[l] << 8 : u1[l];
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
