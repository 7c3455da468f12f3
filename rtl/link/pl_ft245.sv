// pl_ft245: controller of the synchronous FT245 FIFO of an FTDI chip, in the domain of its CLKOUT (60 MHz).
//
// rx_valid_o: a byte has come; rx_room_i must promise 4 places before more are asked for. tx_* is valid/ready: a byte taken
// is kept in data_o until the chip has accepted it. All outputs to the pins are registers; RXF# and TXE# go into the logic
// without one, because whether a byte moved is known only at the edge at which it does:
//   read   moves at an edge with RXF# = 0 and RD# = 0; OE# falls one clock before RD#
//   write  moves at an edge with TXE# = 0 and WR# = 0; WR# falls only after TXE# = 0 has been seen
//   D is driven only with OE# = 1 and one clock between; one direction yields to the other after 512 clocks.
// SIWU# is low for one clock when everything is written and nothing follows for 16 clocks, so the chip sends a short packet.
// run_ni (asynchronous): the clock runs. While it is 0 all control pins are high and D is released; bytes are kept. rst_ni
// drops them.
`default_nettype none
module pl_ft245 (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       run_ni,
  // The chip.
  input  logic [7:0] data_i,
  output logic [7:0] data_o,
  output logic       data_oe_o,
  input  logic       rxf_ni,
  input  logic       txe_ni,
  output logic       rd_no,
  output logic       wr_no,
  output logic       oe_no,
  output logic       siwu_no,
  // The streams.
  output logic       rx_valid_o,
  output logic [7:0] rx_byte_o,
  input  logic       rx_room_i,
  input  logic       tx_valid_i,
  output logic       tx_ready_o,
  input  logic [7:0] tx_byte_i
);
  typedef enum logic [1:0] {Idle, Open, Read, Write} state_e;
  state_e state_q, state_d;
  logic rd_nq, rd_nd, wr_nq, wr_nd, oe_nq, oe_nd, drive_q, drive_d, siwu_nq, siwu_nd;
  logic [9:0] burst_q, burst_d;        // clocks of this burst; the top bit ends it if the other direction waits
  logic written_q, written_d;          // the last burst was a write
  logic want_read, want_write;
  logic got_q, held_q, held_d, accepted;
  logic [7:0] got_byte_q, byte_q;
  logic unsent_q, unsent_d;            // the chip may hold a packet that is not full
  logic [3:0] quiet_q, quiet_d;

  // ---- Bytes. Not touched by run_ni.
  assign accepted = ~wr_nq & ~txe_ni;
  assign tx_ready_o = ~held_q | accepted;
  assign held_d = tx_ready_o ? tx_valid_i : held_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      got_q <= 1'b0;
      held_q <= 1'b0;
    end else begin
      got_q <= ~rd_nq & ~rxf_ni;
      held_q <= held_d;
    end
  end
  always_ff @(posedge clk_i) begin
    got_byte_q <= data_i;
    if (tx_ready_o) byte_q <= tx_byte_i;
  end
  assign rx_valid_o = got_q;
  assign rx_byte_o = got_byte_q;
  assign data_o = byte_q;

  // ---- Turns on the bus.
  assign want_read = ~rxf_ni & rx_room_i;
  assign want_write = ~txe_ni & held_q;
  always_comb begin
    state_d = Idle;
    rd_nd = 1'b1;
    wr_nd = 1'b1;
    oe_nd = 1'b1;
    drive_d = 1'b0;
    burst_d = burst_q + {9'd0, ~burst_q[9]};
    written_d = written_q;
    unique case (state_q)
      Idle: begin
        burst_d = 10'd0;
        if (want_read && (written_q || !want_write)) begin
          state_d = Open;
          oe_nd = 1'b0;
        end else if (want_write) begin
          state_d = Write;
          drive_d = 1'b1;
        end
      end
      Open: begin
        state_d = Read;
        oe_nd = 1'b0;
        rd_nd = 1'b0;
        written_d = 1'b0;
      end
      Read: if (want_read && !(burst_q[9] && want_write)) begin
        state_d = Read;
        oe_nd = 1'b0;
        rd_nd = 1'b0;
      end
      default: begin
        written_d = 1'b1;
        if (~txe_ni && held_d && !(burst_q[9] && want_read)) begin
          state_d = Write;
          drive_d = 1'b1;
          wr_nd = 1'b0;
        end
      end
    endcase
  end
  always_comb begin
    unsent_d = (unsent_q | accepted) & siwu_nq;
    quiet_d = unsent_q && !held_q ? quiet_q + 4'd1 : 4'd0;
    siwu_nd = ~(quiet_q == 4'd15);
  end
  always_ff @(posedge clk_i or negedge run_ni) begin
    if (!run_ni) begin
      state_q <= Idle;
      rd_nq <= 1'b1;
      wr_nq <= 1'b1;
      oe_nq <= 1'b1;
      drive_q <= 1'b0;
      siwu_nq <= 1'b1;
      burst_q <= 10'd0;
      written_q <= 1'b0;
      unsent_q <= 1'b0;
      quiet_q <= 4'd0;
    end else begin
      state_q <= state_d;
      rd_nq <= rd_nd;
      wr_nq <= wr_nd;
      oe_nq <= oe_nd;
      drive_q <= drive_d;
      siwu_nq <= siwu_nd;
      burst_q <= burst_d;
      written_q <= written_d;
      unsent_q <= unsent_d;
      quiet_q <= quiet_d;
    end
  end
  assign rd_no = rd_nq;
  assign wr_no = wr_nq;
  assign oe_no = oe_nq;
  assign data_oe_o = drive_q;
  assign siwu_no = siwu_nq;
endmodule
`default_nettype wire
