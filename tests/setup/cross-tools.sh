# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Compilers for Windows and macOS, and Wine: unpacked under target/cross, nothing is installed. Rust's standard library
# is built from the source that belongs to the unpacked compiler, because no package has it for these systems.

CROSS=$TARGET/cross
CROSS_ROOT=$CROSS/root
CROSS_LIBRARIES=$CROSS_ROOT/usr/lib/x86_64-linux-gnu
WINDOWS=x86_64-pc-windows-gnu
MACOS=aarch64-apple-darwin
MINGW=$CROSS_ROOT/usr/bin/x86_64-w64-mingw32
# Changes when what is in the folder changes: then it is made again.
CROSS_EDITION=1
# Gigabytes, with everything built.
CROSS_SIZE=9

# Sees that everything for Windows is there; REASON says why not.
need_cross() {
  if ! is_linux || [ "$(uname -m)" != x86_64 ] || ! has_apt || ! has dpkg-deb; then
    REASON="compilers for other systems are unpacked from Debian's packages, on Linux on x86_64"
    return 1
  fi
  [ "$(cat "$CROSS/done" 2>/dev/null)" = "$CROSS_EDITION" ] && return
  local free
  free=$(df -Pk "$TARGET" | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt $((CROSS_SIZE * 1000 * 1000)) ]; then
    REASON="compilers for other systems and what they build take $CROSS_SIZE GB, which aren't free"
    return 1
  fi
  say "Unpacking compilers for Windows and Wine under ${CROSS#"$ROOT"/} (2 GB; nothing is installed)."
  rm -rf "$CROSS_ROOT" "$CROSS/wine" "$CROSS/bin" "$CROSS/done"
  quietly fetch-cross fetch_cross ||
    { REASON="compilers for other systems could not be fetched ($LOGS/fetch-cross.log)"; return 1; }
  say "$CROSS_EDITION" >"$CROSS/done"
}

fetch_cross() {
  unpack_cross rustc-web rust-web-clippy rust-web-src gcc-mingw-w64-x86-64-posix wine64 || return 1
  local program
  mkdir -p "$CROSS/bin"
  for program in rustc rustdoc clippy-driver; do
    write_program "$program" "LD_LIBRARY_PATH='$CROSS_LIBRARIES' exec '$CROSS_ROOT/usr/bin/$program' \"\$@\""
  done
  write_program wine "export WINEPREFIX='$CROSS/wine' WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=d;mshtml=d;winemenubuilder.exe=d'
export LD_LIBRARY_PATH='$CROSS_LIBRARIES'
exec '$CROSS_ROOT/usr/lib/wine/wine64' \"\$@\""
  "$CROSS/bin/rustc" -V && prepare_wine
}

# write_program NAME LINES: a script in target/cross/bin.
write_program() {
  say "#!/bin/sh
$2" >"$CROSS/bin/$1"
  chmod +x "$CROSS/bin/$1"
}

# unpack_cross PACKAGE…: with what they need that this system lacks.
unpack_cross() {
  local debs=$CROSS/debs packages file
  packages=$(to_unpack "$@")
  if [ -z "$packages" ] && can_be_root; then
    apt update && packages=$(to_unpack "$@")
  fi
  [ -n "$packages" ] || { say "apt-get knows no way to get: $*"; return 1; }
  rm -rf "$debs"
  mkdir -p "$debs" "$CROSS_ROOT"
  # shellcheck disable=SC2086 # a list of words
  (cd "$debs" && apt-get -q download $packages) ||
    { can_be_root && apt update && (cd "$debs" && apt-get -q download $packages); } || return 1
  for file in "$debs"/*.deb; do
    case ${file##*/} in
      # It has the whole compiler's source; the library's is enough.
      rust-web-src_*)
        dpkg-deb --fsys-tarfile "$file" |
          tar -x -C "$CROSS_ROOT" --wildcards './usr/src/*/library/*' './usr/lib/rustlib/*' || return 1
        ;;
      *) dpkg-deb -x "$file" "$CROSS_ROOT" || return 1 ;;
    esac
  done
  rm -rf "$debs"
}

# A Windows 10 without Mono and Gecko. A path and a library that installing the packages would have put right are put
# right here.
prepare_wine() {
  local system=$CROSS/wine/drive_c/windows/system32
  sed -i "s|=/usr/lib/wine/|=$CROSS_ROOT/usr/lib/wine/|" "$CROSS_ROOT/usr/lib/wine/wineserver" || return 1
  mkdir -p "$system"
  cp "$CROSS_ROOT/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$system/" || return 1
  "$CROSS/bin/wine" wineboot -i && "$CROSS/bin/wine" reg add 'HKCU\Software\Wine' /v Version /d win10 /f || return 1
  # Rust's std asks this library of Windows for random numbers, and Wine 8 doesn't have it.
  "$MINGW-gcc-posix" -shared -O1 -s -o "$system/bcryptprimitives.dll" \
    tests/setup/bcryptprimitives.c -ladvapi32 || return 1
  end_wine
}

# Before the tests: what they start must not start the desktop (tests/setup/desktop.c says why). It ends with this Wine.
keep_desktop() {
  "$MINGW-gcc-posix" -O1 -s -o "$CROSS/desktop.exe" tests/setup/desktop.c -luser32 || return 1
  "$CROSS/bin/wine" "$CROSS/desktop.exe" </dev/null >/dev/null 2>&1 &
}

# Ends what still runs in this Wine, and no other.
end_wine() {
  [ -d "$CROSS/wine" ] || return 0
  WINEPREFIX=$CROSS/wine "$CROSS_ROOT/usr/lib/wine/wineserver64" -k || true
}

# Cargo with the compilers for other systems.
cross_cargo() {
  # windres looks for the C compiler by this name.
  mkdir -p "$CROSS/bin/named"
  ln -sf "$MINGW-gcc-posix" "$CROSS/bin/named/x86_64-w64-mingw32-gcc" || return 1
  limited env RUSTC="$CROSS/bin/rustc" RUSTDOC="$CROSS/bin/rustdoc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$CROSS/build" \
    PATH="$PATH:$CROSS_ROOT/usr/bin:$CROSS/bin/named" INSTA_WORKSPACE_ROOT="$ROOT" PROPTEST_CASES=32 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
    CC_x86_64_pc_windows_gnu="$MINGW-gcc-posix" AR_x86_64_pc_windows_gnu="$MINGW-ar" \
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER="$MINGW-gcc-posix" \
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$CROSS/bin/wine" \
    CC_aarch64_apple_darwin="$CROSS/bin/zigcc-macos" AR_aarch64_apple_darwin="$CROSS/bin/zigar" SDKROOT="$CROSS/no-sdk" \
    cargo "$@"
}

# The lints of the unpacked compiler: `cargo clippy` would start those that belong to the system's.
cross_lints() {
  export RUSTC_WORKSPACE_WRAPPER=$CROSS/bin/clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
  cross_cargo check "$@"
}

# Sees that the sources of all crates for a system are there, and of those that its standard library uses; REASON says why
# not.
need_crates() {
  quietly "fetch-crates-$1" cross_cargo fetch "${BUILD_STD[@]}" --target "$1" ||
    { REASON="the crates for $1 could not be fetched ($LOGS/fetch-crates-$1.log)"; return 1; }
}

# Sees that C can be compiled for macOS, by the compiler of a package of Python's; REASON says why not.
need_zig() {
  [ -x "$CROSS/zig/ziglang/zig" ] && return
  has python3 || { REASON="missing: python3"; return 1; }
  say "Fetching zig, which compiles C for macOS, to ${CROSS#"$ROOT"/}."
  rm -rf "$CROSS/zig"
  quietly fetch-zig fetch_zig || { REASON="zig could not be fetched ($LOGS/fetch-zig.log)"; return 1; }
}

fetch_zig() {
  local zig=$CROSS/zig/ziglang/zig
  python3 -m pip install -q --no-deps --target "$CROSS/zig.new" ziglang || return 1
  mv "$CROSS/zig.new" "$CROSS/zig"
  mkdir -p "$CROSS/no-sdk"
  # The crates that compile C name the target as clang does, and a folder of Apple's headers.
  cat >"$CROSS/bin/zigcc-macos" <<SH
#!/bin/bash
arguments=()
while [ \$# -gt 0 ]; do
  case "\$1" in
    --target=* | -mmacosx-version-min=* | -mmacos-version-min=*) ;;
    -target | -isysroot | -arch) shift ;;
    *) arguments+=("\$1") ;;
  esac
  shift
done
exec "$zig" cc -target aarch64-macos "\${arguments[@]}"
SH
  chmod +x "$CROSS/bin/zigcc-macos"
  write_program zigar "exec '$zig' ar \"\$@\""
}

# The crates without a window. The supervisor is a program of Linux.
FOR_WINDOWS=()
for crate in "${WITHOUT_WINDOW[@]}"; do
  if [ "$crate" != supervisor ]; then FOR_WINDOWS+=(-p "porthole-$crate"); fi
done
BUILD_STD=(--locked -Zbuild-std=std,panic_unwind)

# What isn't run under Wine: the beginning of a test's name | why
not_under_wine() {
  cat <<'TABLE'
compose::tests::projects_are_read|it compares with what compose has written on Linux
windows::a_console_gets_each_new_size|consoles of Wine 8 have no other size than their first
start::sources::tests::a_leading_tilde_is|it compares paths of Unix
start::sources::tests::files_of_the_user_are|it compares paths of Unix
start::sources::tests::what_would_be_fetched|it reads a device of Unix
TABLE
}

# For CI: what can't be fetched is the network's doing, and fails nothing.
windows_where_possible() {
  if need_cross && need_crates "$WINDOWS"; then
    windows_stages
    end_wine
  else
    left_out windows 1 "$REASON"
  fi
}

windows_stages() {
  local all=("${BUILD_STD[@]}" --target "$WINDOWS" "${FOR_WINDOWS[@]}") skips=() name why
  stage windows-lints check cross_lints "${all[@]}" --all-targets
  stage windows-build step cross_cargo build "${all[@]}" --lib --bins --tests
  if [ -z "$OK" ]; then return; fi
  while IFS='|' read -r name why; do
    skips+=(--skip "$name")
    left_out "windows $name" 1 "$why"
  done < <(not_under_wine)
  keep_desktop || { fail windows "the desktop of Wine couldn't be built"; return; }
  stage windows libtest cross_cargo test "${all[@]}" --lib --bins --tests --no-fail-fast -- ${skips[@]+"${skips[@]}"}
}
