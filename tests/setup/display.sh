# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# A display in memory, for machines that have none and for tests that must not disturb one.

SOCKETS=/tmp/.X11-unix

# Whether a window could open here: a DISPLAY that nobody serves is none.
has_display() {
  is_linux || return 0
  case ${WAYLAND_DISPLAY:-} in
    '') ;;
    /*) if [ -S "$WAYLAND_DISPLAY" ]; then return 0; fi ;;
    *) if [ -S "${XDG_RUNTIME_DIR:-}/$WAYLAND_DISPLAY" ]; then return 0; fi ;;
  esac
  local number
  case ${DISPLAY:-} in
    '') return 1 ;;
    :*)
      number=${DISPLAY#:} number=${number%%.*}
      [ -S "$SOCKETS/X$number" ] || grep -q "@$SOCKETS/X$number\$" /proc/net/unix
      ;;
    *) return 0 ;;
  esac
}

XVFB=
SOCKETS_WERE_THERE=
# Starts one on a free number, which is then in VIRTUAL.
start_display() {
  local number second
  if [ -d "$SOCKETS" ]; then SOCKETS_WERE_THERE=yes; fi
  mkdir -p "$TEMP/x"
  mkfifo "$TEMP/x/number"
  ending_with_us Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp -noreset \
    3<>"$TEMP/x/number" >"$LOGS/xvfb.log" 2>&1 </dev/null &
  XVFB=$!
  # Both ends are opened at once: a read-only opening would wait for ever for an Xvfb that died.
  for second in {1..20}; do
    if read -r -t 1 number <>"$TEMP/x/number"; then
      VIRTUAL=:$number
      return 0
    fi
    kill -0 "$XVFB" 2>/dev/null || break
  done
  REASON="Xvfb did not start ($second s): $(tail -n 1 "$LOGS/xvfb.log")"
  return 1
}

stop_display() {
  [ -n "$XVFB" ] || return 0
  end_process "$XVFB" 5
  XVFB=
  if [ -z "$SOCKETS_WERE_THERE" ]; then rmdir "$SOCKETS" 2>/dev/null || true; fi
}

# Runs a command that opens windows, with a home for their files that goes away.
for_windows() (
  home=$TEMP/home
  mkdir -p "$home/config" "$home/data" "$home/cache" "$home/state" "$home/run"
  chmod 700 "$home/run"
  unset WAYLAND_DISPLAY
  export GDK_BACKEND=x11 NO_AT_BRIDGE=1
  # Without a GPU each window's shaders are compiled, which took a fifth of a test: they are shared.
  export LIBGL_ALWAYS_SOFTWARE=1 MESA_SHADER_CACHE_DIR=$home/cache
  export XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data XDG_CACHE_HOME=$home/cache
  export XDG_STATE_HOME=$home/state XDG_RUNTIME_DIR=$home/run
  "$@"
)

# Does so on that display only.
on_display() { DISPLAY=$VIRTUAL for_windows "$@"; }
