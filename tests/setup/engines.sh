#!/usr/bin/env bash
# The engine tests on current engines beside this system's own: Docker and Podman of Debian's unstable suite, and the
# Docker that `make test` has. ONLY=docker,podman,system runs some of them.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools private-engine newer-engines build stages; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { stop_engine; }
wanted() { case ",${ONLY:-docker,podman,system}," in *",$1,"*) return 0 ;; esac; return 1; }

if ! is_linux || ! is_root || ! has_apt; then die "Private engines need Linux, root and Debian's packages."; fi
need_languages
start_clean
remember_what_was
mkdir -p "$TEMP/tmp"
export TMPDIR=$TEMP/tmp NO_COLOR=1 CARGO_TERM_COLOR=never
missing_tools=()
static_busybox >/dev/null || missing_tools+=(busybox-static)
for program in patchelf openssl; do tool "$program" >/dev/null || missing_tools+=("$program"); done
tool dockerd >/dev/null || missing_tools+=(docker.io)
[ ${#missing_tools[@]} -eq 0 ] || need_tools "${missing_tools[@]}" || die "$REASON"
PORTHOLE_TEST_BUSYBOX=$(static_busybox)
export PORTHOLE_TEST_BUSYBOX PORTHOLE_TEST_SSHD= PORTHOLE_DEMO_EXTENSION=$TARGET/demo-extension
export PORTHOLE_CLI=$TARGET/debug/porthole-cli
# What `make test` has built is used, where it can be.
BUILT=(-p porthole-core -p porthole-cli -p porthole-tests)
if [ -z "$(missing build)" ]; then BUILT=("${EVERYTHING[@]}"); fi
stage demo-extension step demo_build
stage build step cargo build "${BUILT[@]}" --bins

export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
SYSTEM=(HOME="$HOME" PATH="$PATH")
engine_tests() { with_tools nextest ${ASIDE[@]+"${ASIDE[@]}"}; }

# on NAME FILTER: the tests on the engine that was just started, which ends after them.
on() {
  export PORTHOLE_TEST_ENGINE=$ENGINE
  SELECTION=("${BUILT[@]}" -E "package(porthole-tests) and ($2)")
  stage "$1" nextest engine_tests
  stop_engine
  rm -rf "$TEMP/engine" "$TEMP/podman"
}

every='binary(/^engine(_[a-z]+)?$/) and not test(over_ssh)'
if wanted docker; then
  if quietly fetch-docker fetch_docker; then
    # Its own programs come before the system's, with docker's configuration of its own.
    export HOME=$NEWER/docker/home PATH=$NEWER/docker/usr/bin:$NEWER/docker/usr/sbin:$PATH
    export PORTHOLE_TEST_DOCKERD=$NEWER/docker/usr/sbin/dockerd
    if start_engine; then on docker "$every"; else fail docker "$REASON"; fi
    export "${SYSTEM[@]}"
  else
    fail docker "it could not be fetched"
  fi
fi
if wanted podman; then
  unset PORTHOLE_TEST_DOCKERD
  # The backend's tests, TLS and killed engines are Docker's.
  if ! quietly fetch-podman fetch_podman; then
    fail podman "it could not be fetched"
  elif start_podman; then
    # Not right there yet: what Podman tells of ended execs and of its pid mode differs.
    known='test(a_body_that_nobody_reads) or test(whoever_only_knocks) or test(only_the_volume_is_shared)'
    SELECTION=("${BUILT[@]}" -E "package(porthole-tests) and binary(engine_carrier) and ($known)")
    skip_selected podman-known "they fail on Podman 5.8"
    on podman "binary(/^engine(_carrier|_processes|_code)?$/) and not ($known)"
  else
    fail podman "$REASON"
  fi
fi
if wanted system; then
  PORTHOLE_TEST_DOCKERD=$(tool dockerd)
  export PORTHOLE_TEST_DOCKERD
  if start_engine; then on system "$every"; else fail system "$REASON"; fi
fi
summary
