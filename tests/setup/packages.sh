# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# The system's packages that Porthole needs: what is missing, what for, and how to get it.
# Things are looked for by what they do, so a machine that has them another way is left alone.

# for what | is it there? | Debian and Ubuntu | Fedora | Arch | why
needs() {
  cat <<'TABLE'
build|has cc|build-essential|gcc|base-devel|links the program
build|has pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|finds the window's libraries
build|pkg-config --exists webkit2gtk-4.1|libwebkit2gtk-4.1-dev|webkit2gtk4.1-devel|webkit2gtk-4.1|draws the window
window|has Xvfb|xvfb|xorg-x11-server-Xvfb|xorg-server-xvfb|is a display in memory
window|has WebKitWebDriver|webkit2gtk-driver|WebKitWebDriver of WebKitGTK|webkit2gtk-4.1|drives the real window
window|has_mono_font|fonts-dejavu-core|dejavu-sans-mono-fonts|ttf-dejavu|letters, so that pictures look right
window|has python3|python3|python3|python|closes the window as its owner does
sockets|has python3|python3|python3|python|is a backend that is not ours
sockets|has curl|curl|curl|curl|runs the curl lines that Porthole prints
sockets|has brotli|brotli|brotli|brotli|compresses bodies to be decoded
sockets|has zstd|zstd|zstd|zstd|compresses bodies to be decoded
compose|has_compose|docker-compose|docker-compose|docker-compose|brings up a backend of several services
budgets|has valgrind|valgrind|valgrind|valgrind|counts instructions
bench|has rg|ripgrep|ripgrep|ripgrep|searches beside Porthole
bench|has curl|curl|curl|curl|fetches beside Porthole
TABLE
}

has_mono_font() {
  [ -n "$(find -L /usr/share/fonts /usr/local/share/fonts "$HOME/.local/share/fonts" \
    -iname '*mono*.[ot]t[fc]' -print -quit 2>/dev/null)" ]
}

has_compose() { docker compose version || has docker-compose; }

# The lines of the table, for the purposes named, that this machine does not meet.
missing() {
  local purpose check names
  is_linux || return 0
  needs | while IFS='|' read -r purpose check names; do
    case " $* " in *" $purpose "*) ;; *) continue ;; esac
    eval "$check" >/dev/null 2>&1 </dev/null || say "$names"
  done
}

packages_in() { cut -d '|' -f 1 <<<"$1" | paste -s -d ' ' -; }
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

# Sees that everything is there, and installs it where that can be done without asking.
# Where it cannot, says what to do and answers 1, with the reason in one line in REASON.
REASON=
need_packages() {
  local lines list
  lines=$(missing "$@")
  [ -n "$lines" ] || return 0
  list=$(packages_in "$lines")
  REASON="missing: $list"
  say "Missing on this machine:"
  if ! has_apt; then
    say "  on Debian and Ubuntu | on Fedora | on Arch: why"
    sed -E 's/^(.*)\|(.*)\|(.*)\|(.*)$/  \1 | \2 | \3: \4/' <<<"$lines"
    say "Install these the way your system does, then try again."
    return 1
  fi
  sed -E 's/^(.*)\|.*\|.*\|(.*)$/  \1: \2/' <<<"$lines"
  if ! can_be_root; then
    say "That needs root. Say: sudo apt-get install $list"
    return 1
  fi
  say "Installing these with apt-get."
  quietly apt-update apt update || true
  # shellcheck disable=SC2086 # a list of words
  quietly apt-install apt install -y --no-install-recommends $list || { REASON="apt-get could not install: $list"; return 1; }
  lines=$(missing "$@")
  [ -z "$lines" ] || { REASON="installed, but still missing: $(packages_in "$lines")"; say "$REASON"; return 1; }
  REASON=
}
