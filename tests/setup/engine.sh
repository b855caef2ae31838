#!/usr/bin/env bash
# The tests' private engine, by hand: to try a container on a machine that has no engine.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools private-engine fetched-engines; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { stop_engine; }

if ! is_linux || ! is_root; then die "A private engine needs Linux and root."; fi
start_clean
remember_what_was
if has_apt && { tool patchelf >/dev/null || need_tools patchelf; } && quietly fetch-docker fetch_docker; then
  use_docker
else
  say "Docker 28 could not be fetched: this is the Docker of this system's packages."
  tool dockerd >/dev/null || need_tools docker.io || die "$REASON"
fi
start_engine || die "$REASON"
say "export DOCKER_HOST=$ENGINE"
say "It is $(engine_version "$ENGINE"). Its programs: ${PORTHOLE_TEST_DOCKERD:-$(tool dockerd)}, $(tool docker || say 'no docker command'). Ctrl-C ends it."
while kill -0 "$ENGINE_PROCESS" 2>/dev/null; do sleep 1; done
die "The engine has stopped: $LOGS/engine-itself.log"
