# shellcheck shell=bash
# Stops the engine and removes what it left on the machine, also after a crash. Images, volumes and packages stay.

# shellcheck source=../lib/firewall.sh
. "$here/lib/firewall.sh"

leave() {
  local link links name value
  stop_engine
  links=$(ip -o link show type bridge | grep -oE '(docker0|br-[0-9a-f]{12})' | sort -u || true)
  remove_engine_rules "$links"
  for link in $links; do ip link del "$link"; done
  while read -r name value; do echo "$value" >"/proc/sys/$name" || true; done <"$engine_dir/run/sysctl"
  [ ! -e "$engine_dir/run/own_etc_docker" ] || rm -rf /etc/docker
  find /sys/fs/cgroup -path "*$cgroup*" -depth -type d -exec rmdir {} + 2>/dev/null || true
  remove_sockets
  rm -rf "$engine_dir/exec" "$engine_dir/run"
}

# remove_engine_rules BRIDGES: those that name a bridge or a chain of the engine, or masquerade a published port's
# container to itself.
remove_engine_rules() {
  local names libraries=$root/usr/lib/x86_64-linux-gnu chains='DOCKER[A-Z0-9-]*' command
  names=$(echo "$1" "$chains" | xargs | tr ' ' '|')
  (
    export PATH=$root/usr/sbin:$PATH LD_LIBRARY_PATH=$libraries:$root/lib/x86_64-linux-gnu XTABLES_LIBDIR=$libraries/xtables
    for command in iptables ip6tables; do
      remove_rules $command "$chains" " -[ioj] ($names)( |\$)|^-A POSTROUTING -s ([0-9.]+)/32 -d ([0-9.]+)/32 .*-j MASQUERADE\$"
    done
  )
}

# stop_engine: containers, engine, and after a crash of the engine what it left running.
stop_engine() {
  local pid path
  if running; then
    pid=$(engine_pid)
    engine_docker ps --quiet | xargs -r "$root/usr/bin/docker" --host "$host" kill >/dev/null || true
    kill "$pid"
    wait_for 30 "the Docker engine stops" not_running || kill -9 "$pid"
  fi
  find /sys/fs/cgroup -path "*$cgroup*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u | xargs -r kill -9 2>/dev/null || true
  for path in /proc/[0-9]*/exe; do
    case $(readlink "$path" 2>/dev/null || true) in
      "$root"/usr/*bin/*docker* | "$root"/usr/bin/containerd*)
        pid=${path#/proc/}
        kill -9 "${pid%/exe}" 2>/dev/null || true
        ;;
    esac
  done
}

not_running() { ! running; }

# remove_sockets: those of shims that were killed.
remove_sockets() {
  local path
  for path in /run/containerd/s/*; do
    [ ! -S "$path" ] || grep -qF "$path" /proc/net/unix || rm -f "$path"
  done
  rmdir /run/docker/plugins /run/docker /run/containerd/s /run/containerd 2>/dev/null || true
}
