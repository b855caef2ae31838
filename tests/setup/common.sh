# shellcheck shell=bash
# What every script here starts from: where things are, how to speak, who we are.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT" || exit
TARGET=${CARGO_TARGET_DIR:-target}
case $TARGET in /*) ;; *) TARGET=$ROOT/$TARGET ;; esac
export CARGO_TARGET_DIR=$TARGET
LOGS=$TARGET/test-logs
mkdir -p "$LOGS"
# Cargo would take make's job server for its own and find it closed.
unset MAKEFLAGS MFLAGS

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" = 0 ]; }
can_be_root() { is_root || sudo -n true 2>/dev/null; }
as_root() { if is_root; then "$@"; else sudo -n "$@"; fi; }

is_linux() { [ "$(uname -s)" = Linux ]; }
has_apt() { has apt-get && has dpkg-query; }

# A command that says much: into a log, and shown only when it fails.
quietly() {
  local log=$LOGS/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 40 "$log" >&2
  say "(all of it: $log)" >&2
  return 1
}

# Rust and Node are the developer's own choice of version: named, never installed.
need_languages() {
  has cargo || die "Rust is missing: install it with rustup, then try again."
  if ! has node || ! has npm; then die "Node is missing: install Node 20 or newer with npm, then try again."; fi
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || die "Node $major is too old: Porthole's page is built with Node 20 or newer."
}
