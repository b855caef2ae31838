#!/usr/bin/env bash
# A release build, in a .deb that installs on another machine.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common packages build; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

need_languages
need_packages build || die "Porthole cannot be built without these."
say "Building the page."
quietly page-install page_packages || die "The page's packages could not be installed."
tauri=$ROOT/ui/node_modules/.bin/tauri
[ -x "$tauri" ] || die "The packer is missing: add @tauri-apps/cli to ui's devDependencies."
quietly page-build page_build || die "The page could not be built."
say "Building the app for release (six minutes or more the first time)."
mark=$(mktemp "$LOGS/packaged.XXXXXX")
trap 'rm -f "$mark"' EXIT
"$tauri" build --bundles deb --ci
find "$TARGET/release/bundle/deb" -name '*.deb' -newer "$mark"
