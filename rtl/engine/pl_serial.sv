// pl_serial: passes the lanes of a detector read to a back end that is narrower than the array, group by group.
//
// The array's sums stand still from read_i (one enabled clock of the front) until the next read ends. Groups of
// BackLanes lanes leave in lane order, each for slots_i enabled clocks (kind rns: once per modulus; else once), the
// first in the clock of read_i itself; last_o marks the read's last item. hold_o says that the read is not through
// yet: then the front must not end another one. A back end as wide as the array with one slot costs nothing.
`default_nettype none
module pl_serial #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int BackLanes = 16,
  parameter bit Slotted = 1'b0,  // 0: slots_i is not used, there is one slot
  localparam int Lanes = Rows * Columns,
  localparam int ShiftBits = pl_pkg::ShiftBits
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           en_i,
  input  logic [2:0]                     slots_i,
  input  logic                           read_i,
  output logic                           hold_o,
  input  logic [Lanes*32-1:0]            y_i,
  input  logic [Lanes*32-1:0]            d_i,
  input  logic [Lanes*32-1:0]            p_i,
  input  logic [Lanes*32-1:0]            l_i,
  input  logic [Lanes*ShiftBits-1:0]     shift_i,
  output logic                           valid_o,      // an item: a group in a slot
  output logic                           first_o,      // of the read
  output logic                           last_slot_o,  // of the group
  output logic                           last_o,       // of the read
  output logic [2:0]                     slot_o,
  output logic [5:0]                     row_o,        // array row and column of the group's lane 0
  output logic [5:0]                     column_o,
  output logic [BackLanes*32-1:0]        y_o,
  output logic [BackLanes*32-1:0]        d_o,
  output logic [BackLanes*32-1:0]        p_o,
  output logic [BackLanes*32-1:0]        l_o,
  output logic [BackLanes*ShiftBits-1:0] shift_o
);
  if (BackLanes == Lanes && !Slotted) begin : g_through
    assign hold_o = 1'b0;
    assign valid_o = read_i;
    assign first_o = read_i;
    assign last_slot_o = 1'b1;
    assign last_o = 1'b1;
    assign slot_o = '0;
    assign row_o = '0;
    assign column_o = '0;
    assign y_o = y_i;
    assign d_o = d_i;
    assign p_o = p_i;
    assign l_o = l_i;
    assign shift_o = shift_i;
    logic unused_inputs;
    assign unused_inputs = ^{clk_i, rst_ni, en_i, slots_i};
  end else begin : g_serial
    logic busy_q, busy_d;  // items of the read are left
    logic [2:0] slot_q, slot_d;
    logic [11:0] group;
    logic last_group;
    assign valid_o = read_i | busy_q;
    assign first_o = read_i & ~busy_q;
    assign last_slot_o = Slotted ? slot_q + 3'd1 == slots_i : 1'b1;
    assign last_o = last_slot_o & last_group;
    assign hold_o = valid_o & ~last_o;
    assign slot_o = slot_q;
    always_comb begin
      busy_d = busy_q;
      slot_d = slot_q;
      if (en_i && valid_o) begin
        busy_d = ~last_o;
        slot_d = last_slot_o ? 3'd0 : slot_q + 3'd1;
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        busy_q <= 1'b0;
        slot_q <= '0;
      end else begin
        busy_q <= busy_d;
        slot_q <= slot_d;
      end
    end
    pl_groups #(.Rows(Rows), .Columns(Columns), .BackLanes(BackLanes)) u_groups (
      .clk_i(clk_i), .rst_ni(rst_ni), .advance_i(en_i & valid_o & last_slot_o), .group_o(group), .row_o(row_o),
      .column_o(column_o), .last_o(last_group)
    );
    assign y_o = y_i[32'(group)*BackLanes*32 +: BackLanes*32];
    assign d_o = d_i[32'(group)*BackLanes*32 +: BackLanes*32];
    assign p_o = p_i[32'(group)*BackLanes*32 +: BackLanes*32];
    assign l_o = l_i[32'(group)*BackLanes*32 +: BackLanes*32];
    assign shift_o = shift_i[32'(group)*BackLanes*ShiftBits +: BackLanes*ShiftBits];
    logic unused_slots;
    assign unused_slots = ^slots_i;
  end
endmodule
`default_nettype wire
