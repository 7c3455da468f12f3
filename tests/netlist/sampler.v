// sampler: what a core is made of, in small: adders, products, memories, registers, a delay, for the netlist test.
//
// tests/netlist/sampler_tb.v drives this source and the netlist made of it side by side, with the cell models of
// sim/netlist/ or of the tools. Every result is registered once more than it need be, so that no output depends on a race.
`default_nettype none
module sampler(
  input  wire        clk, rst_n, en, we,
  input  wire [7:0]  addr, waddr,
  input  wire [31:0] a, b,
  output reg  [31:0] sum, difference, count, preset,
  output reg  [63:0] product_s, product_m,
  output reg  [35:0] product_u,
  output reg         below, below_s, equal,
  output reg  [35:0] ram36, ram18x,
  output reg  [8:0]  ram9,
  output reg  [15:0] late,
  output reg  [25:0] pairs,
  output reg  [31:0] picked
);
  // Carry chains and comparison.
  always @(posedge clk) begin
    sum <= a + b;
    difference <= a - b;
    below <= a < b;
    below_s <= $signed(a) < $signed(b);
    equal <= a[15:0] == b[15:0];
  end
  // Asynchronous reset to 0 and to a pattern, with enable.
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      count <= 0;
      preset <= 32'h5aa50ff0;
    end else if (en) begin
      count <= count + a[3:0];
      preset <= {preset[30:0], a[0]};
    end
  end
  // Products: signed and unsigned of 64 and 36 bits, mixed signs, and two registered products that are then added.
  reg [25:0] p0, p1;
  always @(posedge clk) begin
    product_s <= $signed(a) * $signed(b);
    product_u <= a[17:0] * b[17:0];
    product_m <= ($signed(a[14:0]) * $signed({32'd0, b}) + 64'sd1024) >>> 11;
    p0 <= $signed(a[12:0]) * $signed(b[12:0]);
    p1 <= $signed(a[28:16]) * $signed(b[28:16]);
    if (en) pairs <= p0 + p1;
  end
  // Block memories of 36, 18 and 9 bits; the last two with start contents, a read port of its own width each.
  reg [35:0] mem36 [0:255];
  reg [8:0] mem9 [0:255];
  reg [35:0] rom [0:255];
  reg [35:0] q36, qrom;
  reg [8:0] q9;
  integer i;
  initial for (i = 0; i < 256; i = i + 1) begin
    mem36[i] = 0;
    mem9[i] = i * 37;
    rom[i] = i * 36'h19E3779B1;
  end
  always @(posedge clk) begin
    if (en) q36 <= mem36[addr];
    if (we) mem36[waddr] <= {a[3:0], b};
    q9 <= mem9[addr];
    if (we && a[0]) mem9[waddr] <= b[8:0];
    if (en) qrom <= rom[addr];
    ram36 <= q36;
    ram9 <= q9;
    ram18x <= qrom;
  end
  // A delay line in LUT memory.
  reg [15:0] line [0:15];
  reg [3:0] at;
  initial at = 0;
  always @(posedge clk) begin
    at <= at + 1;
    line[at] <= a[15:0];
    late <= line[at ^ 4'd1];
  end
  // Wide multiplexers.
  always @(posedge clk) picked <= en ? a >> b[4:0] : a << b[4:0];
endmodule
