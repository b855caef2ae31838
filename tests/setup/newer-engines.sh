# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# Engines that are newer than this system's: unpacked under target/engines from Debian's unstable suite, by an apt that has
# its own lists and state. Nothing is installed, and the system's apt learns nothing of it.

NEWER=$TARGET/engines

newer_apt() {
  apt-get -q -o Dir::Etc::sourcelist="$NEWER/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$NEWER/state" \
    -o Dir::State::status="$NEWER/state/status" -o Dir::Cache="$NEWER/cache" -o APT::Sandbox::User=root "$@"
}

# The mirror that this system's packages come from.
mirror() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1; }

newer_lists() {
  local from
  from=$(mirror)
  [ -n "$from" ] || { say "apt-get has no mirror of Debian"; return 1; }
  mkdir -p "$NEWER/state/lists/partial" "$NEWER/cache/archives/partial"
  # As on a system without any package: what is needed is all that a package needs.
  : >"$NEWER/state/status"
  say "deb $from unstable main" >"$NEWER/sources.list"
  newer_apt update
}

# unpack_newer FOLDER PACKAGE…
unpack_newer() {
  local folder=$1 debs=$NEWER/debs file
  shift
  rm -rf "$folder" "$debs"
  mkdir -p "$folder" "$debs"
  (cd "$debs" && newer_apt download "$@") || return 1
  for file in "$debs"/*.deb; do dpkg -x "$file" "$folder" || return 1; done
  rm -rf "$debs"
}

# Docker with compose and buildx. Its programs run on this system's C library; runc wants its own.
fetch_docker() {
  local root=$NEWER/docker libraries
  [ -x "$root/usr/sbin/dockerd" ] && [ -e "$root/done" ] && return
  newer_lists || return 1
  unpack_newer "$root" docker.io docker-cli containerd docker-compose docker-buildx runc libc6 libseccomp2 tini || return 1
  libraries=$(dirname "$(find "$root/usr/lib" -name 'ld-linux*' -o -name libseccomp.so.2 | head -n 1)")
  with_tools patchelf --set-interpreter "$(find "$libraries" -name 'ld-linux*' | head -n 1)" \
    --set-rpath "$libraries" "$root/usr/sbin/runc" || return 1
  # Where docker's command looks for its plugins.
  mkdir -p "$root/home/.docker"
  ln -sfn "$root/usr/libexec/docker/cli-plugins" "$root/home/.docker/cli-plugins"
  : >"$root/done"
}

# Podman with all that it needs: it runs in a root of its own.
fetch_podman() {
  local root=$NEWER/podman packages link
  [ -x "$root/usr/bin/podman" ] && [ -e "$root/done" ] && return
  newer_lists || return 1
  packages=$(newer_apt -s install --no-install-recommends podman crun conmon netavark aardvark-dns bash coreutils |
    sed -nE 's/^Inst ([^ ]+) .*/\1/p')
  # shellcheck disable=SC2086 # a list of words
  unpack_newer "$root" $packages || return 1
  for link in bin sbin lib lib64; do [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"; done
  say root:x:0:0:root:/root:/bin/bash >"$root/etc/passwd"
  say root:x:0: >"$root/etc/group"
  mkdir -p "$root"/{proc,sys,dev,tmp,run,var/tmp,root,old,etc/containers}
  say '[containers]
pids_limit = 0
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"' >"$root/etc/containers/containers.conf"
  : >"$root/done"
}

# Starts Podman's service, with mounts and a network of its own, and waits until it answers.
start_podman() {
  local root=$NEWER/podman home=$TEMP/podman
  mkdir -p "$home" "$root$TEMP" "$root$TARGET"
  say "[storage]
driver = \"vfs\"
graphroot = \"$home/graph\"
runroot = \"$home/run\"" >"$root/etc/containers/storage.conf"
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
    exec env PATH=/usr/sbin:/usr/bin HOME=/root TMPDIR=/var/tmp podman system service -t 0 "unix://$3/podman.sock"' \
    sh "$root" "$TEMP" "$home" "$TARGET" >"$LOGS/podman-itself.log" 2>&1 </dev/null &
  ENGINE_PROCESS=$!
  answers_soon "unix://$home/podman.sock" || { REASON="Podman did not start: $(tail -n 1 "$LOGS/podman-itself.log")"; return 1; }
}

# Waits until an engine that was just started answers, and makes it the tests' one.
answers_soon() {
  for _ in {1..100}; do
    if engine_answers "$1"; then ENGINE=$1 && return 0; fi
    kill -0 "$ENGINE_PROCESS" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}
