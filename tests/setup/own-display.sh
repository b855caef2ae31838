#!/usr/bin/env bash
# Runs one test with a display of its own: on a shared one, two windows take the keyboard from each other. The display
# ends with the test.
set -euo pipefail
case " $* " in *" --list "*) exec "$@" ;; esac

exec {number}<> <(:)
setpriv --pdeathsig TERM Xvfb -displayfd "$number" -screen 0 1440x900x24 -nolisten tcp -noreset \
  >/dev/null 2>&1 </dev/null &
if ! read -r -t 20 -u "$number" display; then
  printf 'Xvfb did not start within 20 seconds.\n' >&2
  exit 1
fi
exec {number}>&-
export DISPLAY=:$display
exec "$@"
