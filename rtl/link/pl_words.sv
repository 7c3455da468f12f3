// pl_words: the words that a device tells of itself (docs/registers.md, "Words of a device"). word_o is the value of the word
// whose number is address_i, in the same clock; 0 for all numbers that no word has.
`default_nettype none
module pl_words #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int Elements = 8,
  parameter int AWords = 256,
  parameter int BWords = 256,
  parameter int RxLog = 12,
  parameter int TxLog = 12,
  parameter bit Ft245 = 1'b0,
  parameter int ClockKhz = 48000,
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic [15:0] address_i,
  input  logic [31:0] session_i,
  input  logic [47:0] run_cycles_i,
  input  logic [47:0] load_cycles_i,
  input  logic [47:0] reads_i,
  input  logic [47:0] clipped_i,
  input  logic [47:0] detected_i,
  input  logic [47:0] corrected_i,
  input  logic [31:0] frames_i,
  input  logic [31:0] faults_i,
  output logic [31:0] word_o
);
  localparam bit Rns = Kind == pl_regs_pkg::KindRns;
  localparam int Payload = (TxLog < 10 ? 1 << TxLog : 1024) / 16;  // largest of a frame
  localparam int CounterWord = pl_regs_pkg::DeviceRunCycles;       // of the first of the counters, two words each
  logic [4:0] word;
  logic [31:0] value;
  assign word = address_i[4:0];
  always_comb begin
    unique case (word)
      5'(pl_regs_pkg::DeviceMagic): value = pl_regs_pkg::DeviceMagicValue;
      5'(pl_regs_pkg::DeviceVersion): value = {16'(pl_regs_pkg::ProtocolVersion), 16'(pl_regs_pkg::RegVersion)};
      5'(pl_regs_pkg::DeviceBuild): value = BuildId;
      5'(pl_regs_pkg::DeviceKind): value = 32'(Kind);
      5'(pl_regs_pkg::DeviceGeometry): value = {8'(Elements), 8'(Width), 8'(Columns), 8'(Rows)};
      5'(pl_regs_pkg::DeviceBuffers): value = {16'(BWords - 1), 16'(AWords - 1)};
      5'(pl_regs_pkg::DeviceLink): value = {7'd0, Ft245, 8'(Payload), 8'(TxLog), 8'(RxLog)};
      5'(pl_regs_pkg::DeviceClock): value = 32'(ClockKhz);
      5'(pl_regs_pkg::DeviceSession): value = session_i;
      5'(CounterWord): value = run_cycles_i[31:0];
      5'(CounterWord + 1): value = 32'(run_cycles_i[47:32]);
      5'(pl_regs_pkg::DeviceLoadCycles): value = load_cycles_i[31:0];
      5'(pl_regs_pkg::DeviceLoadCycles + 1): value = 32'(load_cycles_i[47:32]);
      5'(pl_regs_pkg::DeviceReads): value = reads_i[31:0];
      5'(pl_regs_pkg::DeviceReads + 1): value = 32'(reads_i[47:32]);
      5'(pl_regs_pkg::DeviceClipped): value = clipped_i[31:0];
      5'(pl_regs_pkg::DeviceClipped + 1): value = 32'(clipped_i[47:32]);
      5'(pl_regs_pkg::DeviceDetected): value = Rns ? detected_i[31:0] : 32'd0;
      5'(pl_regs_pkg::DeviceDetected + 1): value = Rns ? 32'(detected_i[47:32]) : 32'd0;
      5'(pl_regs_pkg::DeviceCorrected): value = Rns ? corrected_i[31:0] : 32'd0;
      5'(pl_regs_pkg::DeviceCorrected + 1): value = Rns ? 32'(corrected_i[47:32]) : 32'd0;
      5'(pl_regs_pkg::DeviceFrames): value = frames_i;
      5'(pl_regs_pkg::DeviceFaults): value = faults_i;
      default: value = 32'd0;
    endcase
  end
  assign word_o = address_i[15:5] == pl_regs_pkg::DeviceBase[15:5] ? value : 32'd0;
endmodule
`default_nettype wire
