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
# Beside the page's packages, not among them: only this needs it, and its own optional packages
# are not to be had from every registry.
packer=$TARGET/tools/packer
tauri=$packer/node_modules/.bin/tauri
if [ ! -x "$tauri" ]; then
  quietly packer npm install --no-audit --no-fund --prefix "$packer" @tauri-apps/cli@2.12.5 ||
    die "The packer could not be fetched."
fi
quietly page-build page_build || die "The page could not be built."
say "Building the demo extension."
quietly demo-extension demo_build || die "The demo extension could not be built."
demo=$TARGET/demo-extension
[ -f "$demo/metadata.json" ] || die "There is no demo extension to ship: see the words above."
say "Building the app for release (six minutes or more the first time)."
mark=$(mktemp "$LOGS/packaged.XXXXXX")
trap 'rm -f "$mark"' EXIT
# Not in tauri.conf.json: every build would want the folder then, and only a package ships it.
"$tauri" build --bundles deb --ci --config "{\"bundle\":{\"resources\":{\"$demo\":\"demo-extension\"}}}"
find "$TARGET/release/bundle/deb" -name '*.deb' -newer "$mark"
