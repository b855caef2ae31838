#!/usr/bin/env bash
# Fuzzes the decoders, each for a while: ONLY=json,events EACH=60 (seconds). What it finds is kept under
# target/fuzz/found and becomes a test. The flags it needs are those of a nightly compiler, which the
# stable one takes when it is told to.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=/dev/null
source "$here/common.sh"

ONLY=${ONLY:-events,json,text,head,utf8,session,har}
EACH=${EACH:-60}
FUZZ=$TARGET/tools/cargo-fuzz/bin/cargo-fuzz

need_languages
if [ ! -x "$FUZZ" ]; then
  say "cargo-fuzz is missing: building it (two minutes)."
  quietly cargo-fuzz cargo install cargo-fuzz --locked --root "$TARGET/tools/cargo-fuzz" || die "cargo-fuzz could not be built."
fi
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$TARGET/fuzz
found=$TARGET/fuzz/found
mkdir -p "$found"
for target in ${ONLY//,/ }; do
  # A session has its entries and their directory before anything is read of it.
  case $target in
    session | har) crate=timeline length=8000 ;;
    *) crate=http length=600 ;;
  esac
  say "== $target, $EACH s"
  mkdir -p "$CARGO_TARGET_DIR/corpus/$target"
  (cd "src-tauri/$crate/fuzz" && "$FUZZ" fuzz run --sanitizer none "$target" "$CARGO_TARGET_DIR/corpus/$target" -- \
    -max_total_time="$EACH" -max_len="$length" -artifact_prefix="$found/$target-" -print_final_stats=1) 2>&1 |
    tee "$LOGS/fuzz-$target.log" | grep -E 'panicked|ERROR|assert|number_of_executed_units|left:|right:' ||
    die "See $LOGS/fuzz-$target.log"
done
say "Nothing was found."
