# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# An engine that leaves the system alone: own socket, own data, no firewall, no bridge, and its
# fixed folders (/etc/docker and the like) hidden by empty ones that only it and its children see.

ENGINE=          # the address that tests use
ENGINE_PROCESS=  # ours, when we started one
FIXED_FOLDERS=(/etc/docker /opt/containerd /run/containerd /run/docker)
MADE_FOLDERS=("${FIXED_FOLDERS[@]}" /run/mount)
NOT_OURS=        # which of these, and of the engine's control groups, were there before

# Where the docker command would look.
usual_engine() {
  if [ -n "${DOCKER_HOST:-}" ]; then say "$DOCKER_HOST"; return; fi
  if has docker && docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null; then return; fi
  say unix:///var/run/docker.sock
}

# Asks for /_ping with Node, which is always here; the docker command may not be.
engine_answers() {
  node -e '
    const url = process.argv[1], at = new URL(url.replace(/^tcp:/, "http:"));
    const to = at.protocol === "unix:" ? { socketPath: at.pathname } : { host: at.hostname, port: at.port || 2375 };
    if (!/^(unix|http):$/.test(at.protocol)) process.exit(1);
    const ask = require("http").get({ ...to, path: "/_ping", timeout: 5000 }, (r) => process.exit(r.statusCode === 200 ? 0 : 1));
    ask.on("timeout", () => process.exit(1)).on("error", () => process.exit(1));
  ' "$1" 2>/dev/null
}

# What an engine is: "Docker 28.5.2", "Podman 5.8.6".
engine_version() {
  node -e '
    const at = new URL(process.argv[1].replace(/^tcp:/, "http:"));
    const to = at.protocol === "unix:" ? { socketPath: at.pathname } : { host: at.hostname, port: at.port || 2375 };
    require("http").get({ ...to, path: "/version", timeout: 5000 }, async (response) => {
      const { Version: version, Components: parts = [] } = JSON.parse((await response.toArray()).join(""));
      console.log(`${parts.some((part) => /podman/i.test(part.Name)) ? "Podman" : "Docker"} ${version}`);
    });
  ' "$1" 2>/dev/null || say "an engine of unknown version"
}

# Prefix of a command: it runs where the fixed folders are empty and its own, and where nobody
# else sees its mounts. The one on $TEMP/aside is there to know its children by (see `leftovers`).
prepare_aside() {
  mkdir -p "$TEMP/aside"
  mkdir -p "${FIXED_FOLDERS[@]}" 2>/dev/null || true
  # shellcheck disable=SC2016 # the inner shell's arguments
  ASIDE=(unshare --mount -- sh -ec '
    while [ "$1" != -- ]; do
      if [ -d "$1" ]; then mount -t tmpfs -o mode=755 porthole "$1"; fi
      shift
    done
    shift
    exec "$@"' sh "${FIXED_FOLDERS[@]}" "$TEMP/aside" --)
}

# Folders that must go when we go: those that were not there when we came. None has a space in it.
control_groups() { find /sys/fs/cgroup -maxdepth 2 -type d \( -name docker -o -name 'porthole-*' \) 2>/dev/null; }
remember_what_was() {
  local folder
  for folder in "${MADE_FOLDERS[@]}"; do if [ -e "$folder" ]; then NOT_OURS+="$folder "; fi; done
  NOT_OURS+=$(control_groups | paste -s -d ' ' -)
}

made_here() {
  local folder
  # shellcheck disable=SC2048 # a list of words
  for folder in $*; do
    case " $NOT_OURS " in *" $folder "*) ;; *) if [ -d "$folder" ]; then say "$folder"; fi ;; esac
  done
}

# Starts one and waits until it answers. Its programs are the system's or unpacked ones.
start_engine() {
  local home=$TEMP/engine dockerd
  dockerd=${PORTHOLE_TEST_DOCKERD:-$(tool dockerd || true)}
  [ -n "$dockerd" ] || { REASON="there is no dockerd"; return 1; }
  mkdir -p "$home"
  say '{}' >"$home/daemon.json"
  prepare_aside
  with_tools ending_with_us "${ASIDE[@]}" "$dockerd" \
    --config-file "$home/daemon.json" --data-root "$home/data" --exec-root "$home/exec" \
    --pidfile "$home/pid" --host "unix://$home/docker.sock" --storage-driver vfs \
    --iptables=false --ip6tables=false --bridge=none \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/porthole-$$" \
    >"$LOGS/engine-itself.log" 2>&1 </dev/null &
  ENGINE_PROCESS=$!
  answers_soon "unix://$home/docker.sock" && return
  REASON="the private engine did not start: $(tail -n 1 "$LOGS/engine-itself.log")"
  return 1
}

# Waits until an engine that was just started answers, and makes it the tests' one.
answers_soon() {
  for _ in {1..100}; do
    if [ -S "${1#unix://}" ] && engine_answers "$1"; then ENGINE=$1 && return 0; fi
    kill -0 "$ENGINE_PROCESS" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}

# Whoever still sees a mount inside our folder, in a space of mounts that is not this script's:
# containers and their keepers that outlived an engine which a test has killed.
leftovers() {
  local mounts here there
  here=$(readlink /proc/self/ns/mnt)
  { grep -lF "$TEMP/" /proc/[0-9]*/mountinfo 2>/dev/null || true; } | while read -r mounts; do
    there=$(readlink "${mounts%/mountinfo}/ns/mnt") || continue
    [ "$there" = "$here" ] || basename "${mounts%/mountinfo}"
  done
}

stop_engine() {
  local processes folder
  if [ -n "$ENGINE_PROCESS" ]; then end_process "$ENGINE_PROCESS" 25; fi
  ENGINE_PROCESS=
  for _ in {1..30}; do
    processes=$(leftovers)
    [ -n "$processes" ] || break
    # shellcheck disable=SC2086 # a list of numbers
    kill -KILL $processes 2>/dev/null || true
    sleep 0.1
  done
  for folder in $(made_here "${MADE_FOLDERS[@]}") $(made_here "$(control_groups)"); do
    find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
