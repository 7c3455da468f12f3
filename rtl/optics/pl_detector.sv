// pl_detector: from the optical sums of a read to the detector value: phase noise, dispersion, output noise and
// receiver noise of every lane (signal-chain.md stages 5 to 8); kind intensity: receiver noise alone (its stage 6),
// the rest is left out.
//
// Inputs are the sums of pl_array (detector LSB, power and light units) and the read's coordinates: row_i,
// col_i of array row 0 and column 0, sum_i. The value appears at v_o DetectorLatency enabled clocks later.
//
//   clock   value path                     noise path              variance path
//     1     phase loss                     Threefry 1..17          products
//     2     v, with dispersion             |                       shifts
//     3     | wait                         |                       sum, saturated
//    ..     |                              Gauss 18..22            square root 4..20
//    22     v, output sigma                                        | wait
//    23     output noise                   | wait                  |
//    24     v + output noise               receiver deviate        receiver sigma
//    25     |                              deviate x sigma
//    26     |                              scaled
//    27     v + receiver noise
`default_nettype none
module pl_detector #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,
  parameter int Columns = 4,
  localparam int Lanes = Rows * Columns
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic [pl_pkg::RowBits-1:0]          row_i,
  input  logic [pl_pkg::ColBits-1:0]          col_i,
  input  logic [pl_pkg::SumBits-1:0]          sum_i,
  input  logic [Lanes*32-1:0]                 y_i,
  input  logic [Lanes*32-1:0]                 d_i,
  input  logic [Lanes*32-1:0]                 p_i,
  input  logic [Lanes*32-1:0]                 l_i,
  output logic [Lanes*32-1:0]                 v_o
);
  localparam int GaussBox = pl_pkg::GaussBox;
  localparam bit Coherent = Kind == pl_regs_pkg::KindCoherent;

  // ---- Registers.
  logic phase_on, dispersion_on, output_on, shot_on, thermal_on, systematic_on;
  logic [31:0] seed, job, thermal_var, systematic_var;
  logic [19:0] phase_loss;
  logic [15:0] phase_gain, output_sigma, shot_gain;
  logic [5:0]  phase_shift, shot_shift;
  logic [3:0]  sigma_exp;
  assign phase_on = Coherent && regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectPhase];
  assign dispersion_on = Coherent && regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectDispersion];
  assign output_on = Coherent && regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectOutput];
  assign shot_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectShot];
  assign thermal_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectThermal];
  assign systematic_on = !Coherent && regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectSystematic];
  assign seed = regs_i[pl_regs_pkg::RegSeed*32 +: 32];
  assign job = regs_i[pl_regs_pkg::RegJob*32 +: 32];
  assign thermal_var = regs_i[pl_regs_pkg::RegThermalVar*32 +: 32];
  assign systematic_var = regs_i[pl_regs_pkg::RegSystematicVar*32 +: 32];
  assign phase_loss = regs_i[pl_regs_pkg::RegPhaseLoss*32 +: 20];
  assign phase_gain = regs_i[pl_regs_pkg::RegPhaseGain*32 +: 16];
  assign phase_shift = regs_i[pl_regs_pkg::RegPhaseShift*32 +: 6];
  assign output_sigma = regs_i[pl_regs_pkg::RegOutputSigma*32 +: 16];
  assign shot_gain = regs_i[pl_regs_pkg::RegShotGain*32 +: 16];
  assign shot_shift = regs_i[pl_regs_pkg::RegShotShift*32 +: 6];
  assign sigma_exp = regs_i[pl_regs_pkg::RegSigmaExp*32 +: 4];

  logic unused_regs;
  assign unused_regs = ^regs_i;

  // ---- Noise: one Threefry block per read, word 0 for the output noise, word 1 for the receiver.
  logic [Lanes*32-1:0] counter0, counter1, word0, word1;
  logic [Lanes*GaussBox-1:0] gauss0, gauss1;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar c = 0; c < Columns; c++) begin : g_column
      localparam int Lane = r * Columns + c;
      assign counter0[Lane*32 +: 32] = {sum_i[7:0], row_i + pl_pkg::RowBits'(r)};
      assign counter1[Lane*32 +: 32] = {pl_pkg::NoiseRead, sum_i[15:8], col_i + pl_pkg::ColBits'(c)};
    end
  end
  pl_threefry #(.Lanes(Lanes)) u_threefry (
    .clk_i(clk_i), .en_i(en_i), .key0_i(seed), .key1_i(job),
    .c0_i(counter0), .c1_i(counter1), .x0_o(word0), .x1_o(word1)
  );
  if (Coherent) begin : g_output
    pl_gauss #(.Lanes(Lanes)) u_gauss_output (.clk_i(clk_i), .en_i(en_i), .word_i(word0), .gauss_o(gauss0));
  end else begin : g_no_output
    assign gauss0 = '0;
    logic unused_inputs;
    assign unused_inputs = ^{word0, d_i, p_i};
  end
  pl_gauss #(.Lanes(Lanes)) u_gauss_receiver (.clk_i(clk_i), .en_i(en_i), .word_i(word1), .gauss_o(gauss1));

  // ---- Receiver sigma: square root of the summed variance.
  logic [Lanes*32-1:0] variance_q, root, v_q;
  assign v_o = v_q;
  pl_isqrt #(.Lanes(Lanes)) u_isqrt (.clk_i(clk_i), .en_i(en_i), .v_i(variance_q), .root_o(root));

  // ---- Waits: the value for its noise (clocks 3 to 21), the receiver's deviate (23, 24) and sigma (21 to 24) for the
  // output noise.
  logic [Lanes*32-1:0] v2_q, v2_late, root_late;
  logic [Lanes*GaussBox-1:0] gauss1_late;
  pl_delay #(.Bits(Lanes*32), .Clocks(pl_pkg::DeviateLatency - 3)) u_wait_v (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(v2_q), .data_o(v2_late)
  );
  pl_delay #(.Bits(Lanes*GaussBox), .Clocks(2)) u_wait_deviate (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(gauss1), .data_o(gauss1_late)
  );
  pl_delay #(.Bits(Lanes*32), .Clocks(pl_pkg::DeviateLatency - pl_pkg::IsqrtLatency - 1)) u_wait_sigma (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(root), .data_o(root_late)
  );

  // ---- Lanes, unpacked.
  logic signed [31:0] y [0:Lanes-1];
  logic signed [31:0] d [0:Lanes-1];
  logic        [31:0] p [0:Lanes-1];
  logic        [31:0] l [0:Lanes-1];
  logic signed [31:0] g0 [0:Lanes-1];
  logic signed [31:0] g1 [0:Lanes-1];
  logic signed [31:0] sigma24 [0:Lanes-1];
  logic signed [31:0] v21 [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign y[g] = y_i[g*32 +: 32];
    assign d[g] = d_i[g*32 +: 32];
    assign p[g] = p_i[g*32 +: 32];
    assign l[g] = l_i[g*32 +: 32];
    assign g0[g] = 32'($signed(gauss0[g*GaussBox +: GaussBox]));
    assign g1[g] = 32'($signed(gauss1_late[g*GaussBox +: GaussBox]));
    assign sigma24[g] = root_late[g*32 +: 32];
    assign v21[g] = v2_late[g*32 +: 32];
  end

  // ---- Stage registers, named by the clock at whose end they are written.
  logic signed [31:0] loss1 [0:Lanes-1], y1 [0:Lanes-1], d1 [0:Lanes-1];
  logic signed [31:0] v22 [0:Lanes-1], v23 [0:Lanes-1], v24 [0:Lanes-1], v25 [0:Lanes-1], v26 [0:Lanes-1];
  logic        [31:0] magnitude [0:Lanes-1];          // within a stage
  logic        [31:0] sigma22 [0:Lanes-1];
  logic signed [63:0] noise23 [0:Lanes-1];            // 47 bits used
  logic signed [31:0] product25 [0:Lanes-1];          // at most 15 + 16 bits
  logic signed [63:0] noise26 [0:Lanes-1];            // 36 bits used
  logic signed [63:0] limited [0:Lanes-1];            // within a stage
  logic        [63:0] scaled [0:Lanes-1];             // within a stage
  logic        [63:0] phase1 [0:Lanes-1], shot1 [0:Lanes-1], phase2 [0:Lanes-1], shot2 [0:Lanes-1];  // 48 bits used

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    logic signed [63:0] highest, lowest;
    logic receiver_on;
    highest = 64'sd2147483647;
    lowest = -64'sd2147483648;
    receiver_on = phase_on | shot_on | thermal_on | systematic_on;
    if (en_i) begin
      for (int n = 0; n < Lanes; n++) begin
        limited[n] = 64'(v26[n]) + (receiver_on ? noise26[n] : 64'sd0);
        limited[n] = limited[n] > highest ? highest : limited[n];
        limited[n] = limited[n] < lowest ? lowest : limited[n];
        v_q[n*32 +: 32] <= limited[n][31:0];
      end
      for (int n = 0; n < Lanes; n++) begin
        noise26[n] = ((64'(product25[n]) <<< sigma_exp) + 64'sd1024) >>> 11;
        v26[n] = v25[n];
      end
      for (int n = 0; n < Lanes; n++) begin
        product25[n] = g1[n] * sigma24[n];
        v25[n] = v24[n];
      end
      if (Coherent) begin
        for (int n = 0; n < Lanes; n++) begin
          limited[n] = 64'(v23[n]) + (output_on ? noise23[n] : 64'sd0);
          limited[n] = limited[n] > highest ? highest : limited[n];
          limited[n] = limited[n] < lowest ? lowest : limited[n];
          v24[n] = limited[n][31:0];
        end
        for (int n = 0; n < Lanes; n++) begin
          noise23[n] = (64'(g0[n]) * $signed({32'd0, sigma22[n]}) + 64'sd1024) >>> 11;
          v23[n] = v22[n];
        end
        for (int n = 0; n < Lanes; n++) begin
          magnitude[n] = v21[n] < 32'sd0 ? -v21[n] : v21[n];
          scaled[n] = 64'(magnitude[n]) * 64'(output_sigma);
          sigma22[n] = scaled[n][47:16];
          v22[n] = v21[n];
        end
      end else begin
        for (int n = 0; n < Lanes; n++) begin
          v24[n] = v23[n];
          v23[n] = v22[n];
          v22[n] = v21[n];
        end
      end
      for (int n = 0; n < Lanes; n++) begin
        v2_q[n*32 +: 32] <= y1[n] - (phase_on ? loss1[n] : 32'sd0) + (dispersion_on ? d1[n] : 32'sd0);
        phase2[n] = phase2[n] + shot2[n] + (thermal_on ? 64'(thermal_var) : 64'd0);
        if (!Coherent) phase2[n] = phase2[n] + (systematic_on ? 64'(systematic_var) : 64'd0);
        variance_q[n*32 +: 32] <= phase2[n] > 64'hffffffff ? 32'hffffffff : phase2[n][31:0];
      end
      for (int n = 0; n < Lanes; n++) begin
        phase2[n] = phase_on ? phase1[n] >> phase_shift : 64'd0;
        shot2[n] = shot_on ? shot1[n] >> shot_shift : 64'd0;
      end
      if (Coherent) begin
        for (int n = 0; n < Lanes; n++) begin
          limited[n] = (64'(y[n]) * $signed({44'd0, phase_loss}) + 64'sd8388608) >>> 24;
          loss1[n] = limited[n][31:0];
          d1[n] = d[n];
          phase1[n] = 64'(p[n]) * 64'(phase_gain);
        end
      end
      for (int n = 0; n < Lanes; n++) begin
        y1[n] = y[n];
        shot1[n] = 64'(l[n]) * 64'(shot_gain);
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
