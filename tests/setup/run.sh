#!/usr/bin/env bash
# From a clone to an open window. With no display, from a clone to a drive through the real window.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common processes packages display build; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

at_end() { stop_display; }
WINDOW=(-p porthole --features porthole/custom-protocol --bin porthole)
BUILT=$TARGET/fast-build

need_languages
need_packages build || die "Porthole cannot be built without these."
if has_display; then
  build_all "${WINDOW[@]}"
  say "Opening the window, with the demo backend as its target."
  exec "$BUILT/porthole"
fi

say "This machine has no display: a virtual one is started, and the window is driven there."
need_packages window || die "Without these the window cannot be shown here; \`cargo run -p porthole-cli\` needs none."
build_all "${WINDOW[@]}" -p porthole-tests --bin tour
start_clean
start_display || die "$REASON"
say "The display is $VIRTUAL."
export PORTHOLE_APP=$BUILT/porthole
PORTHOLE_PICTURES=1 in_group on_display "$BUILT/tour"
