#!/usr/bin/env bash
# The engine tests on each engine that Porthole is tested with: the current Docker and Podman, which `make test` has too,
# those of Debian 12, and the Docker that this system's packages have. ONLY=docker,podman,system,podman4 runs some of them.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages tools private-engine fetched-engines build stages; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { stop_engine; }
wanted() { case ",${ONLY:-docker,podman,system,podman4}," in *",$1,"*) return 0 ;; esac; return 1; }

if ! is_linux || ! is_root || ! has_apt; then die "Private engines need Linux, root and Debian's packages."; fi
need_languages
start_clean
remember_what_was
mkdir -p "$TEMP/tmp"
export TMPDIR=$TEMP/tmp NO_COLOR=1 CARGO_TERM_COLOR=never
missing_tools=()
static_busybox >/dev/null || missing_tools+=(busybox-static)
for program in patchelf openssl; do tool "$program" >/dev/null || missing_tools+=("$program"); done
if wanted system && ! tool dockerd >/dev/null; then missing_tools+=(docker.io); fi
[ ${#missing_tools[@]} -eq 0 ] || need_tools "${missing_tools[@]}" || die "$REASON"
PORTHOLE_TEST_BUSYBOX=$(static_busybox)
export PORTHOLE_TEST_BUSYBOX PORTHOLE_TEST_SSHD= PORTHOLE_DEMO_EXTENSION=$TARGET/demo-extension
export PORTHOLE_CLI=$TARGET/debug/porthole-cli
# What `make test` has built is used, where it can be.
BUILT=("${WITHOUT_WINDOW[@]/#/-pporthole-}" -p porthole-tests)
if [ -z "$(missing build)" ]; then BUILT=("${EVERYTHING[@]}"); fi
stage demo-extension step demo_build
stage build step cargo build "${BUILT[@]}" --bins

engine_tests() { with_tools nextest ${ASIDE[@]+"${ASIDE[@]}"}; }

# on NAME FILTER: the tests on the engine that was just started, which ends after them.
on() {
  export PORTHOLE_TEST_ENGINE=$ENGINE
  SELECTION=("${BUILT[@]}" -E "package(porthole-tests) and ($2)")
  printf '\n%s is %s.\n' "$1" "$(engine_version "$ENGINE")"
  stage "$1" nextest engine_tests
  stop_engine
  rm -rf "$TEMP/engine" "$TEMP/podman"
}

# filter | why it isn't run on Podman
not_on_podman() {
  cat <<'TABLE'
binary(engine_lost) or binary(engine_remote) or test(far_away)|they start an engine of their own, which is a dockerd
test(signs_in_at_the_registry)|Podman has a network of its own here, and the test's registry is in this machine's
test(an_image_writes_nothing_outside)|Podman follows the image's link to the root, which Docker hands on as a link
test(a_container_that_is_read_goes_when)|it makes a container for each step of a reading, which takes Podman minutes
TABLE
}

# on_podman NAME RELEASE RUNTIME: the docker command and compose of the current Docker speak to Podman too.
on_podman() {
  local name=$1 release=$2 runtime=$3 filter why left=$every
  unset PORTHOLE_TEST_DOCKERD
  if ! quietly "fetch-$name" fetch_podman "$release" "$runtime"; then
    fail "$name" "it could not be fetched"
  elif start_podman "$release" "$runtime"; then
    while IFS='|' read -r filter why; do
      SELECTION=("${BUILT[@]}" -E "package(porthole-tests) and $every and ($filter)")
      left_out "$name" "$(how_many)" "$why"
      left+=" and not ($filter)"
    done < <(not_on_podman)
    on "$name" "$left"
  else
    fail "$name" "$REASON"
  fi
}

SYSTEM=(HOME="$HOME" PATH="$PATH")
every='binary(/^engine(_[a-z]+)?$/) and not test(over_ssh)'
if quietly fetch-docker fetch_docker; then
  use_docker
  if wanted docker; then
    if start_engine; then on docker "$every"; else fail docker "$REASON"; fi
  fi
else
  fail docker "it could not be fetched"
fi
if wanted podman; then on_podman podman "$CURRENT" crun; fi
if wanted podman4; then on_podman podman4 "$OLD" runc; fi
if wanted system; then
  # Compose is the fetched one, where the system has none.
  export "${SYSTEM[@]}"
  export PATH="$PATH:$TOOLS_PATH:$DOCKER/usr/bin"
  PORTHOLE_TEST_DOCKERD=$(tool dockerd)
  export PORTHOLE_TEST_DOCKERD
  if start_engine; then on system "$every"; else fail system "$REASON"; fi
fi
summary
