// pl_poisson: a Poisson number per lane and clock from 64 random bits (signal-chain.md, "The photon count").
//
// The count of mean_i (2^-16 photon) from word0_i and word1_i appears at count_o PoissonLatency enabled clocks later.
// Every count takes both ways. A mean below 16 photons finds a root and an inverse of 0, so it has no tail.
//
//   clock   below 16 photons            16 and more
//     1     searches, one halving each  Gauss 1..5
//     3     |                           | mean, shifted up to an even power of two: 3, 4
//     4     the rest's three tails      | |
//     5     part + rest                 | root and inverse from the table
//     6     whole                       root; inverse; the deviate within its step; its square
//     7     sum                         powers of the deviate
//     8     chosen                      base: mean + 1/3 + g^2/6 + root * g
//     9                                 tail, first half
//    10                                 tail
//    11     count
// The tables are memories of one read per halving, of 16 to 512 words; what is read is used in the same clock.
`default_nettype none
module pl_poisson #(
  parameter int Lanes = 2,  // >= 1
  localparam int MeanBox = pl_pkg::MeanBox,
  localparam int CountBox = pl_pkg::CountBox
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      en_i,
  input  logic [Lanes*MeanBox-1:0]  mean_i,
  input  logic [Lanes*32-1:0]       word0_i,
  input  logic [Lanes*32-1:0]       word1_i,
  output logic [Lanes*CountBox-1:0] count_o
);
  localparam int GaussBox = pl_pkg::GaussBox;
  localparam int WholeBits = pl_poisson_pkg::WholeBits;
  localparam int PartBits = pl_poisson_pkg::PartBits;
  localparam int RootBits = pl_poisson_pkg::RootBits;
  localparam int RiseBits = pl_poisson_pkg::RiseBits;
  localparam int InverseBits = pl_poisson_pkg::InverseBits;
  localparam int EntryBits = RootBits + RiseBits + InverseBits;

  // ---- Tables. Halving S looks in a row of 64 (of 16) at the middle of each of the 2^(S-1) pieces that are left.
  logic [WholeBits-1:0] whole1 [0:15], whole2 [0:31], whole3 [0:63], whole4 [0:127], whole5 [0:255], whole6 [0:511];
  logic [PartBits-1:0] part1 [0:31], part2 [0:63], part3 [0:127], part4 [0:255];
  logic [EntryBits-1:0] root_entry [0:127];
  `define PL_FILL(NAME, TABLE, BITS, ENTRIES, PIECE) \
    for (int i = 0; i < ENTRIES; i++) begin \
      NAME[i] = pl_poisson_pkg::TABLE[(i*PIECE + PIECE/2)*BITS +: BITS]; \
    end
  initial begin
    `PL_FILL(whole1, Whole, WholeBits, 16, 64)
    `PL_FILL(whole2, Whole, WholeBits, 32, 32)
    `PL_FILL(whole3, Whole, WholeBits, 64, 16)
    `PL_FILL(whole4, Whole, WholeBits, 128, 8)
    `PL_FILL(whole5, Whole, WholeBits, 256, 4)
    `PL_FILL(whole6, Whole, WholeBits, 512, 2)
    `PL_FILL(part1, Part, PartBits, 32, 16)
    `PL_FILL(part2, Part, PartBits, 64, 8)
    `PL_FILL(part3, Part, PartBits, 128, 4)
    `PL_FILL(part4, Part, PartBits, 256, 2)
    for (int i = 0; i < 128; i++) begin
      root_entry[i] = '0;
    end
    for (int i = 0; i < pl_poisson_pkg::Roots; i++) begin
      root_entry[pl_poisson_pkg::RootFirst + i] = pl_poisson_pkg::Root[i*EntryBits +: EntryBits];
    end
  end
  `undef PL_FILL

  // ---- Deviate, and what waits for it.
  logic [Lanes*GaussBox-1:0] gauss;
  logic [Lanes*8-1:0] byte0, byte5;
  logic [Lanes*MeanBox-1:0] mean2_late, mean7_late;
  pl_gauss #(.Lanes(Lanes)) u_gauss (.clk_i(clk_i), .en_i(en_i), .word_i(word0_i), .gauss_o(gauss));
  pl_delay #(.Bits(Lanes*8), .Clocks(pl_pkg::GaussLatency)) u_wait_byte (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(byte0), .data_o(byte5)
  );
  pl_delay #(.Bits(Lanes*MeanBox), .Clocks(2)) u_wait_root (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(mean_i), .data_o(mean2_late)
  );
  pl_delay #(.Bits(Lanes*MeanBox), .Clocks(5)) u_wait_base (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(mean2_late), .data_o(mean7_late)
  );

  // ---- Lanes, unpacked.
  logic        [31:0] few [0:Lanes-1], w0 [0:Lanes-1], w1 [0:Lanes-1];  // few: the low 20 bits of the mean
  logic        [63:0] mean2 [0:Lanes-1], mean7 [0:Lanes-1];
  logic signed [31:0] g5 [0:Lanes-1], step5 [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign few[g] = 32'(mean_i[g*MeanBox +: 20]);
    assign w0[g] = word0_i[g*32 +: 32];
    assign w1[g] = word1_i[g*32 +: 32];
    assign byte0[g*8 +: 8] = word1_i[g*32 + 24 +: 8];
    assign mean2[g] = 64'(mean2_late[g*MeanBox +: MeanBox]);
    assign mean7[g] = 64'(mean7_late[g*MeanBox +: MeanBox]);
    assign g5[g] = 32'($signed(gauss[g*GaussBox +: GaussBox]));
    assign step5[g] = 32'(byte5[g*8 +: 8]);
  end
  logic [Lanes*CountBox-1:0] count_q;
  assign count_o = count_q;

  // ---- Stage registers, named by the clock at whose end they are written; of searches clock s, lane l at s*Lanes + l.
  logic        [31:0] u [0:6*Lanes-1], at [0:7*Lanes-1];    // at: row * 64 + count so far
  logic        [31:0] v [0:4*Lanes-1], pt [0:5*Lanes-1];    // the same of the part, rows of 16
  logic        [31:0] x1 [0:Lanes-1], x2 [0:Lanes-1], square1 [0:Lanes-1], square2 [0:Lanes-1], three2 [0:Lanes-1];
  logic        [31:0] ux1 [0:Lanes-1], ux2 [0:Lanes-1], ux3 [0:Lanes-1];
  logic        [31:0] one3 [0:Lanes-1], two3 [0:Lanes-1], three3 [0:Lanes-1], rest4 [0:Lanes-1];
  logic        [31:0] part5 [0:Lanes-1], part6 [0:Lanes-1], few7 [0:Lanes-1];
  logic        [63:0] top3 [0:Lanes-1], top4 [0:Lanes-1];   // 36 bits used
  logic        [31:0] half3 [0:Lanes-1], half4 [0:Lanes-1], half5 [0:Lanes-1], half6 [0:Lanes-1], half7 [0:Lanes-1];
  logic        [31:0] start5 [0:Lanes-1], rise5 [0:Lanes-1], inverse5 [0:Lanes-1], t5 [0:Lanes-1];
  logic        [31:0] root6 [0:Lanes-1], r6 [0:Lanes-1], r7 [0:Lanes-1], r8 [0:Lanes-1], r9 [0:Lanes-1];
  logic signed [31:0] g6 [0:Lanes-1], f6 [0:Lanes-1];
  logic        [31:0] h6 [0:Lanes-1];                       // g^2, Q12: 18 bits
  logic signed [63:0] cube7 [0:Lanes-1], wide7 [0:Lanes-1]; // 22, 40 bits used
  logic        [63:0] fourth7 [0:Lanes-1];                  // 24 bits used
  logic        [31:0] sixth7 [0:Lanes-1];
  logic signed [31:0] c8 [0:Lanes-1], b8 [0:Lanes-1], inner9 [0:Lanes-1], e10 [0:Lanes-1];
  logic signed [63:0] base8 [0:Lanes-1], base9 [0:Lanes-1], base10 [0:Lanes-1], n11 [0:Lanes-1]; // 38 bits used
  logic        [63:0] up [0:Lanes-1];                       // within a stage
  logic signed [63:0] product [0:Lanes-1];                  // within a stage

  // Halving S of the rows of 64, and of 16: STEP more if u is below the tail in the middle.
  `define PL_WHOLE(S, ROM, STEP) \
      for (int l = 0; l < Lanes; l++) begin \
        at[S*Lanes+l] = at[(S-1)*Lanes+l] \
                      + (u[(S-1)*Lanes+l] < 32'(ROM[at[(S-1)*Lanes+l][9:7-S]]) ? 32'd``STEP : 32'd0); \
      end
  `define PL_PART(S, ROM, STEP) \
      for (int l = 0; l < Lanes; l++) begin \
        pt[S*Lanes+l] = pt[(S-1)*Lanes+l] \
                      + (v[(S-1)*Lanes+l] < 32'(ROM[pt[(S-1)*Lanes+l][8:5-S]]) ? 32'd``STEP : 32'd0); \
      end
  `define PL_KEEP(NAME, S) \
      for (int l = 0; l < Lanes; l++) begin \
        NAME[S*Lanes+l] = NAME[(S-1)*Lanes+l]; \
      end

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      // 11, 10, 9: the count from its tail of low powers.
      for (int l = 0; l < Lanes; l++) begin
        n11[l] = base10[l] + 64'(e10[l]);
        count_q[l*CountBox +: CountBox] <= n11[l] < 64'sd0 ? '0 : CountBox'(n11[l][36:16]);
      end
      for (int l = 0; l < Lanes; l++) begin
        base10[l] = base9[l];
        product[l] = (64'(inner9[l]) * $signed({32'd0, r9[l]})) >>> 12;
        e10[l] = product[l][31:0];
      end
      for (int l = 0; l < Lanes; l++) begin
        base9[l] = base8[l];
        r9[l] = r8[l];
        product[l] = (64'(c8[l]) * $signed({32'd0, r8[l]})) >>> 16;
        inner9[l] = product[l][31:0] - b8[l];
      end
      // 8: which way.
      for (int l = 0; l < Lanes; l++) begin
        c8[l] = $signed(32'((fourth7[l] * 64'd971) >> 18)) - 32'sd81;
        product[l] = (cube7[l] * 64'sd910) >>> 16;
        b8[l] = product[l][31:0];
        r8[l] = r7[l];
        base8[l] = mean7[l][35:20] == 16'd0 ? $signed({16'd0, few7[l], 16'd0})
                 : $signed(mean7[l]) + 64'sd21845 + $signed({32'd0, sixth7[l]}) + (wide7[l] >>> (32'd10 + half7[l]));
      end
      // 7, 6: powers of the deviate, root times deviate.
      for (int l = 0; l < Lanes; l++) begin
        few7[l] = (at[6*Lanes+l] & 32'd63) + part6[l];
        half7[l] = half6[l];
        r7[l] = r6[l];
        cube7[l] = (64'(g6[l]) * $signed({32'd0, h6[l] + 32'd8192})) >>> 11;
        fourth7[l] = (64'(h6[l]) * {32'd0, h6[l] + 32'd9557}) >> 12;
        up[l] = (64'(h6[l]) * 64'd43691 + 64'd8192) >> 14;
        sixth7[l] = up[l][31:0];
        wide7[l] = 64'(f6[l]) * $signed({32'd0, root6[l]});
      end
      for (int l = 0; l < Lanes; l++) begin
        part6[l] = part5[l];
        half6[l] = half5[l];
        root6[l] = start5[l] + ((rise5[l] * t5[l] + 32'd128) >> 8);
        r6[l] = (inverse5[l] << 2) >> (32'd7 - half5[l]);
        g6[l] = g5[l];
        f6[l] = (g5[l] <<< 8) + step5[l] - 32'sd128;
        h6[l] = $unsigned(g5[l] * g5[l] + 32'sd512) >> 10;
      end
      `PL_WHOLE(6, whole6, 1)
      // 5: root and inverse; few photons but for whole ones.
      for (int l = 0; l < Lanes; l++) begin
        part5[l] = (pt[4*Lanes+l] & 32'd15) + rest4[l];
        half5[l] = half4[l];
        t5[l] = 32'(top4[l][28:21]);
        start5[l] = 32'(root_entry[top4[l][35:29]][RootBits-1:0]);
        rise5[l] = 32'(root_entry[top4[l][35:29]][RootBits +: RiseBits]);
        inverse5[l] = 32'(root_entry[top4[l][35:29]][RootBits + RiseBits +: InverseBits]);
      end
      `PL_WHOLE(5, whole5, 2)
      `PL_KEEP(u, 5)
      // 4, 3: the mean shifted up by 2 * half; the three tails of the rest.
      for (int l = 0; l < Lanes; l++) begin
        half4[l] = half3[l] + (top3[l][35:32] == 4'd0 ? 32'd2 : 32'd0);
        up[l] = top3[l][35:32] == 4'd0 ? top3[l] << 4 : top3[l];
        half4[l] = half4[l] + (up[l][35:34] == 2'd0 ? 32'd1 : 32'd0);
        top4[l] = up[l][35:34] == 2'd0 ? up[l] << 2 : up[l];
        rest4[l] = (ux3[l] < one3[l] ? 32'd1 : 32'd0) + (ux3[l] < two3[l] ? 32'd1 : 32'd0)
                 + (ux3[l] < three3[l] ? 32'd1 : 32'd0);
      end
      `PL_WHOLE(4, whole4, 4)
      `PL_KEEP(u, 4)
      `PL_PART(4, part4, 1)
      for (int l = 0; l < Lanes; l++) begin
        half3[l] = mean2[l][35:28] == 8'd0 ? 32'd4 : 32'd0;
        top3[l] = mean2[l][35:28] == 8'd0 ? mean2[l] << 8 : mean2[l];
        ux3[l] = ux2[l];
        three3[l] = three2[l];
        two3[l] = square2[l] - (three2[l] << 1);
        one3[l] = (x2[l] << 5) - square2[l] + three2[l];
      end
      `PL_WHOLE(3, whole3, 8)
      `PL_KEEP(u, 3)
      `PL_PART(3, part3, 2)
      `PL_KEEP(v, 3)
      // 2, 1.
      for (int l = 0; l < Lanes; l++) begin
        x2[l] = x1[l];
        ux2[l] = ux1[l];
        square2[l] = square1[l];
        three2[l] = (square1[l] * x1[l] * 32'd43 + 32'h400000) >> 23;
      end
      `PL_WHOLE(2, whole2, 16)
      `PL_KEEP(u, 2)
      `PL_PART(2, part2, 4)
      `PL_KEEP(v, 2)
      for (int l = 0; l < Lanes; l++) begin
        x1[l] = few[l] & 32'd2047;
        ux1[l] = w1[l] & 32'h1fffff;
        square1[l] = ((few[l] & 32'd2047) * (few[l] & 32'd2047)) >> 12;
        u[l] = w0[l] >> 10;
        v[l] = {11'd0, w0[l][9:0], w1[l][31:21]};
        at[l] = {22'd0, few[l][19:16], 6'd0};
        pt[l] = {23'd0, few[l][15:11], 4'd0};
      end
      `PL_WHOLE(1, whole1, 32)
      `PL_KEEP(u, 1)
      `PL_PART(1, part1, 8)
      `PL_KEEP(v, 1)
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_WHOLE
  `undef PL_PART
  `undef PL_KEEP
endmodule
`default_nettype wire
