#!/usr/bin/env bash
# Checks the dependencies against deny.toml. It builds cargo-deny first, which takes longer than all that it checks: so
# `make check` has these stages only where that was done.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes stages dependencies; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { :; }

need_languages
if ! has_deny; then
  say "cargo-deny is missing: installing it (some minutes)."
  quietly cargo-deny cargo install cargo-deny --locked || die "cargo-deny could not be installed."
fi
start_clean
export NO_COLOR=1 CARGO_TERM_COLOR=never
dependency_stages
summary
