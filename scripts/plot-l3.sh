# shellcheck shell=sh
# plot-l3.sh: what the scripts plot-l3-* share; each sources it from the folder of scripts.
#
#   plot_l3_begin NAME      goes to the top folder and builds scripts/NAME.c as $program; exits with 2 without gnuplot
#   plot_l3_head            prints the first lines for gnuplot
#
# O=DIR: build folder (build).
O=${O:-build}

plot_l3_head() {
  echo 'set datafile separator ","; set border lc rgb "#59636e"; set grid xtics ytics lc rgb "#dddddd" lw 0.7'
}

plot_l3_begin() {
  if ! command -v gnuplot >/dev/null; then
    echo "$1: gnuplot is missing; run scripts/setup --all" >&2
    exit 2
  fi
  cd "$(dirname "$0")/.." || exit 2
  program=$O/$1
  make -s O="$O" "$O/libphotolane.a"
  cc -std=gnu11 -O3 -Wall -Wextra -Iinclude -Ihost -Itests/stats "scripts/$1.c" "$O/libphotolane.a" -lm -lpthread \
    -o "$program"
}
