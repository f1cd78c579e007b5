# shellcheck shell=bash
# The way out, from any half-made state: nothing of the node stays on the machine but files in $PARLEY_CACHE.

# shellcheck source=../lib/firewall.sh
. "$here/lib/firewall.sh"

leave_machine() {
  stop_processes
  unmount_all
  remove_network
  remove_firewall
  remove_cgroups
  restore_sysctls
  remove_made_folders
  # Images stay, in $PARLEY_CACHE/containerd.
  rm -rf --one-file-system "$node_dir" "$run_dir"
}

# stop_processes: kubelet first, since it restarts what stops; containerd gently, since its database is kept.
stop_processes() {
  local pid name
  for name in kubelet kube-proxy coredns kube-scheduler kube-controller-manager kube-apiserver etcd; do
    if running "$name"; then kill -9 "$(pid_of "$name")" 2>/dev/null || true; fi
  done
  if holds_claim; then kill_pods; fi
  stop containerd
  for pid in $(our_pids); do kill -9 "$pid" 2>/dev/null || true; done
  wait_for 10 "the node's processes end" no_processes || die "processes of the node do not end: $(our_pids | xargs)"
}

no_processes() { [ -z "$(our_pids)" ]; }

pod_cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name kubepods 2>/dev/null; }

kill_pods() {
  local folder
  for folder in $(pod_cgroups); do
    find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null
  done | sort -u | xargs -r kill -9 2>/dev/null || true
}

# our_mounts: the deepest first.
our_mounts() {
  awk -v a="$node_dir/" -v b="$run_dir/" -v c="$PARLEY_CACHE/containerd/" \
    'index($2, a) == 1 || index($2, b) == 1 || index($2, c) == 1 {print $2}' /proc/mounts | LC_ALL=C sort -r
}

unmount_all() {
  local path
  for path in $(our_mounts); do umount "$path" 2>/dev/null || umount -l "$path" || true; done
}

# remove_network: the pods' namespaces, as the CNI's own records name them, their ends on the bridge, the bridge.
remove_network() {
  local record id netns link
  for record in /var/lib/cni/results/parley-*-eth0; do
    [ -e "$record" ] || continue
    id=${record##*/parley-}
    id=${id%-eth0}
    netns=$(grep -o '"sandbox":"/var/run/netns/cni-[^"]*"' "$record" | cut -d'"' -f4 | head -n 1 || true)
    if [ -n "$netns" ]; then
      umount -l "$netns" 2>/dev/null || true
      rm -f "$netns"
    fi
    rm -f "$record" "/var/lib/cni/results/cni-loopback-$id-lo"
  done
  # Stays where somebody else's namespaces are in it.
  [ ! -e "$node_dir/host.netns" ] || umount /run/netns 2>/dev/null || true
  [ -e "/sys/class/net/$bridge" ] || return 0
  for link in "/sys/class/net/$bridge/brif/"*; do
    # A pod's end goes by itself, a moment after the pod: it may be gone between the two words.
    [ ! -e "$link" ] || ip link del "${link##*/}" 2>/dev/null || true
  done
  ip link del "$bridge"
}

# remove_firewall: the chains of kube-proxy, the CNI plugins and ours, and the rules that lead into them; not those that
# were there before.
remove_firewall() {
  local ours='(KUBE|CNI|PARLEY)-[A-Za-z0-9-]+' command spared=/dev/null
  holds_claim || return 0
  if [ -e "$node_dir/host.chains" ]; then spared=$node_dir/host.chains; fi
  for command in iptables ip6tables; do remove_rules $command "$ours" " -j $ours( |\$)" "$spared"; done
}

remove_cgroups() {
  local folder
  holds_claim || return 0
  for folder in $(pod_cgroups); do
    wait_for 10 "the cgroup $folder empties" remove_cgroup "$folder" || true
  done
  return_cgroup_root
}

# return_cgroup_root: takes enable_cgroup_controllers' move back; a group whose children have controllers may hold no
# process, so these go first.
return_cgroup_root() {
  local root=/sys/fs/cgroup pid controller controllers
  [ -d "$root/parley-init" ] || return 0
  read -ra controllers <"$root/cgroup.subtree_control" || true
  for controller in "${controllers[@]}"; do echo "-$controller" >"$root/cgroup.subtree_control" 2>/dev/null || true; done
  while read -r pid; do echo "$pid" >"$root/cgroup.procs" 2>/dev/null || true; done <"$root/parley-init/cgroup.procs"
  rmdir "$root/parley-init" || true
}

remove_cgroup() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; [ ! -e "$1" ]; }

restore_sysctls() {
  local name value
  [ -e "$node_dir/host.sysctl" ] || return 0
  while read -r name value; do echo "$value" >"/proc/sys/${name//.//}" || true; done <"$node_dir/host.sysctl"
}

remove_made_folders() {
  local path
  holds_claim || return 0
  for path in /run/containerd/s/*; do # sockets of shims that were killed
    [ ! -S "$path" ] || grep -qF "$path" /proc/net/unix || rm -f "$path"
  done
  rm -f /var/lib/kubelet/device-plugins/kubelet.sock
  find /var/log/containers -maxdepth 1 -type l -lname "$node_dir/*" -delete 2>/dev/null || true
  [ -e "$node_dir/host.made" ] || return 0
  while read -r path; do
    if [ -d "$path" ]; then rmdir "$path" 2>/dev/null || true; else rm -f "$path"; fi
  done <"$node_dir/host.made"
}
