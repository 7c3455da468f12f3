// pl_rns: the back end of kind `rns`: from the sums of mantissas of a read to what the read contributes
// (signal-chain.md, "The kind `rns`", 3 to 8), for a group of Rows x Columns lanes.
//
// An item (valid_i) is a group in one slot: its sums y_i go through the channel of modulus slot_i. Each group comes once
// per modulus in use, slots 0, 1, 2 ... in this order, the last one with last_slot_i, in consecutive enabled clocks or
// with pauses. row_i, col_i, sum_i: coordinates of the group's lane 0. RnsLatency enabled clocks after the item with
// last_slot_i the group's values are at x_o, with clipped_o, detected_o and corrected_o.
//
//   clock   value path                   noise path                      tag (valid, last slot, slot)
//     5     residue sent                 phase: Threefry, Gauss 1..22    5: I and Q start
//    22     phase                        I, Q: Threefry, Gauss 6..27     21: turn
//    23     | and its noise                                              22: level_sigma
//    24     phase with noise
//    33     I and Q, converted
//    50     angle                                                        50: modulus of the level
//    52     residue received                                             52: collected
//    54     five reverse conversions in five clocks: pl_rns_collect, pl_rns_crt, pl_rns_check
//    80     value
`default_nettype none
module pl_rns #(
  parameter int Rows = 1,
  parameter int Columns = 4,
  localparam int Lanes = Rows * Columns
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                valid_i,
  input  logic [2:0]                          slot_i,
  input  logic                                last_slot_i,
  input  logic [pl_pkg::RowBits-1:0]          row_i,
  input  logic [pl_pkg::ColBits-1:0]          col_i,
  input  logic [pl_pkg::SumBits-1:0]          sum_i,
  input  logic [Lanes*32-1:0]                 y_i,
  output logic [Lanes*32-1:0]                 x_o,
  output logic [Lanes-1:0]                    clipped_o,
  output logic [Lanes-1:0]                    detected_o,
  output logic [Lanes-1:0]                    corrected_o
);
  localparam int ModulusBits = pl_rns_pkg::ModulusBits;
  localparam int ReciprocalBits = pl_rns_pkg::ReciprocalBits;
  localparam int TurnBits = pl_rns_pkg::TurnBits;
  localparam int GaussBox = pl_pkg::GaussBox;
  localparam int ResidueBox = pl_pkg::ResidueBox;
  localparam int PhaseBox = pl_pkg::PhaseBox;
  localparam int CordicBox = pl_pkg::CordicBox;
  localparam int ValueBox = pl_pkg::ValueBox;
  localparam int PlaceBits = pl_pkg::RowBits + pl_pkg::ColBits + pl_pkg::SumBits;
  // Clocks at whose end something is there, as in the table above.
  localparam int PhaseAt = pl_pkg::DeviateLatency + pl_pkg::PhaseLatency - 1;
  localparam int IqAt = PhaseAt + pl_pkg::IqLatency;
  localparam int AngleAt = IqAt + pl_pkg::CordicLatency;
  localparam int IqNoiseStart = PhaseAt + pl_pkg::SineLatency - 1 - pl_pkg::DeviateLatency;

  // ---- Registers.
  logic phase_on, channel_on, residues_on;
  logic [31:0] seed, job;
  logic [3:0]  k;
  logic [1:0]  redundant;
  assign phase_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectPhase];
  assign channel_on = phase_on | regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectThermal]
                    | regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectAdc];
  assign residues_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectResidues];
  assign redundant = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectRedundancy]
                   ? regs_i[pl_regs_pkg::RegRedundant*32 +: 2] : 2'd0;
  assign seed = regs_i[pl_regs_pkg::RegSeed*32 +: 32];
  assign job = regs_i[pl_regs_pkg::RegJob*32 +: 32];
  assign k = regs_i[pl_regs_pkg::RegRnsK*32 +: 4];

  logic unused_regs;
  assign unused_regs = ^regs_i;

  // ---- The tag of an item travels with it; its slot names the modulus where one is needed.
  logic [4:0] tag, tag5, tag21, tag22_q, tag50, tag51_q, tag52_q;
  logic [PlaceBits-1:0] place5;
  assign tag = {valid_i, last_slot_i, slot_i};
  pl_delay #(.Bits(5 + PlaceBits), .Clocks(IqNoiseStart)) u_wait_place (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i({tag, row_i, col_i, sum_i}), .data_o({tag5, place5})
  );
  pl_delay #(.Bits(5), .Clocks(pl_pkg::DeviateLatency - 1 - IqNoiseStart)) u_wait_tag21 (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(tag5), .data_o(tag21)
  );
  pl_delay #(.Bits(5), .Clocks(AngleAt - pl_pkg::DeviateLatency)) u_wait_tag50 (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(tag22_q), .data_o(tag50)
  );
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      tag22_q <= tag21;
      tag51_q <= tag50;
      tag52_q <= tag51_q;
    end
  end
  logic [4:0] at, at21, at50;
  assign at = pl_rns_pkg::modulus(k, slot_i);
  assign at21 = pl_rns_pkg::modulus(k, tag21[2:0]);
  assign at50 = pl_rns_pkg::modulus(k, tag50[2:0]);
  logic [15:0] level_sigma;
  always_comb begin
    case (tag22_q[2:0])
      3'd0: level_sigma = regs_i[pl_regs_pkg::RegLevelSigma*32 +: 16];
      3'd1: level_sigma = regs_i[(pl_regs_pkg::RegLevelSigma + 1)*32 +: 16];
      3'd2: level_sigma = regs_i[(pl_regs_pkg::RegLevelSigma + 2)*32 +: 16];
      3'd3: level_sigma = regs_i[(pl_regs_pkg::RegLevelSigma + 3)*32 +: 16];
      default: level_sigma = regs_i[(pl_regs_pkg::RegLevelSigma + 4)*32 +: 16];
    endcase
  end

  // ---- Noise: a block for the phase, another for I and Q, which are needed later.
  logic [Lanes*32-1:0] counter0, counter1, counter0_iq, counter1_iq, word, unused_word;
  logic [2*Lanes*32-1:0] words_iq;
  logic [Lanes*GaussBox-1:0] gauss;
  logic [2*Lanes*GaussBox-1:0] gauss_iq;
  logic [pl_pkg::RowBits-1:0] row5;
  logic [pl_pkg::ColBits-1:0] col5;
  logic [pl_pkg::SumBits-1:0] sum5;
  assign {row5, col5, sum5} = place5;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar c = 0; c < Columns; c++) begin : g_column
      localparam int Lane = r * Columns + c;
      assign counter0[Lane*32 +: 32] = {sum_i[7:0], row_i + pl_pkg::RowBits'(r)};
      assign counter1[Lane*32 +: 32] = {pl_pkg::NoiseLevel + 4'(slot_i), sum_i[15:8], col_i + pl_pkg::ColBits'(c)};
      assign counter0_iq[Lane*32 +: 32] = {sum5[7:0], row5 + pl_pkg::RowBits'(r)};
      assign counter1_iq[Lane*32 +: 32] = {pl_pkg::NoiseIq + 4'(tag5[2:0]), sum5[15:8], col5 + pl_pkg::ColBits'(c)};
    end
  end
  pl_threefry #(.Lanes(Lanes)) u_threefry_phase (
    .clk_i(clk_i), .en_i(en_i), .key0_i(seed), .key1_i(job),
    .c0_i(counter0), .c1_i(counter1), .x0_o(word), .x1_o(unused_word)
  );
  pl_threefry #(.Lanes(Lanes)) u_threefry_iq (
    .clk_i(clk_i), .en_i(en_i), .key0_i(seed), .key1_i(job), .c0_i(counter0_iq), .c1_i(counter1_iq),
    .x0_o(words_iq[Lanes*32-1:0]), .x1_o(words_iq[2*Lanes*32-1:Lanes*32])
  );
  pl_gauss #(.Lanes(Lanes)) u_gauss_phase (.clk_i(clk_i), .en_i(en_i), .word_i(word), .gauss_o(gauss));
  pl_gauss #(.Lanes(2*Lanes)) u_gauss_iq (.clk_i(clk_i), .en_i(en_i), .word_i(words_iq), .gauss_o(gauss_iq));

  // ---- The channel: residue, phase, I and Q, angle, level.
  logic [Lanes*ResidueBox-1:0] sent, sent21, sent51, received;
  logic [Lanes*PhaseBox-1:0] phase;
  logic [2*Lanes*CordicBox-1:0] iq;
  logic [Lanes*pl_pkg::AngleBox-1:0] angle;
  logic [Lanes-1:0] clipped, clipped52, clipped_group;
  pl_rns_residue #(.Lanes(Lanes)) u_residue (
    .clk_i(clk_i), .en_i(en_i), .k_i(k), .m_i(pl_rns_pkg::Moduli[ModulusBits*32'(at) +: ModulusBits]),
    .reciprocal_i(pl_rns_pkg::Reciprocals[ReciprocalBits*32'(at) +: ReciprocalBits]), .y_i(y_i), .r_o(sent)
  );
  pl_delay #(.Bits(Lanes*ResidueBox), .Clocks(pl_pkg::DeviateLatency - 1 - pl_pkg::ResidueLatency)) u_wait_sent21 (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(sent), .data_o(sent21)
  );
  pl_rns_phase #(.Lanes(Lanes)) u_phase (
    .clk_i(clk_i), .en_i(en_i), .noise_on_i(phase_on), .turn_i(pl_rns_pkg::Turns[TurnBits*32'(at21) +: TurnBits]),
    .residue_i(sent21), .sigma_i(level_sigma), .gauss_i(gauss), .a_o(phase)
  );
  pl_rns_iq #(.Lanes(Lanes)) u_iq (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .regs_i(regs_i), .a_i(phase), .gauss_i(gauss_iq), .iq_o(iq),
    .clipped_o(clipped)
  );
  pl_cordic #(.Lanes(Lanes)) u_cordic (
    .clk_i(clk_i), .en_i(en_i), .x_i(iq[Lanes*CordicBox-1:0]), .y_i(iq[2*Lanes*CordicBox-1:Lanes*CordicBox]),
    .t_o(angle)
  );
  pl_delay #(.Bits(Lanes*ResidueBox), .Clocks(AngleAt + 2 - pl_pkg::DeviateLatency)) u_wait_sent51 (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(sent21), .data_o(sent51)
  );
  pl_rns_level #(.Lanes(Lanes)) u_level (
    .clk_i(clk_i), .en_i(en_i), .bypass_i(~channel_on),
    .m_i(pl_rns_pkg::Moduli[ModulusBits*32'(at50) +: ModulusBits]), .t_i(angle), .sent_i(sent51), .residue_o(received)
  );
  pl_delay #(.Bits(Lanes), .Clocks(pl_pkg::RnsReceived - IqAt)) u_wait_clipped (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(clipped), .data_o(clipped52)
  );

  // ---- The group: residues back to a number, checks.
  logic [1:0] triple;
  logic fourth, fourth_late;
  logic [Lanes*ResidueBox-1:0] a, b, c, other, other_late;
  logic [Lanes*ValueBox-1:0] number, y, y79;
  pl_rns_collect #(.Lanes(Lanes)) u_collect (
    .clk_i(clk_i), .en_i(en_i), .valid_i(tag52_q[4]), .last_i(tag52_q[3]), .slot_i(tag52_q[2:0]), .residue_i(received),
    .clipped_i(clipped52), .triple_o(triple), .fourth_o(fourth), .a_o(a), .b_o(b), .c_o(c), .other_o(other),
    .clipped_o(clipped_group)
  );
  pl_rns_crt #(.Lanes(Lanes)) u_crt (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .k_i(k), .triple_i(triple), .a_i(a), .b_i(b), .c_i(c), .x_o(number)
  );
  pl_delay #(.Bits(1 + Lanes*ResidueBox), .Clocks(pl_pkg::CrtLatency)) u_wait_other (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i({fourth, other}), .data_o({fourth_late, other_late})
  );
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    assign y[l*ValueBox +: ValueBox] = y_i[l*32 +: ValueBox];
  end
  pl_delay #(.Bits(Lanes*ValueBox), .Clocks(pl_pkg::RnsLatency - 1)) u_wait_y (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(y), .data_o(y79)
  );
  pl_rns_check #(.Lanes(Lanes)) u_check (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .k_i(k), .redundant_i(redundant),
    .range_check_i(regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectRangeCheck]),
    .limit_i(regs_i[pl_regs_pkg::RegRangeLimit*32 +: 28]), .fourth_i(fourth_late), .x_i(number), .other_i(other_late),
    .plain_on_i(~residues_on), .plain_i(y79), .value_o(x_o), .detected_o(detected_o), .corrected_o(corrected_o)
  );
  logic [Lanes-1:0] clipped80;
  pl_delay #(.Bits(Lanes), .Clocks(pl_pkg::RnsLatency - pl_pkg::RnsReceived - 1)) u_wait_clipped_group (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(clipped_group), .data_o(clipped80)
  );
  assign clipped_o = clipped80 & {Lanes{residues_on}};

  logic unused_words, unused_tags;
  assign unused_words = ^unused_word;
  assign unused_tags = ^{tag51_q, tag50[4:3], tag22_q[4:3], tag21[4:3], tag5[4:3]};
endmodule
`default_nettype wire
