// pl_rns_crt: the number with given residues of three moduli, by mixed radix (Garner 1959; signal-chain.md, "The kind
// `rns`", 7 and 8), per lane and clock.
//
// The number with the residues a_i, b_i, c_i of the moduli of triple_i (pl_rns_pkg), centred, appears at x_o,
// sign-extended to ValueBox bits, CrtLatency enabled clocks later. k_i may only change while the pipeline is empty.
// With the constants of the triple:
//
//   clock     1         d = b - a, e = c - a
//             2         d * step, e * far
//             R + 2     v = d * step mod m_b
//             R + 3     q = e * far - v * near; low = a + m_a v
//             2R + 3    w = q mod m_c
//             2R + 4    x = low + m_a m_b w
//             2R + 5    centred                                 R: ResidueLatency
`default_nettype none
module pl_rns_crt #(
  parameter int Lanes = 2,  // >= 1
  localparam int ResidueBox = pl_pkg::ResidueBox,
  localparam int ValueBox = pl_pkg::ValueBox
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        en_i,
  input  logic [3:0]                  k_i,
  input  logic [1:0]                  triple_i,
  input  logic [Lanes*ResidueBox-1:0] a_i,
  input  logic [Lanes*ResidueBox-1:0] b_i,
  input  logic [Lanes*ResidueBox-1:0] c_i,
  output logic [Lanes*ValueBox-1:0]   x_o
);
  localparam int ModulusBits = pl_rns_pkg::ModulusBits;
  localparam int R = pl_pkg::ResidueLatency;
  localparam int MixedBits = 19;  // signed
  localparam int MixedBox = pl_pkg::MixedBox;
  localparam int LowBox = pl_pkg::LowBox;

  // ---- The triple, as long as its numbers are on their way; bits 2s+1:2s after clock s + 1.
  logic [2*(2*R+4)-1:0] triples_q, triples_d;
  assign triples_d = en_i ? {triples_q[2*(2*R+3)-1:0], triple_i} : triples_q;
  always_ff @(posedge clk_i) triples_q <= triples_d;
  `define PL_TRIPLE(CLOCK) triples_q[2*((CLOCK)-1) +: 2]
  `define PL_OF_TRIPLE(TABLE, BITS, CLOCK) pl_rns_pkg::TABLE[BITS*32'(pl_rns_pkg::of_triple(k_i, `PL_TRIPLE(CLOCK))) +: BITS]

  // Moduli of a triple: 0, 1, 2 | 1, 2, 3 | 0, 2, 3 | 0, 1, 3.
  logic [4:0] at_a, at_b, at_c;
  assign at_a = pl_rns_pkg::modulus(k_i, `PL_TRIPLE(R + 2) == 2'd1 ? 3'd1 : 3'd0);
  assign at_b = pl_rns_pkg::modulus(k_i, `PL_TRIPLE(2) == 2'd0 || `PL_TRIPLE(2) == 2'd3 ? 3'd1 : 3'd2);
  assign at_c = pl_rns_pkg::modulus(k_i, `PL_TRIPLE(R + 3) == 2'd0 ? 3'd2 : 3'd3);
  logic [ModulusBits-1:0] m_a, m_b, m_c;
  assign m_a = pl_rns_pkg::Moduli[ModulusBits*32'(at_a) +: ModulusBits];
  assign m_b = pl_rns_pkg::Moduli[ModulusBits*32'(at_b) +: ModulusBits];
  assign m_c = pl_rns_pkg::Moduli[ModulusBits*32'(at_c) +: ModulusBits];
  logic [pl_rns_pkg::ReciprocalBits-1:0] reciprocal_b, reciprocal_c;
  assign reciprocal_b = pl_rns_pkg::Reciprocals[pl_rns_pkg::ReciprocalBits*32'(at_b) +: pl_rns_pkg::ReciprocalBits];
  assign reciprocal_c = pl_rns_pkg::Reciprocals[pl_rns_pkg::ReciprocalBits*32'(at_c) +: pl_rns_pkg::ReciprocalBits];
  logic signed [ModulusBits:0] step, far, near;
  assign step = {1'b0, `PL_OF_TRIPLE(Step, ModulusBits, 1)};
  assign far = {1'b0, `PL_OF_TRIPLE(Far, ModulusBits, 1)};
  assign near = {1'b0, `PL_OF_TRIPLE(Near, ModulusBits, R + 2)};
  logic [pl_rns_pkg::PairBits-1:0] pair;
  logic [pl_rns_pkg::ProductBits-1:0] product;
  assign pair = `PL_OF_TRIPLE(Pairs, pl_rns_pkg::PairBits, 2 * R + 3);
  assign product = `PL_OF_TRIPLE(Products, pl_rns_pkg::ProductBits, 2 * R + 4);
  `undef PL_OF_TRIPLE
  `undef PL_TRIPLE

  // ---- Remainders, and what waits for them.
  logic [Lanes*MixedBox-1:0] d2_q, e2_q, e_late, q_q;
  logic [Lanes*ResidueBox-1:0] v, w, a_late;
  logic [Lanes*LowBox-1:0] low_q, low_late;
  logic [Lanes*ValueBox-1:0] x_q;
  assign x_o = x_q;
  pl_rns_residue #(.Lanes(Lanes), .Bits(MixedBits), .Box(MixedBox)) u_v (
    .clk_i(clk_i), .en_i(en_i), .k_i(k_i), .m_i(m_b), .reciprocal_i(reciprocal_b), .y_i(d2_q), .r_o(v)
  );
  pl_rns_residue #(.Lanes(Lanes), .Bits(MixedBits), .Box(MixedBox)) u_w (
    .clk_i(clk_i), .en_i(en_i), .k_i(k_i), .m_i(m_c), .reciprocal_i(reciprocal_c), .y_i(q_q), .r_o(w)
  );
  pl_delay #(.Bits(Lanes*ResidueBox), .Clocks(R + 2)) u_wait_a (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(a_i), .data_o(a_late)
  );
  pl_delay #(.Bits(Lanes*MixedBox), .Clocks(R)) u_wait_e (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(e2_q), .data_o(e_late)
  );
  pl_delay #(.Bits(Lanes*LowBox), .Clocks(R)) u_wait_low (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(low_q), .data_o(low_late)
  );

  logic signed [31:0] a_in [0:Lanes-1], b_in [0:Lanes-1], c_in [0:Lanes-1];
  logic signed [31:0] a_r2 [0:Lanes-1], v_r2 [0:Lanes-1], e_r2 [0:Lanes-1], w_2r3 [0:Lanes-1], low_2r3 [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign a_in[g] = 32'(a_i[g*ResidueBox +: ResidueBox]);
    assign b_in[g] = 32'(b_i[g*ResidueBox +: ResidueBox]);
    assign c_in[g] = 32'(c_i[g*ResidueBox +: ResidueBox]);
    assign a_r2[g] = 32'(a_late[g*ResidueBox +: ResidueBox]);
    assign v_r2[g] = 32'(v[g*ResidueBox +: ResidueBox]);
    assign e_r2[g] = 32'($signed(e_late[g*MixedBox +: MixedBox]));
    assign w_2r3[g] = 32'(w[g*ResidueBox +: ResidueBox]);
    assign low_2r3[g] = 32'(low_late[g*LowBox +: LowBox]);
  end

  logic signed [31:0] d1 [0:Lanes-1], e1 [0:Lanes-1];  // 10 bits
  logic signed [31:0] x_2r4 [0:Lanes-1];                 // 0..product - 1

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        x_q[l*ValueBox +: ValueBox] <=
            ValueBox'((x_2r4[l] <<< 1) > 32'(product) - 32'sd1 ? x_2r4[l] - 32'(product) : x_2r4[l]);
      end
      for (int l = 0; l < Lanes; l++) begin
        x_2r4[l] = low_2r3[l] + w_2r3[l] * 32'(pair);
      end
      for (int l = 0; l < Lanes; l++) begin
        q_q[l*MixedBox +: MixedBox] <= MixedBox'(e_r2[l] - v_r2[l] * 32'(near));
        low_q[l*LowBox +: LowBox] <= LowBox'(a_r2[l] + v_r2[l] * 32'(m_a));
      end
      for (int l = 0; l < Lanes; l++) begin
        d2_q[l*MixedBox +: MixedBox] <= MixedBox'(32'($signed(d1[l][9:0])) * 32'(step));
        e2_q[l*MixedBox +: MixedBox] <= MixedBox'(32'($signed(e1[l][9:0])) * 32'(far));
      end
      for (int l = 0; l < Lanes; l++) begin
        d1[l] = b_in[l] - a_in[l];
        e1[l] = c_in[l] - a_in[l];
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
