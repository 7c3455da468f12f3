// pl_mantissa: encodes a beat of operand elements of a residue core (signal-chain.md, "rns" stage 1), one clock.
//
// shift_i is the exponent of the beat's row (or column) in this read. Each int8 code loses that many bits, cut towards
// zero; the exponent goes along.
`default_nettype none
module pl_mantissa #(
  parameter int Elements = 8,
  localparam int CodeBox = pl_pkg::CodeBox
) (
  input  logic                         clk_i,
  input  logic                         en_i,
  input  logic [Elements*8-1:0]        codes_i,
  input  logic [pl_pkg::ShiftBits-1:0] shift_i,
  output logic [Elements*CodeBox-1:0]  mantissas_o,
  output logic [pl_pkg::ShiftBits-1:0] shift_o
);
  logic [Elements*CodeBox-1:0] mantissas_q;
  logic [pl_pkg::ShiftBits-1:0] shift_q;
  assign mantissas_o = mantissas_q;
  assign shift_o = shift_q;
  for (genvar g = 0; g < Elements; g++) begin : g_element
    logic signed [8:0] code, magnitude;
    logic signed [7:0] cut;
    assign code = 9'($signed(codes_i[g*8 +: 8]));
    assign magnitude = (code < 9'sd0 ? -code : code) >>> shift_i;
    assign cut = 8'(code < 9'sd0 ? -magnitude : magnitude);
    always_ff @(posedge clk_i) begin
      if (en_i) mantissas_q[g*CodeBox +: CodeBox] <= CodeBox'(cut);
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) shift_q <= shift_i;
  end
endmodule
`default_nettype wire
