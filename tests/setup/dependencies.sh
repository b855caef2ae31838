# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# What deny.toml asks of the dependencies: their licenses, versions and sources, and that no security advisory is about them.

has_deny() { cargo deny --version >/dev/null 2>&1; }

fetch_advisories() {
  local limit=()
  if has timeout; then limit=(timeout --kill-after=5 60); fi
  GIT_TERMINAL_PROMPT=0 ${limit[@]+"${limit[@]}"} cargo deny --locked fetch db
}

dependency_stages() {
  stage dependencies check cargo deny --locked check licenses bans sources
  # The advisories are a repository on GitHub. Where it can't be fetched nothing is known about the dependencies, and the
  # network's failure is none of theirs.
  if logged "$LOGS/fetch-advisories.log" fetch_advisories </dev/null; then
    stage advisories check cargo deny --locked check advisories
  else
    left_out advisories 1 "the advisories could not be fetched ($LOGS/fetch-advisories.log)"
  fi
}
