#!/usr/bin/env bash
# Porthole for Windows and macOS, from Linux: the tests of the crates without a window run under Wine, and everything is
# linted for both systems. ONLY=windows,window,macos runs some of it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools stages build cross-tools; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

ONLY=${ONLY:-windows,window,macos}
complete=
at_end() {
  end_wine
  if [ -z "$complete" ]; then
    note "failed: the suite stopped before its end (status $1)"
    FAILED=$((FAILED + 1))
    summary
  fi
}
wanted() { case ",$ONLY," in *",$1,"*) return 0 ;; esac; return 1; }

start_clean
for word in ${ONLY//,/ }; do
  case $word in windows | window | macos) ;; *) fail ONLY "it knows windows, window and macos, not $word" ;; esac
done
need_languages
mkdir -p "$TEMP/tmp"
export TMPDIR=$TEMP/tmp NO_COLOR=1 CARGO_TERM_COLOR=never
# The window embeds a page: any is enough for a check.
if [ ! -f ui/dist/index.html ]; then
  mkdir -p ui/dist
  say '<!doctype html>' >ui/dist/index.html
fi

for_windows() { wanted windows || wanted window; }

if ! need_cross; then
  skip cross 1 "$REASON"
else
  if for_windows && ! need_crates "$WINDOWS"; then
    skip windows 1 "$REASON"
  else
    if wanted windows; then windows_stages; fi
    if wanted window; then
      stage windows-window check cross_lints "${BUILD_STD[@]}" --target "$WINDOWS" -p porthole --all-targets
    fi
  fi
  if wanted macos && need_crates "$MACOS" && need_zig; then
    stage macos check cross_lints "${BUILD_STD[@]}" --target "$MACOS" "${FOR_WINDOWS[@]}" -p porthole --all-targets
  elif wanted macos; then
    skip macos 1 "$REASON"
  fi
fi
complete=yes
summary
