// pl_poisson: a Poisson number per lane and clock from 64 random bits (signal-chain.md, "The photon count").
//
// The count of mean_i (2^-16 photon) from word0_i and word1_i appears at count_o PoissonLatency enabled clocks later.
// Every count takes both ways.
//
//   clock   below 16 photons            16 and more
//     1     searches, a halving takes   Gauss 1..5
//     3     |  two clocks: read the     | mean, shifted up to an even power of two: 3, 4
//     4     |  tail, compare            | | (the three tails of the rest: 4)
//     5     |                           root and inverse from the table
//     6     |                           root; inverse; the deviate within its step; its square
//     7     |                           powers of the deviate
//     8     part: done                  base: mean + 1/3 + g^2/6 + root * g
//     9     part + rest                 tail, first half
//    10     |                           tail
//    11     |                           count
//    12     whole: done                 | wait
//    13     sum                         |
//    14     one of the two
// The tables are memories with registered reads: one for each halving, of 16 to 512 words.
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

  // ---- The two ways meet.
  logic [Lanes*CountBox-1:0] many_q, many13;
  logic [Lanes-1:0] is_few, is_few13;
  pl_delay #(.Bits(Lanes*CountBox), .Clocks(2)) u_wait_many (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(many_q), .data_o(many13)
  );
  pl_delay #(.Bits(Lanes), .Clocks(pl_pkg::PoissonLatency - 1)) u_wait_way (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(is_few), .data_o(is_few13)
  );

  // ---- Lanes, unpacked.
  logic        [31:0] few [0:Lanes-1], w0 [0:Lanes-1], w1 [0:Lanes-1];  // few: the low 20 bits of the mean
  logic        [63:0] mean2 [0:Lanes-1], mean7 [0:Lanes-1];
  logic signed [31:0] g5 [0:Lanes-1], step5 [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign few[g] = 32'(mean_i[g*MeanBox +: 20]);
    assign is_few[g] = mean_i[g*MeanBox + 20 +: 16] == 16'd0;
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
  logic        [31:0] u [0:13*Lanes-1], at [0:13*Lanes-1];  // at: row * 64 + count so far
  logic        [31:0] v [0:9*Lanes-1], pt [0:9*Lanes-1];    // the same of the part, rows of 16
  logic [WholeBits-1:0] tail [0:7*Lanes-1];                 // of halving s, lane l at s*Lanes + l
  logic [PartBits-1:0]  part_tail [0:5*Lanes-1];
  logic        [31:0] x1 [0:Lanes-1], x2 [0:Lanes-1], square1 [0:Lanes-1], square2 [0:Lanes-1], three2 [0:Lanes-1];
  logic        [31:0] ux1 [0:Lanes-1], ux2 [0:Lanes-1], ux3 [0:Lanes-1];
  logic        [31:0] one3 [0:Lanes-1], two3 [0:Lanes-1], three3 [0:Lanes-1];
  logic        [31:0] rest [4*Lanes:9*Lanes-1];             // clock s of lane l at s*Lanes + l
  logic        [31:0] part [9*Lanes:13*Lanes-1];            // with the rest; the same
  logic        [31:0] few13 [0:Lanes-1];
  logic        [63:0] top3 [0:Lanes-1], top4 [0:Lanes-1];   // 36 bits used
  logic        [31:0] half3 [0:Lanes-1], half4 [0:Lanes-1], half5 [0:Lanes-1], half6 [0:Lanes-1], half7 [0:Lanes-1];
  logic [EntryBits-1:0] entry5 [0:Lanes-1];
  logic        [31:0] t5 [0:Lanes-1];
  logic        [31:0] root6 [0:Lanes-1];
  logic        [InverseBits+1:0] r6 [0:Lanes-1], r7 [0:Lanes-1], r8 [0:Lanes-1], r9 [0:Lanes-1];  // narrow: fewer DSP blocks
  logic signed [31:0] g6 [0:Lanes-1], f6 [0:Lanes-1];
  logic        [31:0] h6 [0:Lanes-1];                       // g^2, Q12: 18 bits
  logic signed [63:0] cube7 [0:Lanes-1], wide7 [0:Lanes-1]; // 22, 40 bits used
  logic        [63:0] fourth7 [0:Lanes-1];                  // 24 bits used
  logic        [31:0] sixth7 [0:Lanes-1];
  logic signed [31:0] c8 [0:Lanes-1], b8 [0:Lanes-1], inner9 [0:Lanes-1], e10 [0:Lanes-1];
  logic signed [63:0] base8 [0:Lanes-1], base9 [0:Lanes-1], base10 [0:Lanes-1], n11 [0:Lanes-1]; // 38 bits used
  logic        [63:0] up [0:Lanes-1];                       // within a stage
  logic signed [63:0] product [0:Lanes-1];                  // within a stage

  // Halving S of the rows of 64, and of 16, clocks 2S-1 and 2S: STEP more if u is below the tail in the middle.
  `define PL_HALVE(S, AT, U, TAIL, ROM, FROM, LOW, STEP) \
      for (int l = 0; l < Lanes; l++) begin \
        AT[2*S*Lanes+l] = AT[(2*S-1)*Lanes+l] + (U[(2*S-1)*Lanes+l] < 32'(TAIL[S*Lanes+l]) ? 32'd``STEP : 32'd0); \
        U[2*S*Lanes+l] = U[(2*S-1)*Lanes+l]; \
      end \
      for (int l = 0; l < Lanes; l++) begin \
        TAIL[S*Lanes+l] = ROM[AT[(2*S-2)*Lanes+l][FROM:LOW]]; \
        AT[(2*S-1)*Lanes+l] = AT[(2*S-2)*Lanes+l]; \
        U[(2*S-1)*Lanes+l] = U[(2*S-2)*Lanes+l]; \
      end
  `define PL_WHOLE(S, ROM, STEP) `PL_HALVE(S, at, u, tail, ROM, 9, (7-S), STEP)
  `define PL_PART(S, ROM, STEP) `PL_HALVE(S, pt, v, part_tail, ROM, 8, (5-S), STEP)

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      // ---- Either way.
      for (int l = 0; l < Lanes; l++) begin
        count_q[l*CountBox +: CountBox] <= is_few13[l] ? CountBox'(few13[l]) : many13[l*CountBox +: CountBox];
      end
      // ---- 16 photons and more. 11, 10, 9: the count from its tail of low powers.
      for (int l = 0; l < Lanes; l++) begin
        n11[l] = base10[l] + 64'(e10[l]);
        many_q[l*CountBox +: CountBox] <= n11[l] < 64'sd0 ? '0 : CountBox'(n11[l][36:16]);
      end
      for (int l = 0; l < Lanes; l++) begin
        base10[l] = base9[l];
        product[l] = (64'(inner9[l]) * $signed({1'b0, r9[l]})) >>> 12;
        e10[l] = product[l][31:0];
      end
      for (int l = 0; l < Lanes; l++) begin
        base9[l] = base8[l];
        r9[l] = r8[l];
        product[l] = (64'(c8[l]) * $signed({1'b0, r8[l]})) >>> 16;
        inner9[l] = product[l][31:0] - b8[l];
      end
      // 8, 7, 6: powers of the deviate, root times deviate.
      for (int l = 0; l < Lanes; l++) begin
        c8[l] = $signed(32'((fourth7[l] * 64'd971) >> 18)) - 32'sd81;
        product[l] = (cube7[l] * 64'sd910) >>> 16;
        b8[l] = product[l][31:0];
        r8[l] = r7[l];
        base8[l] = $signed(mean7[l]) + 64'sd21845 + $signed({32'd0, sixth7[l]}) + (wide7[l] >>> (32'd10 + half7[l]));
      end
      for (int l = 0; l < Lanes; l++) begin
        half7[l] = half6[l];
        r7[l] = r6[l];
        cube7[l] = (64'(g6[l]) * $signed({32'd0, h6[l] + 32'd8192})) >>> 11;
        fourth7[l] = (64'(h6[l]) * {32'd0, h6[l] + 32'd9557}) >> 12;
        up[l] = (64'(h6[l]) * 64'd43691 + 64'd8192) >> 14;
        sixth7[l] = up[l][31:0];
        wide7[l] = 64'(f6[l]) * $signed({32'd0, root6[l]});
      end
      for (int l = 0; l < Lanes; l++) begin
        half6[l] = half5[l];
        root6[l] = 32'(entry5[l][RootBits-1:0])
                 + ((32'(entry5[l][RootBits +: RiseBits]) * t5[l] + 32'd128) >> 8);
        r6[l] = {entry5[l][RootBits + RiseBits +: InverseBits], 2'd0} >> (32'd7 - half5[l]);
        g6[l] = g5[l];
        f6[l] = (g5[l] <<< 8) + step5[l] - 32'sd128;
        h6[l] = $unsigned(g5[l] * g5[l] + 32'sd512) >> 10;
      end
      // 5, 4, 3: root and inverse of the mean shifted up by 2 * half.
      for (int l = 0; l < Lanes; l++) begin
        half5[l] = half4[l];
        t5[l] = 32'(top4[l][28:21]);
        entry5[l] = root_entry[top4[l][35:29]];
      end
      for (int l = 0; l < Lanes; l++) begin
        half4[l] = half3[l] + (top3[l][35:32] == 4'd0 ? 32'd2 : 32'd0);
        up[l] = top3[l][35:32] == 4'd0 ? top3[l] << 4 : top3[l];
        half4[l] = half4[l] + (up[l][35:34] == 2'd0 ? 32'd1 : 32'd0);
        top4[l] = up[l][35:34] == 2'd0 ? up[l] << 2 : up[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        half3[l] = mean2[l][35:28] == 8'd0 ? 32'd4 : 32'd0;
        top3[l] = mean2[l][35:28] == 8'd0 ? mean2[l] << 8 : mean2[l];
      end
      // ---- Below 16 photons. 13: the sum; 12, 11, 10: part and rest wait; 9: both.
      for (int l = 0; l < Lanes; l++) few13[l] = (at[12*Lanes+l] & 32'd63) + part[12*Lanes+l];
      for (int l = 13*Lanes-1; l >= 10*Lanes; l--) part[l] = part[l-Lanes];
      for (int l = 0; l < Lanes; l++) part[9*Lanes+l] = (pt[8*Lanes+l] & 32'd15) + rest[8*Lanes+l];
      // 8 to 5: the rest waits; 4 to 1: its three tails.
      for (int l = 9*Lanes-1; l >= 5*Lanes; l--) rest[l] = rest[l-Lanes];
      for (int l = 0; l < Lanes; l++) begin
        rest[4*Lanes+l] = (ux3[l] < one3[l] ? 32'd1 : 32'd0) + (ux3[l] < two3[l] ? 32'd1 : 32'd0)
                        + (ux3[l] < three3[l] ? 32'd1 : 32'd0);
      end
      for (int l = 0; l < Lanes; l++) begin
        ux3[l] = ux2[l];
        three3[l] = three2[l];
        two3[l] = square2[l] - (three2[l] << 1);
        one3[l] = (x2[l] << 5) - square2[l] + three2[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        x2[l] = x1[l];
        ux2[l] = ux1[l];
        square2[l] = square1[l];
        three2[l] = (32'(square1[l][9:0]) * 32'(x1[l][10:0]) * 32'd43 + 32'h400000) >> 23;
      end
      for (int l = 0; l < Lanes; l++) begin
        x1[l] = few[l] & 32'd2047;
        ux1[l] = w1[l] & 32'h1fffff;
        square1[l] = (32'(few[l][10:0]) * 32'(few[l][10:0])) >> 12;
        u[l] = w0[l] >> 10;
        v[l] = {11'd0, w0[l][9:0], w1[l][31:21]};
        at[l] = {22'd0, few[l][19:16], 6'd0};
        pt[l] = {23'd0, few[l][15:11], 4'd0};
      end
      // 12 to 1: the searches.
      `PL_WHOLE(6, whole6, 1)
      `PL_WHOLE(5, whole5, 2)
      `PL_WHOLE(4, whole4, 4)
      `PL_WHOLE(3, whole3, 8)
      `PL_WHOLE(2, whole2, 16)
      `PL_WHOLE(1, whole1, 32)
      `PL_PART(4, part4, 1)
      `PL_PART(3, part3, 2)
      `PL_PART(2, part2, 4)
      `PL_PART(1, part1, 8)
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_WHOLE
  `undef PL_PART
  `undef PL_HALVE
endmodule
`default_nettype wire
