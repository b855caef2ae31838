# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Engines that this system doesn't have: unpacked under target/engines from the Debian release that has them, by an apt
# that has its own lists and state and checks signatures as the system's does. Nothing is installed, and the system's apt
# learns nothing of it.

ENGINES=$TARGET/engines
# Docker 28 with compose 2 and buildx, and Podman 5.
CURRENT=forky
# Podman 4.3.
OLD=bookworm
DOCKER=$ENGINES/docker

# release_apt RELEASE COMMAND…
release_apt() {
  local home=$ENGINES/apt/$1 target unneeded=()
  shift
  for target in DEP-11 DEP-11-icons DEP-11-icons-small DEP-11-icons-large DEP-11-icons-hidpi Contents-deb; do
    unneeded+=(-o "Acquire::IndexTargets::deb::$target::DefaultEnabled=false")
  done
  apt-get -q -o Dir::Etc::sourcelist="$home/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$home/state" \
    -o Dir::State::status="$home/state/status" -o Dir::Cache="$home/cache" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::http::Timeout=20 -o Acquire::Retries=1 "${unneeded[@]}" "$@"
}

# The mirror that this system's packages come from.
mirror() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1; }

release_lists() {
  local home=$ENGINES/apt/$1 from
  from=$(mirror)
  [ -n "$from" ] || { say "apt-get has no mirror of Debian"; return 1; }
  mkdir -p "$home/state/lists/partial" "$home/cache/archives/partial"
  # As on a system without any package: what is needed is all that a package needs.
  : >"$home/state/status"
  say "deb $from $1 main" >"$home/sources.list"
  # Without this, apt-get only warns of lists that it could not get.
  release_apt "$1" -o APT::Update::Error-Mode=any update
}

# unpack_release FOLDER RELEASE PACKAGE…
unpack_release() {
  local folder=$1 release=$2 debs=$1.debs file
  shift 2
  rm -rf "$folder" "$debs"
  mkdir -p "$folder" "$debs"
  (cd "$debs" && release_apt "$release" download "$@") || return 1
  for file in "$debs"/*.deb; do dpkg -x "$file" "$folder" || return 1; done
  rm -rf "$debs"
}

# Whether a folder is whole, and was made for this release.
is_unpacked() { [ "$(cat "$1/done" 2>/dev/null)" = "$2" ]; }

# Docker with compose and buildx. Its programs run on this system's C library; runc wants its own.
fetch_docker() {
  local libraries
  is_unpacked "$DOCKER" "$CURRENT" && return
  release_lists "$CURRENT" || return 1
  unpack_release "$DOCKER" "$CURRENT" \
    docker.io docker-cli containerd docker-compose docker-buildx runc libc6 libseccomp2 tini || return 1
  libraries=$(dirname "$(find "$DOCKER/usr/lib" -name 'ld-linux*' -o -name libseccomp.so.2 | head -n 1)")
  with_tools patchelf --set-interpreter "$(find "$libraries" -name 'ld-linux*' | head -n 1)" \
    --set-rpath "$libraries" "$DOCKER/usr/sbin/runc" || return 1
  # Where docker's command looks for its plugins.
  mkdir -p "$DOCKER/home/.docker"
  ln -sfn "$DOCKER/usr/libexec/docker/cli-plugins" "$DOCKER/home/.docker/cli-plugins"
  docker_runs_here || return 1
  say "$CURRENT" >"$DOCKER/done"
}

# A release goes on changing until it is out: what was fetched must be what is wanted, and run on this system.
docker_runs_here() {
  local version
  version=$("$DOCKER/usr/sbin/dockerd" --version | sed -nE 's/^Docker version ([0-9]+)\..*/\1/p')
  [ "${version:-0}" -ge 28 ] || { say "its dockerd is of version ${version:-none}"; return 1; }
  "$DOCKER/usr/sbin/runc" --version && "$DOCKER/usr/bin/containerd" --version &&
    HOME=$DOCKER/home "$DOCKER/usr/bin/docker" compose version && HOME=$DOCKER/home "$DOCKER/usr/bin/docker" buildx version
}

# From here on its programs come before the system's, with docker's configuration of its own.
use_docker() {
  export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
  export HOME=$DOCKER/home PATH=$DOCKER/usr/bin:$DOCKER/usr/sbin:$PATH PORTHOLE_TEST_DOCKERD=$DOCKER/usr/sbin/dockerd
}

# fetch_podman RELEASE RUNTIME: with all that it needs, as it runs in a root of its own.
fetch_podman() {
  local root=$ENGINES/podman-$1 packages link
  is_unpacked "$root" "$1" && return
  release_lists "$1" || return 1
  packages=$(release_apt "$1" -s install --no-install-recommends podman "$2" conmon netavark aardvark-dns iptables bash coreutils |
    sed -nE 's/^Inst ([^ ]+) .*/\1/p')
  [ -n "$packages" ] || { say "apt-get knows no way to get podman of $1"; return 1; }
  # shellcheck disable=SC2086 # a list of words
  unpack_release "$root" "$1" $packages || return 1
  for link in bin sbin lib lib64; do [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"; done
  # Links that are made when the package is installed. The network's program of Podman 4 wants both.
  for link in iptables ip6tables; do [ -e "$root/usr/sbin/$link" ] || ln -s "$link-nft" "$root/usr/sbin/$link"; done
  say root:x:0:0:root:/root:/bin/bash >"$root/etc/passwd"
  say root:x:0: >"$root/etc/group"
  mkdir -p "$root"/{proc,sys,dev,tmp,run,var/tmp,root,old,etc/containers}
  say "$1" >"$root/done"
}

# start_podman RELEASE RUNTIME: its service, with mounts and a network of its own; waits until it answers.
start_podman() {
  local root=$ENGINES/podman-$1 home=$TEMP/podman
  find "$root/tmp" -mindepth 1 -type d -empty -delete
  mkdir -p "$home" "$root$TEMP" "$root$TARGET"
  say "[storage]
driver = \"vfs\"
graphroot = \"$home/graph\"
runroot = \"$home/run\"" >"$home/storage.conf"
  say "[containers]
pids_limit = 0
netns = \"host\"
default_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]
[engine]
cgroup_manager = \"cgroupfs\"
events_logger = \"file\"
runtime = \"$2\"" >"$home/containers.conf"
  # shellcheck disable=SC2016 # the inner shell's arguments
  ending_with_us unshare --mount --net -- sh -ec '
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount --rbind /proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -t sysfs sysfs "$1/sys"
    mount -t tmpfs porthole "$1/sys/fs/cgroup"
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
    mount -t tmpfs porthole "$1/run"
    mount --bind "$2" "$1$2"
    mount --bind "$4" "$1$4"
    cd "$1"
    pivot_root . old
    cd /
    exec env PATH=/usr/sbin:/usr/bin HOME=/root TMPDIR=/var/tmp CONTAINERS_CONF="$3/containers.conf" \
      CONTAINERS_STORAGE_CONF="$3/storage.conf" podman system service -t 0 "unix://$3/podman.sock"' \
    sh "$root" "$TEMP" "$home" "$TARGET" >"$LOGS/podman-itself.log" 2>&1 </dev/null &
  ENGINE_PROCESS=$!
  answers_soon "unix://$home/podman.sock" || { REASON="Podman did not start: $(tail -n 1 "$LOGS/podman-itself.log")"; return 1; }
}
