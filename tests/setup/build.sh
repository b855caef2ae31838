# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Builds the page and the app, each only when something changed. One set of features and packages
# for lints, build and tests: with another, Cargo would compile the window's toolkit once more.

EVERYTHING=(--workspace --features porthole/custom-protocol)
# Those that need neither the window's toolkit nor an engine to be tested: the members that Cargo takes by default.
WITHOUT_WINDOW=(relay supervisor demo base output http process engine sdk timeline extension app cli)
APP=$TARGET/debug/porthole

page_packages() {
  if [ -d ui/node_modules ] && [ ! ui/package-lock.json -nt ui/node_modules/.package-lock.json ]; then return; fi
  npm --prefix ui ci --no-audit --no-fund
}

# The mark lies in node_modules, which git ignores and `npm ci` empties.
page_build() {
  local mark=ui/node_modules/.porthole-page
  if [ -f ui/dist/index.html ] && [ -f "$mark" ] &&
    [ -z "$(find ui -mindepth 1 \( -name node_modules -o -name dist \) -prune -o -newer "$mark" -print -quit)" ]; then
    say "Nothing has changed since the last build."
    return
  fi
  touch "$mark.new"
  npm --prefix ui run build && mv "$mark.new" "$mark"
}

# The folder of the demo extension: the window opens it, and a package ships it.
demo_build() { bash tests/setup/demo.sh; }

app_build() { cargo build "${EVERYTHING[@]}" --bins; }

# For `make run`: all of it, in words for someone who waits. It takes what Cargo is to build.
build_all() {
  say "Building the page."
  quietly page-install page_packages || die "The page's packages could not be installed."
  quietly page-build page_build || die "The page could not be built."
  say "Building the app (some minutes the first time)."
  cargo build --profile fast-build "$@" || die "The app could not be built."
  say "Building the demo extension."
  quietly demo-extension demo_build || say "It could not be built. Porthole works without it; \`make demo\` tries again."
}
