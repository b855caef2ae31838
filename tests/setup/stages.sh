# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Runs the stages of the suite one after the other, whatever becomes of the one before, and counts
# tests as the runners report them (results.mjs). A report that cannot be read is a failure, as is a count of 0.

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
limited() { if has timeout; then timeout --foreground --kill-after=30 2700 "$@"; else "$@"; fi; }

# stage NAME KIND COMMAND…: its output goes to a log, which is shown when it fails. OK tells after.
OK=
REPORT=  # where the command of a stage writes what became of each test
stage() {
  local name=$1 kind=$2 began=$SECONDS status=0 log results p f s flaky why=
  log=$LOGS/$name.log
  REPORT=$LOGS/$name.report
  shift 2
  printf '\n== %s\n' "$name"
  rm -f "$REPORT"
  in_group logged "$log" "$@" || status=$?
  if ! results=$("results_$kind" "$status" 2>>"$log"); then
    results= why="its report of tests could not be read (status $status)"
  fi
  p=$(count passed) f=$(count failed) s=$(count skipped) flaky=$(count flaky)
  # Under CI a test that passes only at its second try has failed.
  if in_ci; then f=$((f + flaky)); else p=$((p + flaky)); fi
  if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
    why=${why:-it ended with status $status}
  elif [ "$kind" != step ] && [ $((p + f)) -eq 0 ]; then
    why=${why:-it ran no test}
  fi
  if [ -n "$why" ]; then f=$((f + 1)); fi
  PASSED=$((PASSED + p)) FAILED=$((FAILED + f)) SKIPPED=$((SKIPPED + s))
  if [ "$f" -gt 0 ]; then
    what_failed "$kind" "$log"
    say "-- $name FAILED${why:+: $why} ($p passed, $f failed, $s skipped, $((SECONDS - began)) s; all of it: $log)"
    note "failed: $name${why:+: $why} ($log)"
  else
    say "-- $name ok ($p passed, $s skipped, $((SECONDS - began)) s)"
  fi
  note_each failed "failed: $name: "
  if in_ci; then
    note_each flaky "failed: $name: " " (flaky: it passed at its second try)"
  else
    note_each flaky "flaky: $name: " " (it passed at its second try)"
  fi
  note_each skipped "skipped: $name: "
  if [ "$s" -gt 0 ]; then skipped_is_noted "$name" "$s" "marked so in the code"; fi
  OK=$([ "$f" -gt 0 ] || say yes)
}

# Both read the `results` of the stage. count OUTCOME: how many tests it has.
count() { awk -v outcome="$1" '$1 == outcome { n++ } END { print n + 0 }' <<<"$results"; }
# note_each OUTCOME BEFORE [AFTER]: the first twenty of these tests by name.
note_each() {
  local name n=0
  while read -r name; do
    n=$((n + 1))
    if [ "$n" -le 20 ]; then note "$2$name${3:-}"; fi
  done < <(sed -n "s/^$1 \(.\)/\1/p" <<<"$results")
  if [ "$n" -gt 20 ]; then note "$2and $((n - 20)) more"; fi
}

# What of the Rust tests the next stage of kind "nextest" runs: arguments of nextest.
SELECTION=()

# nextest PREFIX…: runs them, through another program if one is named. A test that hangs is ended
# after three minutes, unless the project's own configuration of nextest says otherwise. That also says which failing
# tests a developer's machine tries once more; under CI all are, so that the summary can tell a flaky one from a broken
# one. Both fail the run.
nextest() {
  local retries=()
  if in_ci; then retries=(--retries 1); fi
  cat >"$TEMP/nextest.toml" <<TOML
[profile.default]
slow-timeout = { period = "60s", terminate-after = 3 }
junit.path = '$REPORT'
TOML
  limited "$@" cargo nextest run "${SELECTION[@]}" --no-fail-fast ${retries[@]+"${retries[@]}"} --color never \
    --tool-config-file "porthole:$TEMP/nextest.toml" \
    --status-level pass --success-output never --failure-output immediate-final --final-status-level flaky
}

# skip_selected NAME WHY: what is selected is left out; it counts as one where its tests cannot be listed.
skip_selected() {
  local count
  count=$(how_many)
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

# Each results_… takes the command's STATUS and prints what became of each test: OUTCOME NAME.

# A preparation: nothing to be counted as passed.
results_step() { [ "$1" -eq 0 ] || say failed; }

# A lint or a check: one.
results_check() { if [ "$1" -eq 0 ]; then say passed; else say failed; fi; }

results_nextest() { [ -f "$REPORT" ] && list_selected && results nextest "$REPORT" "$TEMP/selected.json"; }
# Cargo's own runner, as it writes to the log of the stage.
results_libtest() { results libtest "$log"; }
results_vitest() { results vitest "$REPORT"; }
results() { node tests/setup/results.mjs "$@"; }

# Nextest's list of what is selected, in $TEMP/selected.json.
list_selected() {
  cargo nextest list "${SELECTION[@]}" --cargo-quiet --run-ignored all --message-format json >"$TEMP/selected.json" </dev/null
}

# How many tests are selected; 0 where they cannot be listed.
how_many() {
  { list_selected && results selected "$TEMP/selected.json" || true; } 2>/dev/null | wc -l | tr -d ' '
}
