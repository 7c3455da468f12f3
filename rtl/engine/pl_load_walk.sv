// pl_load_walk: counts through the beats of an operand load: rows (or columns) of the tile, in them detector
// reads, in them buffer words, in them beats.
//
// start_i goes to the first beat of operand operand_i, whose words begin at register a_base or b_base; advance_i steps.
// Every read begins a word and every word
// begins a beat; words and beats end early where the read does. The loader owns two: one names the beats that
// go into the encoder, one those that come out.
`default_nettype none
module pl_load_walk #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,    // elements of a word
  parameter int Elements = 8  // elements of a beat, divides Width
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                operand_i,
  input  logic                                start_i,
  input  logic                                advance_i,
  output logic [23:0]                         position_o,  // absolute row (A) or column (B)
  output logic [pl_pkg::SumBits-1:0]          sum_o,
  output logic [pl_pkg::ChannelBits-1:0]      channel_o,   // of the beat's element 0
  output logic [5:0]                          wavelength_o,
  output logic [6:0]                          count_o,     // elements in this beat, 1..Elements
  output logic [7:0]                          lane_o,      // bank of the buffer
  output logic [pl_pkg::AddrBits-1:0]         addr_o,
  output logic                                first_beat_o,  // of the word
  output logic                                last_beat_o,
  output logic                                last_o         // last beat of the load
);
  localparam int DepthBits = pl_pkg::DepthBits;
  localparam int ChannelBits = pl_pkg::ChannelBits;
  localparam int SumBits = pl_pkg::SumBits;
  localparam int AddrBits = pl_pkg::AddrBits;
  localparam int WordLog = $clog2(Width);

  logic [23:0] origin, extent;
  logic [7:0] last_lane;
  logic [SumBits-1:0] sum0;
  logic [DepthBits-1:0] depth;
  logic [ChannelBits-1:0] channels;
  logic [5:0] wavelengths;
  logic [AddrBits-1:0] first_addr;
  assign origin = operand_i ? 24'(regs_i[pl_regs_pkg::RegCol0*32 +: 20]) : regs_i[pl_regs_pkg::RegRow0*32 +: 24];
  assign extent = operand_i ? 24'(regs_i[pl_regs_pkg::RegCols*32 +: 20]) : regs_i[pl_regs_pkg::RegRows*32 +: 24];
  assign last_lane = operand_i ? 8'(Columns - 1) : 8'(Rows - 1);
  assign sum0 = regs_i[pl_regs_pkg::RegSum0*32 +: SumBits];
  assign depth = regs_i[pl_regs_pkg::RegDepth*32 +: DepthBits];
  assign channels = regs_i[pl_regs_pkg::RegChannels*32 +: ChannelBits];
  assign wavelengths = regs_i[pl_regs_pkg::RegWavelengths*32 +: 6];
  assign first_addr = operand_i ? regs_i[pl_regs_pkg::RegBBase*32 +: AddrBits] : regs_i[pl_regs_pkg::RegABase*32 +: AddrBits];
  logic unused_regs;
  assign unused_regs = ^regs_i;

  logic [23:0] position_q, position_d, left_q, left_d;       // left: positions from here to the end
  logic [SumBits-1:0] sum_q, sum_d;
  logic [DepthBits-1:0] depth_left_q, depth_left_d;          // elements of the row from this beat on
  logic [ChannelBits-1:0] channel_q, channel_d;
  logic [5:0] wavelength_q, wavelength_d;
  logic [7:0] lane_q, lane_d;
  logic [AddrBits-1:0] base_q, base_d, addr_q, addr_d;       // base: first word of this group of lanes

  // What is left of read, word and beat.
  logic [ChannelBits-1:0] read_room;  // channels of the read from this beat on
  logic [DepthBits-1:0] read_left;
  logic last_of_read, last_of_row, last_of_word;
  assign read_room = channels - channel_q;
  assign read_left = depth_left_q < DepthBits'(read_room) ? depth_left_q : DepthBits'(read_room);
  assign last_of_read = read_left <= DepthBits'(Elements);
  assign count_o = last_of_read ? read_left[6:0] : 7'(Elements);
  assign last_of_row = last_of_read && read_left == depth_left_q;
  assign first_beat_o = channel_q[WordLog-1:0] == '0;
  assign last_of_word = (channel_q[WordLog-1:0] | WordLog'(Elements - 1)) == '1;
  assign last_beat_o = last_of_read | last_of_word;
  assign last_o = last_of_row && left_q <= 24'd1;

  // Wavelength of the element after this beat: Elements steps further, modulo the wavelengths in use.
  logic [6:0] stepped;
  always_comb begin
    stepped = {1'b0, wavelength_q};
    for (int n = 0; n < Elements; n++) stepped = stepped + 7'd1 == {1'b0, wavelengths} ? 7'd0 : stepped + 7'd1;
  end

  always_comb begin
    position_d = position_q;
    left_d = left_q;
    sum_d = sum_q;
    depth_left_d = depth_left_q;
    channel_d = channel_q;
    wavelength_d = wavelength_q;
    lane_d = lane_q;
    base_d = base_q;
    addr_d = addr_q;
    if (start_i) begin
      position_d = origin;
      left_d = extent;
      sum_d = sum0;
      depth_left_d = depth;
      channel_d = '0;
      wavelength_d = '0;
      lane_d = '0;
      base_d = first_addr;
      addr_d = first_addr;
    end else if (advance_i) begin
      if (last_beat_o) addr_d = addr_q + AddrBits'(1);
      if (!last_of_read) begin
        channel_d = channel_q + ChannelBits'(Elements);
        wavelength_d = stepped[5:0];
      end else begin
        channel_d = '0;
        wavelength_d = '0;
        sum_d = sum_q + SumBits'(1);
      end
      depth_left_d = depth_left_q - DepthBits'(count_o);
      if (last_of_row) begin
        sum_d = sum0;
        depth_left_d = depth;
        position_d = position_q + 24'd1;
        left_d = left_q - 24'd1;
        if (lane_q != last_lane) begin
          lane_d = lane_q + 8'd1;
          addr_d = base_q;
        end else begin
          lane_d = '0;
          base_d = addr_d;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      position_q <= '0;
      left_q <= '0;
      sum_q <= '0;
      depth_left_q <= '0;
      channel_q <= '0;
      wavelength_q <= '0;
      lane_q <= '0;
      base_q <= '0;
      addr_q <= '0;
    end else begin
      position_q <= position_d;
      left_q <= left_d;
      sum_q <= sum_d;
      depth_left_q <= depth_left_d;
      channel_q <= channel_d;
      wavelength_q <= wavelength_d;
      lane_q <= lane_d;
      base_q <= base_d;
      addr_q <= addr_d;
    end
  end

  assign position_o = position_q;
  assign sum_o = sum_q;
  assign channel_o = channel_q;
  assign wavelength_o = wavelength_q;
  assign lane_o = lane_q;
  assign addr_o = addr_q;
  logic unused_stepped;
  assign unused_stepped = stepped[6];
endmodule
`default_nettype wire
