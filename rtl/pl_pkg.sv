// pl_pkg: the widths of the signal chain (docs/signal-chain.md), in one place.
//
// A *box* is the storage width of a value. For synthesis it is exact. With PL_WIDE_BOXES the vector
// stages keep their values in 32-bit boxes instead: the simulator then needs no sign extension and
// the C++ compiler can use vector registers. The values, and so the bits that come out, are the same.
`default_nettype none
package pl_pkg;
  localparam int FieldBits = 13;    // encoded field, Q4
  localparam int RailBits = 13;     // intensity: light of both rails of an element, Q4
  localparam int CodeBits = 8;      // rns: mantissa
  localparam int ShiftBits = 4;     // rns: exponent of a group, and the sum of two
  localparam int PowerBits = 10;    // power of an element, 16 code^2
  localparam int LightBits = 16;    // light of an element, code^2
  localparam int TermBits = 25;     // dispersion term of an element, Q8
  localparam int GaussBits = 15;    // normal deviate, Q11
  localparam int SumGrowth = 12;    // a read sums at most 2^12 channels

  localparam int RowBits = 24;
  localparam int ColBits = 20;
  localparam int SumBits = 16;
  localparam int ChannelBits = 13;  // 1..4096
  localparam int DepthBits = 17;    // 1..65536
  localparam int AddrBits = 16;     // operand buffer word

  // Kind rns.
`ifdef PL_WIDE_BOXES
  localparam int ResidueBox = 32;
  localparam int PhaseBox = 32;     // turns of 2^-16
  localparam int WaveBox = 32;      // I or Q, with noise
  localparam int CordicBox = 32;    // coordinate
  localparam int AngleBox = 32;     // turns of 2^-20
  localparam int MixedBox = 32;     // mixed radix: a difference of residues times a constant
  localparam int LowBox = 32;       // mixed radix: a number below the product of two moduli
  localparam int ValueBox = 32;     // sum of mantissas, and what is made of it
`else
  localparam int ResidueBox = 9;
  localparam int PhaseBox = 16;
  localparam int WaveBox = 17;
  localparam int CordicBox = 22;
  localparam int AngleBox = 20;
  localparam int MixedBox = 19;
  localparam int LowBox = 17;
  localparam int ValueBox = 28;
`endif

`ifdef PL_WIDE_BOXES
  localparam int TermProducts = 64; // products that the array sums before its first register
  localparam int FieldBox = 32;
  localparam int PowerBox = 32;
  localparam int RailBox = 32;
  localparam int CodeBox = 32;
  localparam int GaussBox = 32;
  localparam int FieldSumBox = 32;  // sums of one word of products: fields, powers, light of the rails, mantissas
  localparam int PowerSumBox = 32;
  localparam int RailSumBox = 32;
  localparam int CodeSumBox = 32;
  localparam int FieldAccBox = 64;  // the same of one read
  localparam int PowerAccBox = 32;
  localparam int RailAccBox = 64;
  localparam int CodeAccBox = 32;
  localparam int TermAccBox = 64;   // dispersion of one read
  localparam int LightSumBox = 32;
  localparam int WordTermBox = 32;  // dispersion of one word
  localparam int WordLightBox = 32; // light of one word
`else
  localparam int TermProducts = 4;
  localparam int FieldBox = FieldBits;
  localparam int PowerBox = PowerBits;
  localparam int RailBox = RailBits;
  localparam int CodeBox = CodeBits;
  localparam int GaussBox = GaussBits;
  localparam int FieldSumBox = 31;
  localparam int PowerSumBox = 26;
  localparam int RailSumBox = 32;
  localparam int CodeSumBox = 22;
  localparam int FieldAccBox = 38;
  localparam int PowerAccBox = 32;
  localparam int RailAccBox = 39;
  localparam int CodeAccBox = 28;
  localparam int TermAccBox = 38;
  localparam int LightSumBox = LightBits + SumGrowth + 1;
  localparam int WordTermBox = TermBits + 6;  // a word has at most 64 elements
  localparam int WordLightBox = LightBits + 6;
`endif

  // Photon counts of kind intensity.
`ifdef PL_WIDE_BOXES
  localparam int MeanBox = 64;      // mean count, 2^-16 photon: 36 bits used
  localparam int CountBox = 32;
`else
  localparam int MeanBox = 36;
  localparam int CountBox = 21;
`endif

  // Enabled clocks from input to output of the pipelined cells.
  localparam int ThreefryLatency = 17;
  localparam int GaussLatency = 5;
  localparam int DeviateLatency = ThreefryLatency + GaussLatency;
  localparam int IsqrtLatency = 17;
  localparam int EncoderLatency = DeviateLatency + 6;
  localparam int IntensityEncoderLatency = 4;
  localparam int MantissaLatency = 1;
  localparam int DetectorLatency = DeviateLatency + 5;
  localparam int PoissonLatency = 14;
  localparam int PhotonsLatency = ThreefryLatency + PoissonLatency + 3;
  localparam int AdcLatency = 3;
  localparam int ResidueLatency = 5;
  localparam int PhaseLatency = 3;
  localparam int SineLatency = 4;
  localparam int IqLatency = SineLatency + 1 + AdcLatency + 1;
  localparam int CordicLatency = 17;
  localparam int LevelLatency = 2;
  localparam int CrtLatency = 2 * ResidueLatency + 5;
  localparam int RnsReceived = DeviateLatency + PhaseLatency - 1 + IqLatency + CordicLatency + LevelLatency;
  localparam int RnsLatency = RnsReceived + 2 + CrtLatency + ResidueLatency + 6;

  function automatic integer encoder_latency(input integer kind);
    encoder_latency = kind == pl_regs_pkg::KindCoherent ? EncoderLatency
                    : kind == pl_regs_pkg::KindIntensity ? IntensityEncoderLatency : MantissaLatency;
  endfunction

  // What an element of a buffer word holds, by kind of core: a field (rns: mantissa), and beside it a power or the light
  // of the rails (rns: nothing).
  function automatic integer field_box(input integer kind);
    field_box = kind == pl_regs_pkg::KindRns ? CodeBox : FieldBox;
  endfunction
  function automatic integer pair_box(input integer kind);
    pair_box = kind == pl_regs_pkg::KindCoherent ? PowerBox : kind == pl_regs_pkg::KindIntensity ? RailBox : 0;
  endfunction
  // A word of `width` elements: {tail, pairs, fields}. The tail: coherent {dispersion, light} of the word, rns the
  // exponent.
  function automatic integer tail_at(input integer kind, input integer width);
    tail_at = width * (field_box(kind) + pair_box(kind));
  endfunction
  function automatic integer word_bits(input integer kind, input integer width);
    word_bits = tail_at(kind, width) + (kind == pl_regs_pkg::KindCoherent ? WordLightBox + WordTermBox
                                      : kind == pl_regs_pkg::KindRns ? ShiftBits : 0);
  endfunction

  // Effect coordinate of the noise.
  localparam logic [3:0] NoiseEncA = 4'd1;
  localparam logic [3:0] NoiseEncB = 4'd2;
  localparam logic [3:0] NoiseRead = 4'd3;
  localparam logic [3:0] NoisePhotons = 4'd4;  // of the plus detector; the minus detector follows
  localparam logic [3:0] NoiseIq = 4'd4;     // of modulus 0; the others follow
  localparam logic [3:0] NoiseLevel = 4'd9;  // of modulus 0; the others follow
endpackage
`default_nettype wire
