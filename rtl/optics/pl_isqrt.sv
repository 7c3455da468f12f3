// pl_isqrt: square root of a 32-bit number, rounded to nearest, per lane and clock (signal-chain.md stage 8).
//
// The root of v_i (0..65535) appears at root_o IsqrtLatency enabled clocks later. Digit recurrence: each stage
// shifts in two bits of v and decides one bit of the root; the last one rounds, saturating at 65535.
`default_nettype none
module pl_isqrt #(
  parameter int Lanes = 2  // >= 1
) (
  input  logic                clk_i,
  input  logic                en_i,
  input  logic [Lanes*32-1:0] v_i,
  output logic [Lanes*32-1:0] root_o
);
  localparam int RootBox = pl_pkg::RootBox;
  localparam int RemBox = pl_pkg::RemBox;

  logic [Lanes*32-1:0] root_q;
  logic [31:0] v_in [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign v_in[g] = v_i[g*32 +: 32];
  end

  assign root_o = root_q;

  // Stage s of lane l at s*Lanes + l; 16 decisions follow stage 0.
  logic [31:0]        v [0:17*Lanes-1];
  logic [RemBox-1:0]  rem [0:17*Lanes-1];
  logic [RootBox-1:0] root [0:17*Lanes-1];
  logic [RemBox-1:0]  shifted [0:Lanes-1];  // within a stage: remainder with the next two bits

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        root_q[l*32 +: 32] <= 32'(root[16*Lanes+l])
               + ((rem[16*Lanes+l] > RemBox'(root[16*Lanes+l]) && root[16*Lanes+l] != RootBox'(65535)) ? 32'd1 : 32'd0);
      end
      for (int s = 16; s > 0; s--) begin
        for (int l = 0; l < Lanes; l++) begin
          shifted[l] = (rem[(s-1)*Lanes+l] << 2) | RemBox'(v[(s-1)*Lanes+l][31:30]);
          rem[s*Lanes+l] = shifted[l] > (RemBox'(root[(s-1)*Lanes+l]) << 2)
                         ? shifted[l] - ((RemBox'(root[(s-1)*Lanes+l]) << 2) | RemBox'(1)) : shifted[l];
          root[s*Lanes+l] = (root[(s-1)*Lanes+l] << 1)
                          | RootBox'(shifted[l] > (RemBox'(root[(s-1)*Lanes+l]) << 2) ? 1 : 0);
          v[s*Lanes+l] = v[(s-1)*Lanes+l] << 2;
        end
      end
      for (int l = 0; l < Lanes; l++) begin
        v[l] = v_in[l];
        rem[l] = RemBox'(0);
        root[l] = RootBox'(0);
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
