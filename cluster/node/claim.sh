# shellcheck shell=bash
# One node a machine: the claim says whose it is. Whatever cannot work, or is another's, is refused by one line.

node_ports=(12379 12380 6443 10248 10249 10250 10256 10257 10259 "$dns_port" 30480 30481)

boot_id() { cat /proc/sys/kernel/random/boot_id; }

# holds_claim: also where $run_dir was lost since, but not by a reboot, which takes everything else away too.
holds_claim() {
  local owner
  owner=$(cat "$run_dir/owner" 2>/dev/null || true)
  [ "$owner" = "$PARLEY_CACHE" ] || { [ -z "$owner" ] && [ "$(cat "$node_dir/boot" 2>/dev/null)" = "$(boot_id)" ]; }
}

claim() {
  (umask 077 && mkdir -p "$run_dir")
  mkdir -p "$node_dir" "$logs"
  echo "$PARLEY_CACHE" >"$run_dir/owner"
  if [ "$(cat "$node_dir/boot" 2>/dev/null)" != "$(boot_id)" ]; then
    rm -f "$node_dir/host.sysctl" "$node_dir/host.chains"
    boot_id >"$node_dir/boot"
  fi
  echo node >"$PARLEY_CACHE/cluster"
}

refuse_unless_able() {
  [ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] || die "CLUSTER=node needs Linux on amd64; elsewhere run Docker and CLUSTER=kind"
  [ "$(id -u)" = 0 ] || die "CLUSTER=node needs root (or run Docker, for CLUSTER=kind)"
  case $PARLEY_CACHE in
    *[[:space:],:]*) die "PARLEY_CACHE may hold no space, comma or colon; it is $PARLEY_CACHE" ;;
  esac
  # A Unix socket's path holds 107 characters, and the kubelet's longest below the cache takes 45.
  [ ${#PARLEY_CACHE} -le 60 ] || die "PARLEY_CACHE is too long for the kubelet's sockets (60 characters at most)"
  mkdir -p "$PARLEY_CACHE"
  # Its images need an overlay, and so does building them: said now, not after ten minutes of work.
  [ "$(stat -f -c %T "$PARLEY_CACHE")" != overlayfs ] ||
    die "$PARLEY_CACHE is on an overlay, which can carry no other: set PARLEY_CACHE to a folder on a disk"
  if [ -e "$run_dir/owner" ] && ! holds_claim; then
    die "a cluster of another cache is up: PARLEY_CACHE=$(cat "$run_dir/owner") parley-cluster down"
  fi
}

# refuse_conflicts: what is in the way of a node that is not there yet; with the claim in hand it is our own.
refuse_conflicts() {
  local port user pid
  holds_claim && return
  [ ! -e "/sys/class/net/$bridge" ] || die "the bridge $bridge exists and is not ours; remove it: ip link del $bridge"
  [ -z "$(ip -4 route show root "$pod_subnet")" ] || die "this machine has a route into $pod_subnet, the pods' network"
  for pid in $(pgrep -x kubelet); do
    [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || die "another kubelet runs here (pid $pid)"
  done
  if iptables -w -t nat -S KUBE-SERVICES >/dev/null 2>&1; then
    die "iptables holds another Kubernetes' chains (KUBE-SERVICES); take that cluster away first"
  fi
  for port in "${node_ports[@]}"; do
    user=$(ss -Hltnp "sport = :$port")
    [ -z "$user" ] || die "port $port is taken: $(echo "$user" | grep -o 'users:.*' || echo "by a process that is not to be seen")"
  done
}
