#!/usr/bin/env bash
# The tests' private engine, by hand: to try a container on a machine that has no engine.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools private-engine; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { stop_engine; }

if ! is_linux || ! is_root; then die "A private engine needs Linux and root."; fi
tool dockerd >/dev/null || need_tools docker.io busybox-static || die "$REASON"
start_clean
remember_what_was
start_engine || die "$REASON"
say "export DOCKER_HOST=$ENGINE"
say "Its programs: $(tool dockerd), $(tool docker || say 'no docker command'). Ctrl-C ends it."
while kill -0 "$ENGINE_PROCESS" 2>/dev/null; do sleep 1; done
die "The engine has stopped: $LOGS/engine-itself.log"
