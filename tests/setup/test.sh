#!/usr/bin/env bash
# The whole suite, cheap stages first; `fast` ends where the window's toolkit would be needed, and `ci` has the tests for
# Windows too.
# SKIP=engine,window leaves those out; CI=true fails on anything that was left out.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools display private-engine fetched-engines build stages dependencies cross-tools; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

WHAT=${1:-all}  # or `fast`, or `ci`
SKIP=${SKIP:-}
ASKED_FOR=${PORTHOLE_TEST_ENGINE:-}  # an engine of the user's own
complete=
at_end() {
  stop_engine
  if [ "$WHAT" = ci ]; then end_wine; fi
  if [ -z "$complete" ]; then
    note "failed: the suite stopped before its end (status $1)"
    FAILED=$((FAILED + 1))
    summary
  fi
}

prepare() {
  need_languages
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    say "rustfmt or clippy is missing: adding them with rustup."
    quietly rustup rustup component add rustfmt clippy || die "rustfmt and clippy could not be added."
  fi
  if ! cargo nextest --version >/dev/null 2>&1; then
    say "cargo-nextest, which runs the Rust tests, is missing: installing it (some minutes)."
    quietly cargo-nextest cargo install cargo-nextest --locked || die "cargo-nextest could not be installed."
  fi
  mkdir -p "$TEMP/tmp"
  export TMPDIR=$TEMP/tmp NO_COLOR=1 CARGO_TERM_COLOR=never
}

skips() { case ",$SKIP," in *",$1,"*) return 0 ;; esac; return 1; }
check_skip() {
  local word
  for word in ${SKIP//,/ }; do
    case $word in engine | window) ;; *) fail SKIP "it knows engine and window, not $word" ;; esac
  done
}

page_tests() { limited npm --prefix ui run test -- --reporter=default --reporter=json --outputFile.json="$REPORT"; }

page_stages() {
  stage page-install step page_packages
  stage format check cargo fmt --all --check -- --color never
  stage page-format check npm --prefix ui run format:check
  stage words check node tests/setup/words.mjs
  if has_deny; then
    dependency_stages
  else
    left_out dependencies 1 "cargo-deny isn't installed: \`make deny\` builds it"
  fi
  stage page-types check npm --prefix ui run check
  stage page-lints check npm --prefix ui run lint
  stage page-tests vitest page_tests
}

# Lints and unit tests of the crates that need neither the window's toolkit nor an engine.
lints_without_window() {
  stage core-lints check cargo clippy "${WITHOUT_WINDOW[@]/#/-pporthole-}" --all-targets -- -D warnings
}
core_tests() {
  SELECTION=("$@")
  stage core-tests nextest nextest
}

# The crates to build: without the window's toolkit, all but the window. Everything after this has the same selection:
# with another, Cargo unites other features and compiles a third of the dependencies once more.
build_stages() {
  stage demo-extension step demo_build
  export PORTHOLE_DEMO_EXTENSION=$TARGET/demo-extension
  if need_packages build; then
    BUILT=("${EVERYTHING[@]}")
    stage page-build step page_build
    stage lints check cargo clippy "${BUILT[@]}" --all-targets -- -D warnings
    stage build step app_build
    if [ -n "$OK" ]; then export PORTHOLE_APP=$APP PORTHOLE_CLI=$TARGET/debug/porthole-cli && return; fi
  else
    lints_without_window
    skip lints 1 "$REASON"
  fi
  BUILT=("${WITHOUT_WINDOW[@]/#/-pporthole-}" -p porthole-tests -p porthole-budgets)
  stage build-without-window step cargo build "${BUILT[@]}" --bins
  export PORTHOLE_CLI=$TARGET/debug/porthole-cli
}

# Programs that are not ours: nginx for the sockets; an editor for the window's terminal; a static shell, an ssh server and
# certificates for the engines.
fetch_tools() {
  local wanted=()
  tool nginx >/dev/null || wanted+=(nginx)
  skips window || screen_editor >/dev/null || wanted+=(vim-tiny)
  if ! skips engine; then
    static_busybox >/dev/null || wanted+=(busybox-static)
    if is_linux && is_root; then
      if ! tool sshd >/dev/null || ! tool ssh >/dev/null; then wanted+=(openssh-server); fi
      tool openssl >/dev/null || wanted+=(openssl)
    fi
  fi
  [ ${#wanted[@]} -eq 0 ] || need_tools "${wanted[@]}" || say "$REASON"
  PORTHOLE_TEST_NGINX=$(tool nginx || true)
  PORTHOLE_TEST_VIM=$(screen_editor || true)
  PORTHOLE_TEST_BUSYBOX=$(static_busybox || true)
  PORTHOLE_TEST_DOCKERD=
  PORTHOLE_TEST_SSHD=
  skips engine || fetch_engines
  if is_linux && is_root && tool ssh >/dev/null && tool docker >/dev/null; then PORTHOLE_TEST_SSHD=$(tool sshd || true); fi
  export PORTHOLE_TEST_NGINX PORTHOLE_TEST_VIM PORTHOLE_TEST_BUSYBOX PORTHOLE_TEST_DOCKERD PORTHOLE_TEST_SSHD
}

# The engines that the tests run on: Docker 28 for all of them, and Podman 5 for some. Where these cannot be had, the tests
# run on what this machine has, and the summary says so. That fails nothing, also under CI: it is the network's doing.
NO_DOCKER=  # why there is no Docker 28
NO_PODMAN=  # why there is no Podman 5
fetch_engines() {
  local wanted=()
  if ! is_linux || ! is_root || ! has_apt; then
    NO_DOCKER="fetched engines need Linux, root and Debian's packages"
  elif ! tool patchelf >/dev/null && ! need_tools patchelf; then
    NO_DOCKER=$REASON
  elif ! quietly fetch-docker fetch_docker; then
    NO_DOCKER="it could not be fetched ($LOGS/fetch-docker.log)"
  else
    use_docker
    quietly fetch-podman fetch_podman "$CURRENT" crun || NO_PODMAN="it could not be fetched ($LOGS/fetch-podman.log)"
    return 0
  fi
  NO_PODMAN=$NO_DOCKER
  if is_linux && is_root && ! tool dockerd >/dev/null; then wanted+=(docker.io); fi
  # Where docker.io comes without its command, that is a package of its own.
  if ! tool docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then wanted+=(docker-cli); fi
  [ ${#wanted[@]} -eq 0 ] || need_tools "${wanted[@]}" || say "$REASON"
  if is_linux && is_root; then PORTHOLE_TEST_DOCKERD=$(tool dockerd || true); fi
}

# Real sockets, and everything that is new and has no stage of its own yet.
socket_stage() {
  local name rest='not (package(porthole-tests) and binary(/^(engine(_[a-z]+)?|window)$/))'
  for name in "${WITHOUT_WINDOW[@]}"; do rest+=" and not package(porthole-$name)"; done
  if [ -z "$PORTHOLE_TEST_NGINX" ]; then
    SELECTION=("${BUILT[@]}" -E "$rest and test(nginx)")
    skip_selected sockets "nginx is missing"
    rest+=' and not test(nginx)'
  fi
  if ! need_packages sockets; then
    SELECTION=("${BUILT[@]}" -E "$rest and test(/python|curl/)")
    skip_selected sockets "$REASON"
    rest+=' and not test(/python|curl/)'
  fi
  if ! need_packages budgets; then
    SELECTION=("${BUILT[@]}" -E "$rest and package(porthole-budgets)")
    skip_selected budgets "$REASON"
    rest+=' and not package(porthole-budgets)'
  fi
  SELECTION=("${BUILT[@]}" -E "$rest")
  stage sockets nextest with_tools nextest
}

# The main engine's address in ENGINE: the one asked for, the fetched one, the one that answers here, or a private one of
# the system's programs.
find_engine() {
  local usual
  [ -n "$PORTHOLE_TEST_BUSYBOX" ] || { REASON="a static busybox is missing"; return 1; }
  ENGINE=$ASKED_FOR
  if [ -n "$ENGINE" ]; then return; fi
  if [ -z "$NO_DOCKER" ]; then start_engine; return; fi
  usual=$(usual_engine)
  if engine_answers "$usual"; then ENGINE=$usual && return; fi
  REASON="no engine answers at $usual, and a private one needs Linux, root and a dockerd"
  [ -n "$PORTHOLE_TEST_DOCKERD" ] && start_engine
}

# Those that are reached by TLS and by ssh, as far as there are the programs for it; `every` is the
# selection of whoever calls.
far_engines() {
  if ! tool openssl >/dev/null; then
    SELECTION=("${BUILT[@]}" -E "$every and binary(/^engine_remote$/) and not test(over_ssh)")
    skip_selected engine-tls "openssl is missing"
    every+=' and not (binary(/^engine_remote$/) and not test(over_ssh))'
  fi
  if [ -z "$PORTHOLE_TEST_SSHD" ]; then
    SELECTION=("${BUILT[@]}" -E "$every and test(over_ssh)")
    skip_selected engine-ssh "sshd, ssh or docker is missing"
    every+=' and not test(over_ssh)'
  fi
}

# Those that bring up the backend of an extension: docker builds its image, compose its services.
backends() {
  if ! is_linux || ! tool docker >/dev/null; then
    SELECTION=("${BUILT[@]}" -E "$every and binary(/^engine_(backend|demo)$/)")
    skip_selected engine-backend "the tests of backends run the docker command, and build the program on Linux"
    every+=' and not binary(/^engine_(backend|demo)$/)'
    return
  fi
  if [ -z "$PORTHOLE_TEST_DOCKERD" ]; then
    SELECTION=("${BUILT[@]}" -E "$every and binary(/^engine_backend$/) and test(far_away)")
    skip_selected engine-backend-far "an engine of one's own to reach from afar needs Linux, root and a dockerd"
    every+=' and not (binary(/^engine_backend$/) and test(far_away))'
  fi
  if ! need_packages compose; then
    SELECTION=("${BUILT[@]}" -E "$every and binary(/^engine_backend$/) and test(compose)")
    skip_selected engine-compose "$REASON"
    every+=' and not (binary(/^engine_backend$/) and test(compose))'
  fi
}

# Where engines differ: lists, streams, codes, logs, requests into containers, images, builds and compose.
ON_PODMAN='binary(engine) and not test(/^(forty_commands|an_output_of_millions)/)
  or binary(engine_tunnel) and test(/::(requests_and_answers|events_come|a_body_that|each_way|whoever_only|only_the_volume)/)
  or binary(engine_backend) and test(/^engine_(an_image_is_built|an_image_that_cannot|compose_brings_up|compose_that_fails)/)
  or binary(engine_extension)'

podman_stage() {
  local every="package(porthole-tests) and binary(/^engine(_[a-z]+)?$/) and ($ON_PODMAN)"
  SELECTION=("${BUILT[@]}" -E "$every")
  if skips engine; then return; fi
  if [ -n "$NO_PODMAN" ]; then left_out engine-podman "$(how_many)" "no Podman 5: $NO_PODMAN" && return; fi
  if [ -z "$PORTHOLE_TEST_BUSYBOX" ]; then skip_selected engine-podman "a static busybox is missing" && return; fi
  if ! start_podman "$CURRENT" crun; then fail engine-podman "$REASON" && return; fi
  export PORTHOLE_TEST_ENGINE=$ENGINE
  say "The engine is $ENGINE: $(engine_version "$ENGINE")"
  stage engine-podman nextest engine_tests
  stop_engine
}

engine_tests() { with_tools nextest ${ASIDE[@]+"${ASIDE[@]}"}; }
engine_stage() {
  local every='package(porthole-tests) and binary(/^engine(_[a-z]+)?$/)'
  SELECTION=("${BUILT[@]}" -E "$every")
  if skips engine; then skip_selected engine "SKIP=engine" && return; fi
  if ! find_engine; then skip_selected engine "$REASON" && return; fi
  export PORTHOLE_TEST_ENGINE=$ENGINE
  if [ -n "$PORTHOLE_TEST_DOCKERD" ]; then
    prepare_aside
    far_engines
  else
    SELECTION=("${BUILT[@]}" -E 'package(porthole-tests) and binary(/^engine_(lost|remote)$/)')
    skip_selected engine-lost "an engine of one's own to kill or to reach from afar needs Linux, root and a dockerd"
    every+=' and not binary(/^engine_(lost|remote)$/)'
  fi
  if ! tool docker >/dev/null; then
    SELECTION=("${BUILT[@]}" -E 'package(porthole-tests) and binary(/^engine_code$/)')
    skip_selected engine-code "there is no docker command"
    every+=' and not binary(/^engine_code$/)'
  fi
  backends
  SELECTION=("${BUILT[@]}" -E "$every")
  say "The engine is $ENGINE: $(engine_version "$ENGINE")"
  if [ -n "$NO_DOCKER" ] && [ -z "$ASKED_FOR" ]; then
    note "the engine tests ran on $(engine_version "$ENGINE") in place of Docker 28: $NO_DOCKER"
  fi
  stage engine nextest engine_tests
}

# The window runs docker, and its tests an engine and an ssh server, which may be of the fetched tools.
window_tests() {
  local host
  host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
  export "CARGO_TARGET_${host}_RUNNER=$ROOT/tests/setup/own-display.sh"
  with_tools for_windows nextest ${ASIDE[@]+"${ASIDE[@]}"}
}
window_stage() {
  SELECTION=("${BUILT[@]}" -E 'package(porthole-tests) and binary(/^window$/)')
  if skips window; then skip_selected window "SKIP=window" && return; fi
  if ! is_linux; then skip_selected window "WebKitWebDriver is there on Linux only" && return; fi
  if [ -n "$(missing build)" ]; then skip_selected window "missing: $(packages_in "$(missing build)")" && return; fi
  if [ -z "${PORTHOLE_APP:-}" ]; then fail window "the app was not built" && return; fi
  if ! need_packages window; then skip_selected window "$REASON" && return; fi
  local every='package(porthole-tests) and binary(/^window$/)' built='test(engine_the_demo) or test(extension::)'
  local far='test(over_tls) or test(behind_ssh)'
  if [ -z "$PORTHOLE_TEST_VIM" ]; then
    SELECTION=("${BUILT[@]}" -E "$every and test(vim_)")
    skip_selected window-editor "vim is missing"
    every+=' and not test(vim_)'
  fi
  # Some of them look at a container in the window.
  if skips engine || ! find_engine; then
    SELECTION=("${BUILT[@]}" -E "$every and test(engine)")
    if skips engine; then REASON="SKIP=engine"; fi
    skip_selected window-engine "there is no engine: $REASON"
    every+=' and not test(engine)'
  elif ! tool docker >/dev/null; then
    SELECTION=("${BUILT[@]}" -E "$every and ($built)")
    skip_selected window-extensions "the tests of extensions run the docker command"
    every+=" and not ($built)"
  elif [ -z "$PORTHOLE_TEST_DOCKERD" ] || [ -z "$PORTHOLE_TEST_SSHD" ] || ! tool openssl >/dev/null; then
    SELECTION=("${BUILT[@]}" -E "$every and ($far)")
    skip_selected window-far "an engine to reach from afar needs Linux, root, a dockerd, openssl and sshd"
    every+=" and not ($far)"
  fi
  export PORTHOLE_TEST_ENGINE=$ENGINE
  SELECTION=("${BUILT[@]}" -E "$every")
  stage window nextest window_tests
}

start_clean
remember_what_was
check_skip
prepare
page_stages
if [ "$WHAT" = fast ]; then
  lints_without_window
  core_tests "${WITHOUT_WINDOW[@]/#/-pporthole-}"
else
  build_stages
  without_window=$(printf ' or package(porthole-%s)' "${WITHOUT_WINDOW[@]}")
  core_tests "${BUILT[@]}" -E "${without_window# or }"
  fetch_tools
  socket_stage
  engine_stage
  stop_engine
  podman_stage
  window_stage
fi
stop_engine
if [ "$WHAT" = ci ]; then windows_where_possible; fi
complete=yes
summary
