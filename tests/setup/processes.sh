# shellcheck shell=bash
# What a script starts ends with it: on success, on failure, on Ctrl-C.

TEMP=
JOB=

# A folder of our own, and a promise to run `at_end` whatever happens. Paths of sockets are short.
start_clean() {
  TEMP=$(mktemp -d "${TMPDIR:-/tmp}/porthole.XXXXXX")
  trap 'finish' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

finish() {
  local status=$?
  trap '' HUP INT TERM
  trap - EXIT
  set +e
  if [ -n "$JOB" ]; then end_group "$JOB"; fi
  at_end "$status"
  rm -rf "$TEMP"
  exit "$status"
}

# Runs a command in a process group of its own, so that a signal to us can end all of it.
in_group() {
  local status=0
  set -m
  "$@" </dev/null &
  JOB=$!
  set +m
  wait "$JOB" || status=$?
  JOB=
  return "$status"
}

# Out of the reach of the terminal's Ctrl-C (we end it ourselves, in order), and ended by the
# kernel when we are killed outright.
ending_with_us() {
  if has setpriv; then exec setsid setpriv --pdeathsig TERM "$@"; fi
  if has setsid; then exec setsid "$@"; fi
  exec "$@"
}

# SIGTERM, then SIGKILL after so many seconds. Only for our own children: their numbers stay theirs.
end_process() {
  local left=$(($2 * 10))
  kill -TERM "$1" 2>/dev/null || return 0
  while [ "$left" -gt 0 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
  kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

end_group() {
  local left=150
  kill -TERM -- "-$1" 2>/dev/null || return 0
  while [ "$left" -gt 0 ] && kill -0 -- "-$1" 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
  kill -KILL -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
