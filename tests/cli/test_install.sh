#!/bin/sh
# make install, and a user's program against the installed tree: pkg-config, shared and static, then uninstall.
#   tests/cli/test_install.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0
root=$temp/root

check() { # check NAME COMMAND...: passes if the command does
  name=$1
  shift
  if "$@" >"$temp/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name: $*"
    sed 's/^/  /' "$temp/out"
  fi
}

cat >"$temp/user.c" <<'END'
#include <photolane/photolane.h>
#include <stdio.h>

int main(int argc, char **argv) {
  static const int8_t a[2][3] = {{1, 2, 3}, {-4, 5, -6}}, b[2][3] = {{7, 8, 9}, {1, 0, -1}};
  int32_t c[2][2];
  pl_error err;
  pl_device *dev;
  pl_core core;
  pl_job job = {.m = 2, .n = 2, .k = 3, .a = a[0], .lda = 3, .b = b[0], .ldb = 3, .c = c[0], .ldc = 2};
  if (pl_open(argc > 1 ? argv[1] : "model:", &dev, &err) || pl_core_load("ideal", &core, &err) ||
      pl_configure(dev, &core.image, &err) || pl_gemm(dev, &job, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  printf("%d %d %d %d\n", c[0][0], c[0][1], c[1][0], c[1][1]);
  pl_close(dev);
  return 0;
}
END

prints() { # prints TEXT COMMAND...
  text=$1
  shift
  "$@" >"$temp/said" 2>&1
  code=$?
  cat "$temp/said"
  [ "$code" = 0 ] && grep -qF -e "$text" "$temp/said"
}

check "install" make -s O="$build" PREFIX=/usr/local DESTDIR="$root" install
prefix=$root/usr/local
for file in bin/photolane lib/libphotolane.a lib/libphotolane.so lib/pkgconfig/photolane.pc share/man/man1/photolane.1 lib/udev/rules.d/60-photolane.rules \
  include/photolane/photolane.h include/photolane/registers.h include/photolane/version.h \
  share/photolane/cores/ideal.cfg share/photolane/cores/lightening.cfg share/photolane/energy/archs/lt-base.cfg \
  share/photolane/energy/shapes/deit-t.cfg share/photolane/energy/systems/typical.cfg \
  share/photolane/energy/claims/mirage.cfg; do
  check "$file" test -s "$prefix/$file"
done
check "soname" prints "libphotolane.so.0" objdump -p "$prefix/lib/libphotolane.so"

# pkg-config has to be told that the tree is not where it says.
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
check "version" prints "0." pkg-config --modversion photolane
cc=${CC:-cc}
# shellcheck disable=SC2046 # the words of pkg-config are words
check "shared" "$cc" -Wall -Wextra -Werror -o "$temp/shared" "$temp/user.c" $(pkg-config --cflags --libs photolane)
check "runs shared" prints "50 -2 -42 2" env LD_LIBRARY_PATH="$prefix/lib" "$temp/shared"
# shellcheck disable=SC2046
check "static" "$cc" -Wall -Wextra -Werror -o "$temp/static" "$temp/user.c" $(pkg-config --cflags photolane) \
  "$prefix/lib/libphotolane.a" -lftdi1 -lusb-1.0 -lconfig -lcjson -lsqlite3 -lz -lm -lpthread -ldl
check "runs static" prints "50 -2 -42 2" env PHOTOLANE_CORES="$prefix/share/photolane/cores" "$temp/static"
check "the program finds its cores" prints "core lightening" "$prefix/bin/photolane" bench -m 4 -n 4 -k 4 --repeat 1
check "... and its energy models" prints "60.30" "$prefix/bin/photolane" energy -a lt-base -m deit-t
nm -D --defined-only "$prefix/lib/libphotolane.so" | sed -n 's/.* [^BD] //p' | sort >"$temp/symbols"
grep '^PL_API' "$prefix/include/photolane/photolane.h" | grep -o 'pl_[a-z_]*(' | tr -d '(' | sort >"$temp/interface"
check "exports its interface and nothing else" diff "$temp/interface" "$temp/symbols"

# shellcheck disable=SC2016 # backticks of Markdown
sed -n '/^```c$/,/^```$/p' docs/structure.md | grep -v '^```' >"$temp/example.c"
# shellcheck disable=SC2046
check "example of docs/structure.md" "$cc" -Wall -Wextra -Werror -o "$temp/example" "$temp/example.c" \
  $(pkg-config --cflags --libs photolane)
check "... and what it prints" prints "$(sed -n 's/^    \([-0-9 ]*\)$/\1/p' docs/structure.md | tail -1)" \
  env LD_LIBRARY_PATH="$prefix/lib" "$temp/example"
for plugin in "$build"/rtl/libphotolane-rtl-[0-9]*x*[0-9].so; do
  [ -e "$plugin" ] || continue
  shape=$(basename "$plugin" .so)
  shape=${shape#libphotolane-rtl-}
  check "runs on rtl:$shape" prints "50 -2 -42 2" env LD_LIBRARY_PATH="$prefix/lib" "$temp/shared" "rtl:$shape"
done

check "uninstall" make -s O="$build" PREFIX=/usr/local DESTDIR="$root" uninstall
check "nothing is left" sh -c "! find '$root' -type f -o -type l | grep ."

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
