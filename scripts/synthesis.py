"""What all scripts that synthesize share: source files, Yosys scripts for both families, cells counted, multipliers expected.

Run from the top of the tree. Functions that fail raise SynthesisError with one sentence.
"""
import pathlib
import re
import subprocess

PACKAGES = ["rtl/pl_regs_pkg.sv", "rtl/pl_pkg.sv", "rtl/optics/pl_gauss_pkg.sv", "rtl/optics/pl_rns_pkg.sv",
            "rtl/optics/pl_poisson_pkg.sv"]
KINDS = {"coherent": 0, "intensity": 1, "rns": 2}
# Cells counted, by family: what `stat` calls them.
CELLS = {
    "lut4": {"ice40": r"SB_LUT4", "ecp5": r"LUT4"},
    "flip_flops": {"ice40": r"SB_DFF\w*", "ecp5": r"TRELLIS_FF"},
    "carry": {"ice40": r"SB_CARRY", "ecp5": r"CCU2C"},
    "dsp": {"ice40": r"SB_MAC16", "ecp5": r"MULT18X18D"},
    "block_ram": {"ice40": r"SB_RAM40_4K\w*", "ecp5": r"DP16KD"},
    "lut_ram": {"ice40": r"-", "ecp5": r"TRELLIS_DPR16X4"},
}

# synth_ice40 -dsp without its pass ice40_dsp, which packs adders and registers into SB_MAC16 and loses multipliers: in
# Yosys 0.23 (and 0.55) two registered products that are then added become one SB_MAC16, without a word. The multipliers
# are mapped all the same; their registers stay outside.
ICE40_DSP = """synth_ice40 -top {top} {options} -run begin:coarse
opt_expr; opt_clean; check; opt -nodffe -nosdff; fsm; opt; wreduce; peepopt; opt_clean; share
techmap -map +/cmp2lut.v -D LUT_WIDTH=4
opt_expr; opt_clean; memory_dff; wreduce t:$mul
{soft}
techmap -map +/mul2dsp.v -map +/ice40/dsp_map.v -D DSP_A_MAXWIDTH=16 -D DSP_B_MAXWIDTH=16 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_Y_MINWIDTH=11 -D DSP_NAME=$__MUL16X16
select a:mul2dsp; setattr -unset mul2dsp; opt_expr -fine; wreduce; select -clear
chtype -set $mul t:$__soft_mul
alumacc; opt; memory -nomap; opt_clean
synth_ice40 -top {top} {options} -run map_ram:"""
# synth_ecp5 with wreduce three times: one run narrows a register only if it comes to it after the adder in front,
# and so made the 33 x 18 bit product of the converter 64 x 18 (four blocks, not two) or not, as the order of cells fell.
# Multipliers that are to be LUTs are made by scripts/ecp5_row_mul.v, behind alumacc, which would make compressors of them.
# Without its last step, which renames cells: it takes minutes on a large design.
ECP5 = """synth_ecp5 -top {top} {options} -run begin:coarse
proc; flatten; tribuf -logic; deminout; opt_expr; opt_clean; check; opt -nodffe -nosdff; fsm; opt
wreduce; wreduce; wreduce; peepopt; opt_clean; share
techmap -map +/cmp2lut.v -D LUT_WIDTH=4
opt_expr; opt_clean; wreduce t:$mul
{soft}
techmap -map +/mul2dsp.v -map +/ecp5/dsp_map.v -D DSP_A_MAXWIDTH=18 -D DSP_B_MAXWIDTH=18 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_NAME=$__MUL18X18
chtype -set $mul t:$__soft_mul
alumacc; opt; techmap -map scripts/ecp5_row_mul.v t:$__row_mul; memory -nomap; opt_clean
synth_ecp5 -top {top} {options} -run map_ram:check
hierarchy -check; blackbox =A:whitebox"""
MAPS = ["scripts/ecp5_row_mul.v"]  # files that the flows read
FLOWS = {"ice40": "synth_ice40 -top {top} {options}", "ice40 dsp": ICE40_DSP, "ecp5": ECP5}


class SynthesisError(Exception):
    """One sentence that says what failed."""


def sources(link=False, compact=False):
    """The files of the core, packages first; with link also those of the chip around it, with compact also the small core."""
    folders = ["rtl/optics", "rtl/engine"] + (["rtl/link"] if link else []) + (["rtl/compact"] if compact else [])
    files = [str(f) for folder in folders for f in sorted(pathlib.Path(folder).glob("*.sv"))]
    packages = PACKAGES + [f for f in files if f.endswith("_pkg.sv") and f not in PACKAGES]
    return packages + [f for f in files if f not in packages]


def family(flow):
    """ice40 or ecp5."""
    return flow.split()[0]


def count(counts, flow, cells):
    """How many of a kind of cell (a key of CELLS) are in the counts of yosys()."""
    return sum(n for name, n in counts.items() if re.fullmatch(CELLS[cells][family(flow)], name))


def yosys(script, log):
    """Runs a script, one command a line; its output goes to the file log. Returns {cell: count} of the last `stat`."""
    log = pathlib.Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["nice", "yosys", "-Q", "-T", "-l", str(log), "-s", "/dev/stdin"], input=script,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, check=False)
    text = log.read_text(encoding="utf-8")
    if done.returncode:
        errors = [line for line in text.splitlines() if line.startswith("ERROR")]
        raise SynthesisError(f"yosys failed, see {log}: {errors[-1] if errors else 'no message'}")
    return counted(text)


def counted(text):
    """{cell: count} of the last `stat` in a log."""
    tables = text.split("Number of cells:")
    return {name: int(n) for name, n in re.findall(r"^\s+(\S+)\s+(\d+)$", tables[-1], re.M)} if len(tables) > 1 else {}


def synthesize(flow, top, parameters, files, log, *, options="", soft=(), after=""):
    """Synthesizes top; the commands after run on the finished netlist. Multipliers whose name in the flattened design has one
    of the words soft in it (as u_power) become LUTs in a flow that has DSP blocks.

    A netlist with an undriven or doubly driven net is an error. Returns the counts of yosys().
    """
    values = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    soft_cell = "$__row_mul" if flow == "ecp5" else "$__soft_mul"
    in_luts = "\n".join(f"chtype -set {soft_cell} t:$mul c:*{word}* %i" for word in soft)
    # -defer: only the parameters of this design are elaborated, not the modules' defaults.
    return yosys(f"read_verilog -sv -defer {' '.join(files)}\nhierarchy -top {top} {values}\n"
                 + FLOWS[flow].format(top=top, options=options, soft=in_luts) + f"\ncheck -assert\nstat\n{after}\n", log)


# DSP blocks of pl_core with two elements encoded per clock and one back end: for each product of the array, and the rest. The
# array's come from the design (coherent and intensity: field and power or light; rns: one), the rest was counted once in
# a netlist that was found equal to the golden model. A tool that drops multipliers betrays itself here.
DSP_BLOCKS = {
    ("ecp5", "coherent"): (2, 48), ("ecp5", "intensity"): (2, 77), ("ecp5", "rns"): (1, 48),
    ("ice40 dsp", "coherent"): (2, 50), ("ice40 dsp", "intensity"): (2, 83), ("ice40 dsp", "rns"): (1, 47),
    ("ice40", "coherent"): (0, 0), ("ice40", "intensity"): (0, 0), ("ice40", "rns"): (0, 0),
}


def expect_dsp(counts, flow, expected):
    """Raises SynthesisError if the netlist has not as many DSP blocks as expected."""
    found = count(counts, flow, "dsp")
    if found != expected:
        raise SynthesisError(f"the netlist has {found} DSP blocks, {expected} are expected: either the tool lost or merged "
                             "multipliers, or the RTL has changed and the figure in scripts/ must follow")
