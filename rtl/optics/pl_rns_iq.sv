// pl_rns_iq: the two detectors of a residue channel (signal-chain.md, "The kind `rns`", 5): I and Q of a phase, their
// additive noise, their converters, per lane and clock.
//
// Lane l of the packed ports of two is I, lane Lanes + l is Q. The detector values of a_i appear at iq_o, scaled for
// pl_cordic, IqLatency enabled clocks later, with clipped_o high if one of the two converters saturated. The deviates
// gauss_i come SineLatency - 1 enabled clocks after a_i.
//
//   clock    1..4      5               6..8              9
//            sine      with noise      ADC, or waits     scaled
`default_nettype none
module pl_rns_iq #(
  parameter int Lanes = 2,  // >= 1
  localparam int PhaseBox = pl_pkg::PhaseBox,
  localparam int WaveBox = pl_pkg::WaveBox,
  localparam int CordicBox = pl_pkg::CordicBox,
  localparam int GaussBox = pl_pkg::GaussBox
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic [Lanes*PhaseBox-1:0]           a_i,
  input  logic [2*Lanes*GaussBox-1:0]         gauss_i,
  output logic [2*Lanes*CordicBox-1:0]        iq_o,
  output logic [Lanes-1:0]                    clipped_o
);
  localparam int Both = 2 * Lanes;

  logic noise_on, adc_on;
  logic [15:0] sigma;
  logic [4:0] scale;  // codes of fewer bits are shifted up as far as codes of 20 bits would not be
  assign noise_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectThermal];
  assign adc_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectAdc];
  assign sigma = regs_i[pl_regs_pkg::RegIqSigma*32 +: 16];
  assign scale = adc_on ? 5'd20 - regs_i[pl_regs_pkg::RegAdcBits*32 +: 5] : 5'd4;

  // ---- I is the sine a quarter turn on.
  logic [Both*PhaseBox-1:0] phase;
  logic [Both*WaveBox-1:0] sine;
  for (genvar g = 0; g < Lanes; g++) begin : g_phase
    assign phase[g*PhaseBox +: PhaseBox] = PhaseBox'(16'(a_i[g*PhaseBox +: 16] + 16'd16384));
    assign phase[(Lanes+g)*PhaseBox +: PhaseBox] = a_i[g*PhaseBox +: PhaseBox];
  end
  pl_rns_sine #(.Lanes(Both)) u_sine (.clk_i(clk_i), .en_i(en_i), .a_i(phase), .s_o(sine));

  logic [Both*32-1:0] v_q, code;
  logic [Both-1:0] clipped;
  logic [Both*WaveBox-1:0] v, v_late;
  pl_adc #(.Lanes(Both)) u_adc (
    .clk_i(clk_i), .en_i(en_i), .regs_i(regs_i), .v_i(v_q), .code_o(code), .clipped_o(clipped)
  );
  pl_delay #(.Bits(Both*WaveBox), .Clocks(pl_pkg::AdcLatency)) u_wait_v (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(v), .data_o(v_late)
  );

  logic signed [31:0] sine4 [0:Both-1];
  logic signed [31:0] gauss [0:Both-1];
  logic signed [31:0] level8 [0:Both-1];
  for (genvar g = 0; g < Both; g++) begin : g_both
    assign sine4[g] = 32'($signed(sine[g*WaveBox +: WaveBox]));
    assign gauss[g] = 32'($signed(gauss_i[g*GaussBox +: GaussBox]));
    assign v[g*WaveBox +: WaveBox] = v_q[g*32 +: WaveBox];
    assign level8[g] = adc_on ? code[g*32 +: 32] : 32'($signed(v_late[g*WaveBox +: WaveBox]));
  end

  logic [Both*CordicBox-1:0] iq_q;
  logic [Lanes-1:0] clipped_q;
  assign iq_o = iq_q;
  assign clipped_o = clipped_q;

  logic signed [31:0] noise4 [0:Both-1];  // at most 15 + 16 bits before the shift

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Both; l++) begin
        iq_q[l*CordicBox +: CordicBox] <= CordicBox'(level8[l] <<< scale);
      end
      clipped_q <= clipped[Lanes-1:0] | clipped[Both-1:Lanes];
      for (int l = 0; l < Both; l++) begin
        v_q[l*32 +: 32] <= sine4[l] + (noise_on ? noise4[l] : 32'sd0);
      end
      for (int l = 0; l < Both; l++) begin
        noise4[l] = (gauss[l] * $signed({16'd0, sigma}) + 32'sd16384) >>> 15;
      end
    end
  end
  // verilator lint_on BLKSEQ

  logic unused_regs;
  assign unused_regs = ^regs_i;
endmodule
`default_nettype wire
