// pl_crc32: CRC-32 of IEEE 802.3 (that of zlib), a byte per clock; Serial: a bit per clock, 9 clocks per byte, which saves
// most of the logic where bytes come slowly.
//
// clear_i begins a message; a byte is taken at valid_i & ready_o, not together with clear_i. crc_o is the register when ready_o
// is high: the CRC is its complement, sent low byte first. After a message and its own CRC it is 0xdebb20e3. The seed of a
// message other than 0 (crc32(seed, ...) of zlib) is the same as its exclusive or with the first four bytes.
`default_nettype none
module pl_crc32 #(
  parameter bit Serial = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  input  logic        valid_i,
  output logic        ready_o,
  input  logic [7:0]  byte_i,
  output logic [31:0] crc_o
);
  localparam logic [31:0] Polynomial = 32'hedb88320;  // bits reversed: the low bit is the first on the wire

  logic [31:0] crc_q, crc_d;
  assign crc_o = crc_q;

  if (Serial) begin : g_serial
    logic [3:0] left_q, left_d;  // bits of the byte that are not in the register yet
    assign ready_o = left_q == 4'd0;
    always_comb begin
      crc_d = crc_q;
      left_d = left_q;
      if (!ready_o) begin
        crc_d = {1'b0, crc_q[31:1]} ^ (crc_q[0] ? Polynomial : 32'd0);
        left_d = left_q - 4'd1;
      end else if (valid_i) begin
        crc_d = crc_q ^ {24'd0, byte_i};
        left_d = 4'd8;
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) left_q <= 4'd0;
      else left_q <= left_d;
    end
  end else begin : g_parallel
    assign ready_o = 1'b1;
    always_comb begin
      crc_d = crc_q;
      if (valid_i) begin
        crc_d = crc_q ^ {24'd0, byte_i};
        for (int n = 0; n < 8; n++) crc_d = {1'b0, crc_d[31:1]} ^ (crc_d[0] ? Polynomial : 32'd0);
      end
    end
    logic unused_reset;
    assign unused_reset = rst_ni;
  end
  always_ff @(posedge clk_i) begin
    crc_q <= clear_i ? 32'hffffffff : crc_d;
  end
endmodule
`default_nettype wire
