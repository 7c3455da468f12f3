// pl_rns_residue: y mod m of every lane, per clock (signal-chain.md, "The kind `rns`", 3): remainders without a divider.
//
// The remainder of y_i (0..m-1, also for a negative y) appears at r_o ResidueLatency enabled clocks later. m_i and
// reciprocal_i (pl_rns_pkg) belong to the y_i beside them; k_i may only change while the pipeline is empty.
// Stages: magnitude; times the reciprocal; quotient; magnitude less quotient * m; the other side of m for a negative y.
`default_nettype none
module pl_rns_residue #(
  parameter int Lanes = 2,  // >= 1
  parameter int Bits = 28,  // of y, signed: 11..28
  parameter int Box = 32,   // storage width of a y, sign-extended: >= Bits
  localparam int ResidueBox = pl_pkg::ResidueBox
) (
  input  logic                                   clk_i,
  input  logic                                   en_i,
  input  logic [3:0]                             k_i,
  input  logic [pl_rns_pkg::ModulusBits-1:0]     m_i,
  input  logic [pl_rns_pkg::ReciprocalBits-1:0]  reciprocal_i,
  input  logic [Lanes*Box-1:0]                   y_i,
  output logic [Lanes*ResidueBox-1:0]            r_o
);
  logic [Lanes*ResidueBox-1:0] r_q;
  assign r_o = r_q;

  logic signed [31:0] y [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign y[g] = 32'($signed(y_i[g*Box +: Box]));
  end

  logic [31:0] magnitude1 [0:Lanes-1];
  logic [63:0] product2 [0:Lanes-1];    // Bits - 1 + 28 bits used
  logic [31:0] low2 [0:Lanes-1], low3 [0:Lanes-1];  // of the magnitude: the remainder needs no more
  logic [31:0] quotient3 [0:Lanes-1];   // its low bits
  logic [31:0] rest4 [0:Lanes-1];
  logic [31:0] neg1 [0:Lanes-1], neg2 [0:Lanes-1], neg3 [0:Lanes-1], neg4 [0:Lanes-1];  // 0 or 1
  logic [8:0]  m1, m2, m3, m4;
  logic [27:0] reciprocal1;

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        r_q[l*ResidueBox +: ResidueBox] <=
            ResidueBox'(neg4[l][0] && rest4[l] != 32'd0 ? 32'(m4) - rest4[l] : rest4[l]);
      end
      for (int l = 0; l < Lanes; l++) begin
        rest4[l] = 32'(9'(low3[l][8:0] - 9'(quotient3[l][8:0] * m3)));
        neg4[l] = neg3[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        quotient3[l] = 32'(9'(product2[l] >> (6'd27 + 6'(k_i))));
        low3[l] = low2[l];
        neg3[l] = neg2[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        product2[l] = 64'(magnitude1[l][Bits-2:0]) * 64'(reciprocal1);
        low2[l] = 32'(magnitude1[l][8:0]);
        neg2[l] = neg1[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        magnitude1[l] = y[l] < 32'sd0 ? -y[l] : y[l];
        neg1[l] = y[l] < 32'sd0 ? 32'd1 : 32'd0;
      end
      m4 = m3;
      m3 = m2;
      m2 = m1;
      m1 = m_i;
      reciprocal1 = reciprocal_i;
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
