# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Programs that tests run but that must not be installed: a package of docker.io or nginx starts
# services and changes the firewall. Theirs are unpacked under target/ instead, and nothing else.

TOOLS=$TARGET/tools
TOOLS_PATH=$TOOLS/usr/sbin:$TOOLS/usr/bin:$TOOLS/sbin:$TOOLS/bin

# Where a program is: the system's, else the unpacked one.
tool() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:$TOOLS_PATH" command -v "$1"; }

is_static() { case "$(ldd "$1" 2>&1 || true)" in *"not a dynamic executable"* | *"statically linked"*) return 0 ;; esac; return 1; }
static_busybox() {
  local file
  for file in "$(tool busybox || true)" /bin/busybox "$TOOLS/bin/busybox" "$TOOLS/usr/bin/busybox"; do
    if [ -x "$file" ] && is_static "$file"; then say "$file"; return 0; fi
  done
  return 1
}

# An editor that draws the whole screen. Unpacked, it has the name of its package only.
screen_editor() { tool vim || tool vim.basic || tool vim.tiny; }

# What apt would install for these packages here, less the firewall's tools.
to_unpack() {
  apt-get -s install --no-install-recommends "$@" 2>/dev/null |
    sed -nE 's/^Inst ([^ ]+) .*/\1/p' | grep -vxE '(ip|ip6|nf)tables' | sort
}

unpack() {
  local packages debs=$TOOLS/debs file
  packages=$(to_unpack "$@")
  if [ -z "$packages" ] && can_be_root; then
    apt update && packages=$(to_unpack "$@")
  fi
  [ -n "$packages" ] || { say "apt-get knows no way to get: $*"; return 1; }
  rm -rf "$debs"
  mkdir -p "$debs"
  # shellcheck disable=SC2086 # a list of words
  (cd "$debs" && apt-get -q download $packages) ||
    { can_be_root && apt update && (cd "$debs" && apt-get -q download $packages); } || return 1
  for file in "$debs"/*.deb; do dpkg -x "$file" "$TOOLS" || return 1; done
  rm -rf "$debs"
}

# Sees that these packages' programs can be run; REASON says why not.
need_tools() {
  REASON="missing: $*"
  has_apt && has dpkg || return 1
  say "Unpacking $* under ${TOOLS#"$ROOT"/} (nothing is installed)."
  quietly unpack-tools unpack "$@" || { REASON="could not be fetched: $*"; return 1; }
  REASON=
}

# Runs a command that finds the unpacked programs, after the system's, and their libraries.
with_tools() {
  local libraries
  libraries=$(find "$TOOLS" -type d -path '*/lib/*-linux-gnu*' -prune 2>/dev/null | paste -s -d : -)
  libraries=$libraries${libraries:+${LD_LIBRARY_PATH:+:}}${LD_LIBRARY_PATH:-}
  PATH=$PATH:/usr/sbin:/sbin:$TOOLS_PATH LD_LIBRARY_PATH=$libraries "$@"
}
