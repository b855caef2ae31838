#!/usr/bin/env bash
# Assembles the demo extension in target/demo-extension: its sources, and beside them the static program that its
# image is made of. The program is for Linux, as every image; elsewhere PORTHOLE_DEMO_PROGRAM names one.
set -euo pipefail
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SOURCES=src-tauri/demo/extension
FOLDER=$TARGET/demo-extension
program=${PORTHOLE_DEMO_PROGRAM:-}

if [ -z "$program" ]; then
  is_linux || { say "The demo extension's program is built on Linux; name one in PORTHOLE_DEMO_PROGRAM." && exit; }
  # For itself alone: nothing else is to be linked so.
  quietly demo-program cargo rustc -p porthole-demo --bin porthole-demo-backend --profile demo -- \
    -C target-feature=+crt-static || die "The demo extension's program could not be built."
  program=$TARGET/demo/porthole-demo-backend
fi

# Made beside it and put in its place at once: a window may have it open.
made=$FOLDER.$$
trap 'rm -rf "$made"' EXIT
rm -rf "$made"
cp -R "$SOURCES" "$made"
cp "$program" "$made/demo"
chmod 755 "$made/demo" "$made/host/porthole-demo-host"
if ! diff -qr "$made" "$FOLDER" >/dev/null 2>&1; then
  rm -rf "$FOLDER"
  mv "$made" "$FOLDER"
fi
say "$FOLDER"
