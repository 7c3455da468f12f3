// pl_photons: kind intensity: the optical sums of a read through two photon counters per lane (signal-chain.md,
// "The kind `intensity`", 5), before the receiver noise.
//
// Inputs: the sums in detector LSB, rounded, y_i and l_i; low_i: the six bits of each that the rounding took,
// {of R, of y}; and the read's coordinates: row_i, col_i of array row 0 and column 0, sum_i. All leave PhotonsLatency
// enabled clocks later: v_o counted if the effect is on, else y; the light l_o and the coordinates as they came.
//
//   clock   lights                       words
//     1     of both detectors            Threefry 1..17
//     2     times photon_gain            |
//     3     means                        |
//    17     | wait                       v
//    31     counts: pl_poisson, 14 clocks
//    32     difference times photon_step
//    33     scaled
//    34     limited
`default_nettype none
module pl_photons #(
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
  input  logic [Lanes*32-1:0]                 l_i,
  input  logic [Lanes*12-1:0]                 low_i,
  output logic [pl_pkg::RowBits-1:0]          row_o,
  output logic [pl_pkg::ColBits-1:0]          col_o,
  output logic [pl_pkg::SumBits-1:0]          sum_o,
  output logic [Lanes*32-1:0]                 v_o,
  output logic [Lanes*32-1:0]                 l_o
);
  localparam int MeanBox = pl_pkg::MeanBox;
  localparam int CountBox = pl_pkg::CountBox;
  localparam int PlaceBits = pl_pkg::RowBits + pl_pkg::ColBits + pl_pkg::SumBits;
  localparam logic [63:0] MeanMax = 64'hf_ffff_ffff;

  // ---- Registers.
  logic photons_on;
  logic [31:0] seed, job;
  logic [15:0] gain, step;
  logic [5:0] gain_shift, step_shift;
  assign photons_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectPhotons];
  assign seed = regs_i[pl_regs_pkg::RegSeed*32 +: 32];
  assign job = regs_i[pl_regs_pkg::RegJob*32 +: 32];
  assign gain = regs_i[pl_regs_pkg::RegPhotonGain*32 +: 16];
  assign gain_shift = regs_i[pl_regs_pkg::RegPhotonShift*32 +: 6];
  assign step = regs_i[pl_regs_pkg::RegPhotonStep*32 +: 16];
  assign step_shift = regs_i[pl_regs_pkg::RegPhotonStepShift*32 +: 6];
  logic en_count;  // nothing is counted without the effect
  assign en_count = en_i & photons_on;
  logic unused_regs;
  assign unused_regs = ^regs_i;

  // ---- Words: of the plus detectors, then of the minus detectors.
  logic [2*Lanes*32-1:0] counter0, counter1, word0, word1;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar c = 0; c < Columns; c++) begin : g_column
      localparam int Lane = r * Columns + c;
      assign counter0[Lane*32 +: 32] = {sum_i[7:0], row_i + pl_pkg::RowBits'(r)};
      assign counter1[Lane*32 +: 32] = {pl_pkg::NoisePhotons, sum_i[15:8], col_i + pl_pkg::ColBits'(c)};
      assign counter0[(Lanes+Lane)*32 +: 32] = {sum_i[7:0], row_i + pl_pkg::RowBits'(r)};
      assign counter1[(Lanes+Lane)*32 +: 32] = {pl_pkg::NoisePhotons + 4'd1, sum_i[15:8],
                                                col_i + pl_pkg::ColBits'(c)};
    end
  end
  pl_threefry #(.Lanes(2*Lanes)) u_threefry (
    .clk_i(clk_i), .en_i(en_count), .key0_i(seed), .key1_i(job),
    .c0_i(counter0), .c1_i(counter1), .x0_o(word0), .x1_o(word1)
  );

  // ---- Counts.
  logic [2*Lanes*MeanBox-1:0] mean_q, mean_late;
  logic [2*Lanes*CountBox-1:0] count;
  pl_delay #(.Bits(2*Lanes*MeanBox), .Clocks(pl_pkg::ThreefryLatency - 3)) u_wait_mean (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_count), .data_i(mean_q), .data_o(mean_late)
  );
  pl_poisson #(.Lanes(2*Lanes)) u_poisson (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_count), .mean_i(mean_late), .word0_i(word0), .word1_i(word1),
    .count_o(count)
  );

  // ---- What passes by.
  logic [Lanes*32-1:0] y33_late;
  pl_delay #(.Bits(Lanes*32), .Clocks(pl_pkg::PhotonsLatency - 1)) u_wait_y (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(y_i), .data_o(y33_late)
  );
  pl_delay #(.Bits(Lanes*32 + PlaceBits), .Clocks(pl_pkg::PhotonsLatency)) u_wait_light (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i({row_i, col_i, sum_i, l_i}),
    .data_o({row_o, col_o, sum_o, l_o})
  );

  // ---- Lanes, unpacked.
  logic signed [63:0] y0 [0:Lanes-1], r0 [0:Lanes-1];  // y and R, Q8: 39 bits used
  logic signed [31:0] y33 [0:Lanes-1];
  logic signed [63:0] plus31 [0:Lanes-1], minus31 [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    // rnd(x, 6) is one more than x >> 6 if bit 5 of x is set.
    assign y0[g] = ((64'($signed(y_i[g*32 +: 32])) - $signed({63'd0, low_i[g*12+5]})) <<< 6)
                 | $signed({58'd0, low_i[g*12 +: 6]});
    assign r0[g] = (($signed({32'd0, l_i[g*32 +: 32]}) - $signed({63'd0, low_i[g*12+11]})) <<< 6)
                 | $signed({58'd0, low_i[g*12+6 +: 6]});
    assign y33[g] = y33_late[g*32 +: 32];
    assign plus31[g] = 64'(count[g*CountBox +: CountBox]);
    assign minus31[g] = 64'(count[(Lanes+g)*CountBox +: CountBox]);
  end
  logic [Lanes*32-1:0] v_q;
  assign v_o = v_q;

  // ---- Stage registers, named by the clock at whose end they are written; minus detectors at Lanes + l.
  logic signed [63:0] sum [0:Lanes-1];                 // within a stage
  logic        [63:0] light1 [0:2*Lanes-1];            // 39 bits used
  logic        [63:0] gained2 [0:2*Lanes-1];           // 54 bits used
  logic        [63:0] mean3 [0:2*Lanes-1];             // within the stage
  logic signed [63:0] value32 [0:Lanes-1];             // 38 bits used
  logic signed [63:0] value33 [0:Lanes-1];             // 54 bits used
  logic signed [63:0] limited [0:Lanes-1];             // within the stage
  logic signed [63:0] half;
  assign half = $signed((64'd1 << step_shift) >> 1);   // 0 without a shift

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        limited[l] = value33[l] > 64'sd2147483647 ? 64'sd2147483647
                   : value33[l] < -64'sd2147483648 ? -64'sd2147483648 : value33[l];
        v_q[l*32 +: 32] <= photons_on ? limited[l][31:0] : y33[l];
      end
    end
    if (en_count) begin
      for (int l = 0; l < Lanes; l++) begin
        value33[l] = ((value32[l] <<< 16) + half) >>> step_shift;
      end
      for (int l = 0; l < Lanes; l++) begin
        value32[l] = (plus31[l] - minus31[l]) * $signed({48'd0, step});
      end
      for (int l = 0; l < 2*Lanes; l++) begin
        mean3[l] = gained2[l] >> gain_shift;
        mean_q[l*MeanBox +: MeanBox] <= mean3[l] > MeanMax ? MeanBox'(MeanMax) : MeanBox'(mean3[l]);
      end
      for (int l = 0; l < 2*Lanes; l++) begin
        gained2[l] = light1[l] * 64'(gain);
      end
      for (int l = 0; l < Lanes; l++) begin
        sum[l] = r0[l] + y0[l];
        light1[l] = $unsigned(sum[l] >>> 1);
        sum[l] = r0[l] - y0[l];
        light1[Lanes+l] = $unsigned(sum[l] >>> 1);
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
