#!/usr/bin/env bash
# Porthole beside the plainest way to do the same: a release build, measured in one run.
# ONLY=search,start measures those; PAIRS=9 takes more rounds; SCALE=0.01 only sees that all works.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools display private-engine build; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

RESULTS=$TARGET/bench
FILES=
at_end() {
  stop_display
  stop_engine
  if [ -n "$FILES" ]; then rm -rf "$FILES"; fi
}

# Whether one of these is to be measured.
wanted() {
  local name
  [ -n "${ONLY:-}" ] || return 0
  for name; do
    case ",$ONLY," in *",$name,"*) return 0 ;; esac
  done
  return 1
}

# What cannot be measured here is told to the program, which has it in the report with the reason.
without_engine() { export PORTHOLE_BENCH_WITHOUT_ENGINE=$1; say "Without an engine: $1"; }
without_window() { export PORTHOLE_BENCH_WITHOUT_WINDOW=$1; say "Without the window: $1"; }

# An engine's address in ENGINE: the one asked for, the one that answers here, or a private one.
find_engine() {
  local missing=()
  tool docker >/dev/null || missing+=(docker.io)
  static_busybox >/dev/null || missing+=(busybox-static)
  ENGINE=${PORTHOLE_TEST_ENGINE:-$(usual_engine)}
  if ! engine_answers "$ENGINE"; then
    REASON="no engine answers at $ENGINE, and a private one needs Linux and root"
    is_linux && is_root || return 1
    tool dockerd >/dev/null || missing+=(docker.io)
  fi
  if [ ${#missing[@]} -gt 0 ]; then need_tools "${missing[@]}" || return 1; fi
  if ! engine_answers "$ENGINE"; then start_engine || return 1; fi
  PORTHOLE_BENCH_DOCKER=$(tool docker) && PORTHOLE_TEST_BUSYBOX=$(static_busybox)
  export PORTHOLE_TEST_ENGINE=$ENGINE PORTHOLE_BENCH_DOCKER PORTHOLE_TEST_BUSYBOX
}

prepare_nginx() {
  wanted mock_requests || return 0
  tool nginx >/dev/null || need_tools nginx || return 0
  PORTHOLE_TEST_NGINX=$(tool nginx)
  export PORTHOLE_TEST_NGINX
}

prepare_engine() {
  wanted container_ingest exec_start carried_p50 carried_connect carried_body || return 0
  if find_engine; then say "The engine is $ENGINE"; else without_engine "$REASON"; fi
}

# The programs that are measured, in WHAT: the window's toolkit only where there can be a window.
# With a backend that runs in a container.
WHAT=(-p porthole-bench -p porthole-tests --bins)
prepare_window() {
  wanted frame_p99 frame_max web_growth host_growth start welcome_paint welcome_web json_open json_web json_find json_find_web palette_open \
    palette_web || return 0
  if ! is_linux; then without_window "WebKitWebDriver is there on Linux only" && return; fi
  if ! need_packages build || ! need_packages window; then without_window "$REASON" && return; fi
  say "Building the page."
  quietly page-install page_packages || die "The page's packages could not be installed."
  quietly page-build page_build || die "The page could not be built."
  if ! start_display; then without_window "$REASON" && return; fi
  WHAT=(-p porthole-bench -p porthole-tests -p porthole --features porthole/custom-protocol --bins --example empty)
  export PORTHOLE_APP=$TARGET/release/porthole PORTHOLE_BENCH_EMPTY=$TARGET/release/examples/empty
}

build_release() { cargo build --release "${WHAT[@]}"; }

measure() {
  local arguments=(--report "$RESULTS/report.json" --pairs "${PAIRS:-5}" --scale "${SCALE:-1}")
  if [ -n "${ONLY:-}" ]; then arguments+=(--only "$ONLY"); fi
  # What is written goes to the disk that the build is on: /tmp may be memory.
  TMPDIR=$FILES "$TARGET/release/porthole-bench" "${arguments[@]}"
}

need_languages
start_clean
remember_what_was
need_packages bench || say "What needs these is reported as not measured."
prepare_window
say "Building for release (six minutes or more the first time)."
in_group build_release || die "Porthole could not be built for release."
prepare_engine
prepare_nginx
mkdir -p "$RESULTS"
FILES=$(mktemp -d "$RESULTS/files.XXXXXX")
if [ -n "$XVFB" ]; then in_group on_display measure; else in_group measure; fi
say "The figures: $RESULTS/report.json"
