// pl_rns_collect: gathers the residues of a group of lanes, modulus by modulus, and asks for its reverse conversions.
//
// With valid_i, residue_i and clipped_i are those of modulus slot_i; last_i says that the group is complete. Then, in
// the next five enabled clocks, or until the next group is complete, the residues of five conversions leave at a_o, b_o,
// c_o: of triple 0, 0, 1, 2, 3 (triple_o), and beside them the residue that the converted number is to be compared with:
// that of modulus 3, 4, 4, 4, 4 (fourth_o: 4). Five moduli in use take five clocks, so the conversions keep up; with
// fewer only the first one is of use. clipped_o: whether a converter saturated for any modulus of the last group.
`default_nettype none
module pl_rns_collect #(
  parameter int Lanes = 2,  // >= 1
  localparam int ResidueBox = pl_pkg::ResidueBox
) (
  input  logic                        clk_i,
  input  logic                        en_i,
  input  logic                        valid_i,
  input  logic                        last_i,
  input  logic [2:0]                  slot_i,
  input  logic [Lanes*ResidueBox-1:0] residue_i,
  input  logic [Lanes-1:0]            clipped_i,
  output logic [1:0]                  triple_o,
  output logic                        fourth_o,
  output logic [Lanes*ResidueBox-1:0] a_o,
  output logic [Lanes*ResidueBox-1:0] b_o,
  output logic [Lanes*ResidueBox-1:0] c_o,
  output logic [Lanes*ResidueBox-1:0] other_o,
  output logic [Lanes-1:0]            clipped_o
);
  logic [Lanes*ResidueBox-1:0] a_q, b_q, c_q, other_q;
  logic [1:0] triple_q;
  logic fourth_q;
  logic [Lanes-1:0] clipped_q;
  assign a_o = a_q;
  assign b_o = b_q;
  assign c_o = c_q;
  assign other_o = other_q;
  assign triple_o = triple_q;
  assign fourth_o = fourth_q;
  assign clipped_o = clipped_q;

  // Of modulus i, lane l at i*Lanes + l.
  logic [ResidueBox-1:0] coming [0:5*Lanes-1];
  logic [ResidueBox-1:0] group [0:5*Lanes-1];
  logic [Lanes-1:0] clips;
  logic [2:0] step;  // conversions of the group so far, up to 5

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of these; last stage first
    logic [1:0] triple;
    triple = step < 3'd2 ? 2'd0 : 2'(step - 3'd1);
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin  // the base moduli but one, and modulus 3
        a_q[l*ResidueBox +: ResidueBox] <= triple == 2'd1 ? group[Lanes+l] : group[l];
        b_q[l*ResidueBox +: ResidueBox] <= triple == 2'd0 || triple == 2'd3 ? group[Lanes+l] : group[2*Lanes+l];
        c_q[l*ResidueBox +: ResidueBox] <= triple == 2'd0 ? group[2*Lanes+l] : group[3*Lanes+l];
        other_q[l*ResidueBox +: ResidueBox] <= step == 3'd0 ? group[3*Lanes+l] : group[4*Lanes+l];
      end
      triple_q <= triple;
      fourth_q <= step != 3'd0;
      step = step < 3'd5 ? step + 3'd1 : step;
      if (valid_i) begin
        for (int i = 0; i < 5; i++) begin
          for (int l = 0; l < Lanes; l++) begin
            coming[i*Lanes+l] = slot_i == 3'(i) ? residue_i[l*ResidueBox +: ResidueBox] : coming[i*Lanes+l];
          end
        end
        clips = slot_i == 3'd0 ? clipped_i : clips | clipped_i;
      end
      if (valid_i && last_i) begin
        for (int i = 0; i < 5*Lanes; i++) begin
          group[i] = coming[i];
        end
        clipped_q <= clips;
        step = 3'd0;
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
