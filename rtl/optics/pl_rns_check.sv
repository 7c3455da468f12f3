// pl_rns_check: what redundant moduli and the legal range make of converted numbers (signal-chain.md, "The kind
// `rns`", 8).
//
// The numbers of a group of lanes come at x_i in consecutive enabled clocks, in the order of pl_rns_collect: X, X again,
// X_0, X_1, X_2, each with the residue other_i that it is compared with, of modulus 3 or 4 (fourth_i). Without two
// redundant moduli the first one is all there is. What the group contributes appears ResidueLatency + 6 enabled clocks
// after the first number, at value_o with detected_o and corrected_o. plain_on_i: the plain sum, which comes at plain_i
// one enabled clock before the result, is passed instead. Stages: remainder; comparison; history of five; decision.
`default_nettype none
module pl_rns_check #(
  parameter int Lanes = 2,  // >= 1
  localparam int ResidueBox = pl_pkg::ResidueBox,
  localparam int ValueBox = pl_pkg::ValueBox
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        en_i,
  input  logic [3:0]                  k_i,
  input  logic [1:0]                  redundant_i,    // moduli in use, 0..2
  input  logic                        range_check_i,
  input  logic [27:0]                 limit_i,
  input  logic                        fourth_i,
  input  logic [Lanes*ValueBox-1:0]   x_i,
  input  logic [Lanes*ResidueBox-1:0] other_i,
  input  logic                        plain_on_i,
  input  logic [Lanes*ValueBox-1:0]   plain_i,
  output logic [Lanes*32-1:0]         value_o,
  output logic [Lanes-1:0]            detected_o,
  output logic [Lanes-1:0]            corrected_o
);
  localparam int R = pl_pkg::ResidueLatency;

  logic [4:0] at;
  assign at = pl_rns_pkg::modulus(k_i, fourth_i ? 3'd4 : 3'd3);
  logic [Lanes*ResidueBox-1:0] residue, other_late;
  logic [Lanes*ValueBox-1:0] x_late;
  pl_rns_residue #(.Lanes(Lanes), .Bits(26), .Box(ValueBox)) u_residue (
    .clk_i(clk_i), .en_i(en_i), .k_i(k_i),
    .m_i(pl_rns_pkg::Moduli[pl_rns_pkg::ModulusBits*32'(at) +: pl_rns_pkg::ModulusBits]),
    .reciprocal_i(pl_rns_pkg::Reciprocals[pl_rns_pkg::ReciprocalBits*32'(at) +: pl_rns_pkg::ReciprocalBits]),
    .y_i(x_i), .r_o(residue)
  );
  pl_delay #(.Bits(Lanes*ValueBox), .Clocks(R)) u_wait_x (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(x_i), .data_o(x_late)
  );
  pl_delay #(.Bits(Lanes*ResidueBox), .Clocks(R)) u_wait_other (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(other_i), .data_o(other_late)
  );

  logic signed [31:0] limit;
  assign limit = $signed({4'd0, limit_i});
  logic [Lanes*32-1:0] value_q;
  logic [Lanes-1:0] detected_q, corrected_q;
  assign value_o = value_q;
  assign detected_o = detected_q;
  assign corrected_o = corrected_q;

  logic signed [31:0] x [0:Lanes-1], plain [0:Lanes-1];
  logic [31:0] got [0:Lanes-1], want [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign x[g] = 32'($signed(x_late[g*ValueBox +: ValueBox]));
    assign plain[g] = 32'($signed(plain_i[g*ValueBox +: ValueBox]));
    assign got[g] = 32'(residue[g*ResidueBox +: ResidueBox]);
    assign want[g] = 32'(other_late[g*ResidueBox +: ResidueBox]);
  end

  // The last five numbers, lane l of number n at n*Lanes + l; 0 is the newest. Flags: 0 or 1.
  logic signed [31:0] number [0:5*Lanes-1];
  logic [31:0] legal [0:5*Lanes-1];
  logic [31:0] agrees [0:5*Lanes-1];
  // Within the decision.
  logic [31:0] stands [0:Lanes-1], right0 [0:Lanes-1], right1 [0:Lanes-1], right2 [0:Lanes-1], keep [0:Lanes-1];
  logic signed [31:0] value [0:Lanes-1];

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    logic two, one;
    two = redundant_i == 2'd2;
    one = redundant_i == 2'd1;
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        stands[l] = legal[4*Lanes+l] & (agrees[4*Lanes+l] | agrees[3*Lanes+l]);
        right0[l] = legal[2*Lanes+l] & agrees[2*Lanes+l];
        right1[l] = legal[Lanes+l] & agrees[Lanes+l];
        right2[l] = legal[l] & agrees[l];
        keep[l] = two ? stands[l] | right0[l] | right1[l] | right2[l]
                : one ? legal[4*Lanes+l] & agrees[4*Lanes+l] : legal[4*Lanes+l] | {31'd0, ~range_check_i};
        value[l] = !two || stands[l][0] ? number[4*Lanes+l] : right0[l][0] ? number[2*Lanes+l]
                 : right1[l][0] ? number[Lanes+l] : number[l];
        value_q[l*32 +: 32] <= plain_on_i ? plain[l] : keep[l][0] ? value[l] : 32'sd0;
        detected_q[l] <= !plain_on_i && !keep[l][0];
        corrected_q[l] <= !plain_on_i && two && keep[l][0]
                          && !(stands[l][0] && agrees[4*Lanes+l][0] && agrees[3*Lanes+l][0]);
      end
      for (int l = 5*Lanes-1; l >= Lanes; l--) begin
        number[l] = number[l-Lanes];
        legal[l] = legal[l-Lanes];
        agrees[l] = agrees[l-Lanes];
      end
      for (int l = 0; l < Lanes; l++) begin
        number[l] = x[l];
        legal[l] = x[l] <= limit && x[l] >= -limit ? 32'd1 : 32'd0;
        agrees[l] = got[l] == want[l] ? 32'd1 : 32'd0;
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
