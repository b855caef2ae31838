# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Runs the stages of the suite one after the other, whatever becomes of the one before, and counts
# tests as the runners report them. A count that cannot be read is a failure, as is a count of 0.

PASSED=0
FAILED=0
SKIPPED=0
NOTES=

note() { NOTES+="  $*"$'\n'; }
in_ci() { [ "${CI:-}" = true ] || [ "${CI:-}" = 1 ]; }
logged() {
  local log=$1
  shift
  "$@" >"$log" 2>&1
}
# A runner that hangs must not hide the stages after it.
limited() { if has timeout; then timeout --foreground --kill-after=30 1500 "$@"; else "$@"; fi; }

# stage NAME KIND COMMAND…: its output goes to a log, which is shown when it fails. OK tells after.
OK=
stage() {
  local name=$1 kind=$2 began=$SECONDS status=0 log p=0 f=0 s=0 why=
  log=$LOGS/$name.log
  shift 2
  printf '\n== %s\n' "$name"
  rm -f "${log%.log}.json"
  in_group logged "$log" "$@" || status=$?
  if ! read -r p f s < <("count_$kind" "$log" "$status"); then
    p=0 f=1 s=0 why="its count of tests could not be read (status $status)"
  elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1 why="it ended with status $status"
  elif [ "$kind" != step ] && [ $((p + f)) -eq 0 ]; then
    f=1 why="it ran no test"
  fi
  PASSED=$((PASSED + p)) FAILED=$((FAILED + f)) SKIPPED=$((SKIPPED + s))
  if [ "$f" -gt 0 ]; then
    what_failed "$kind" "$log"
    say "-- $name FAILED${why:+: $why} ($p passed, $f failed, $s skipped, $((SECONDS - began)) s; all of it: $log)"
    note "failed: $name${why:+: $why} ($log)"
  else
    say "-- $name ok ($p passed, $s skipped, $((SECONDS - began)) s)"
  fi
  tried_again "$name" "$log"
  if [ "$s" -gt 0 ]; then skipped_is_noted "$name" "$s" "marked so in the code"; fi
  OK=$([ "$f" -gt 0 ] || say yes)
}

# A test that passed only when it was tried again is told of: it wants to be looked at.
tried_again() {
  local line
  while read -r line; do note "tried again: $1: $line"; done < <(sed -nE 's/^ +FLAKY +[0-9]+\/[0-9]+ +\[[^]]*\] +(\([^)]*\) +)?//p' "$2" | sort -u)
}

# What of the Rust tests the next stage of kind "nextest" runs: arguments of nextest.
SELECTION=()

# nextest PREFIX…: runs them, through another program if one is named. A test that hangs is ended
# after three minutes, unless the project's own configuration of nextest says otherwise.
nextest() {
  say 'profile.default.slow-timeout = { period = "60s", terminate-after = 3 }' >"$TEMP/nextest.toml"
  limited "$@" cargo nextest run "${SELECTION[@]}" --no-fail-fast --color never \
    --tool-config-file "porthole:$TEMP/nextest.toml" \
    --status-level pass --success-output never --failure-output immediate-final --final-status-level flaky
}

# skip_selected NAME WHY: what is selected is left out; it counts as one where its tests cannot be listed.
skip_selected() {
  local count
  count=$(how_many all)
  if [ "$count" -eq 0 ]; then count=1; fi
  skip "$1" "$count" "$2"
}

# skip NAME HOW_MANY WHY
skip() {
  printf '\n== %s\n' "$1"
  say "-- $1 SKIPPED ($2): $3"
  SKIPPED=$((SKIPPED + $2))
  skipped_is_noted "$@"
}

# Under CI nothing may be missing without being seen.
skipped_is_noted() {
  note "skipped: $2 of $1: $3"
  if in_ci; then
    FAILED=$((FAILED + 1))
    note "failed: CI=true allows no skips: $1"
  fi
}

# left_out NAME HOW_MANY WHY: what this machine cannot have, which is said and, also under CI, no failure.
left_out() {
  printf '\n== %s\n' "$1"
  say "-- $1 LEFT OUT ($2): $3"
  SKIPPED=$((SKIPPED + $2))
  note "left out: $2 of $1: $3"
}

# fail NAME WHY: a stage that could not even start.
fail() {
  printf '\n== %s\n' "$1"
  say "-- $1 FAILED: $2"
  FAILED=$((FAILED + 1))
  note "failed: $1: $2"
}

# The last line is read by programs: alone, and the same in every ending.
summary() {
  printf '\n'
  if [ -n "$NOTES" ]; then printf '%s\n' "$NOTES"; fi
  say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
  [ "$FAILED" -eq 0 ]
}

# What a reader needs of a log: a compiler's or runner's lines about what went well are left out.
what_failed() {
  if [ "$1" = nextest ]; then
    { grep -vE '^ +(PASS|Compiling|Downloaded|Fresh) ' "$2" || true; } | tail -n 300
  else
    { grep -vE '^ +(Compiling|Checking|Downloaded|Fresh) ' "$2" || true; } | tail -n 120
  fi
}

# Each count_… takes LOG STATUS and prints: passed failed skipped.

# A preparation: nothing to be counted as passed.
count_step() { if [ "$2" -eq 0 ]; then say 0 0 0; else say 0 1 0; fi; }

# A lint or a check: one.
count_check() { if [ "$2" -eq 0 ]; then say 1 0 0; else say 0 1 0; fi; }

# Nextest's closing line: "Summary [ 1.2s] 4/5 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 7 skipped".
# What did not run because of a cancellation has failed. Its "skipped" holds what the filter left
# out, so the ignored tests are asked for by themselves.
count_nextest() {
  local line all passed
  line=$(grep -E '^ +Summary \[' "$1" | tail -n 1)
  all=$(sed -nE 's/.*\] +([0-9]+\/)?([0-9]+) tests? run:.*/\2/p' <<<"$line")
  passed=$(sed -nE 's/.* run:.* ([0-9]+) passed.*/\1/p' <<<"$line")
  [ -n "$all" ] && [ -n "$passed" ] || return 1
  say "$passed" $((all - passed)) "$(how_many only)"
}

# how_many all|only: the tests that are selected, or those of them that are marked as ignored.
how_many() {
  cargo nextest list "${SELECTION[@]}" --run-ignored "$1" --message-format json 2>/dev/null </dev/null |
    { grep -o '"status":"matches"' || true; } | wc -l | tr -d ' '
}

# Vitest's report in JSON, which the command was told to write beside the log.
count_vitest() {
  node -e '
    const report = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: todo } = report;
    if ([passed, failed, skipped, todo].some((count) => !Number.isInteger(count))) process.exit(1);
    console.log(passed, failed, skipped + todo);
  ' "${1%.log}.json" 2>/dev/null
}
