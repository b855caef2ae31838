#!/usr/bin/env bash
# Formats both languages, with the versions that the checks use.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common build; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

need_languages
cargo fmt --all
quietly page-install page_packages || die "The page's packages could not be installed."
npm --prefix ui run format
