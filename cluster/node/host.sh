# shellcheck shell=bash
# What a node needs of the machine itself: kernel settings, a bridge, firewall rules. What is changed is noted first, in
# $node_dir/host.*, for down.

changed_sysctls=(
  net.ipv4.ip_forward net.ipv4.conf.all.route_localnet net.bridge.bridge-nf-call-iptables
  # A kubelet sets these for the whole machine.
  vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes
)
# Folders that kubelet, containerd and the CNI plugins make outside ours.
made_folders=(/run/containerd/s /run/containerd /run/netns /var/lib/cni/results /var/lib/cni/cache /var/lib/cni
  /var/log/containers /var/lib/kubelet/device-plugins /var/lib/kubelet /etc/cni/net.d /etc/cni /opt/cni/bin /opt/cni /run/xtables.lock)

prepare_host() {
  note_host
  load_modules
  write_sysctl net.ipv4.ip_forward 1
  write_sysctl net.bridge.bridge-nf-call-iptables 1
  enable_cgroup_controllers
  share_netns_folder
  make_bridge
  open_firewall
}

# note_host: before the first change, the settings once for each boot.
note_host() {
  local name path
  if [ ! -e "$node_dir/host.sysctl" ]; then
    for name in "${changed_sysctls[@]}"; do
      path=/proc/sys/${name//.//}
      [ ! -e "$path" ] || echo "$name $(cat "$path")"
    done >"$node_dir/host.sysctl.new"
    foreign_chains >"$node_dir/host.chains"
    mv "$node_dir/host.sysctl.new" "$node_dir/host.sysctl"
  fi
  if [ ! -e "$node_dir/host.made" ]; then
    for path in "${made_folders[@]}"; do
      [ -e "$path" ] || echo "$path"
    done >"$node_dir/host.made.new"
    mv "$node_dir/host.made.new" "$node_dir/host.made"
  fi
}

# foreign_chains: those of other programs' CNI plugins (nerdctl's, podman's), which bear the names that ours make.
foreign_chains() {
  local command table
  for command in iptables ip6tables; do
    for table in filter nat mangle; do
      # A kernel without this table (ip6tables' nat) has no chains in it.
      { "$command-save" -t $table 2>/dev/null || true; } | sed -n "s/^:\(CNI-[^ ]*\) .*/$command $table \1/p"
    done
  done
}

load_modules() {
  [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || modprobe br_netfilter 2>/dev/null ||
    die "the kernel has no br_netfilter, which Services need"
  # Where it is neither there nor to be had, containerd says so itself.
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || true
}

write_sysctl() { echo "$2" >"/proc/sys/${1//.//}" || die "cannot set the kernel's $1"; }

# enable_cgroup_controllers: on cgroup v2 the root must hand its controllers down. Inside a container the "root" has
# processes of its own, which forbids that; they move to a child first.
enable_cgroup_controllers() {
  local root=/sys/fs/cgroup pid controller controllers
  [ -e "$root/cgroup.controllers" ] || return 0
  if [ -e "$root/cgroup.type" ] && [ -s "$root/cgroup.procs" ]; then
    mkdir -p "$root/parley-init"
    # A process that ended meanwhile, or a kernel thread, can't be moved.
    while read -r pid; do echo "$pid" >"$root/parley-init/cgroup.procs" 2>/dev/null || true; done <"$root/cgroup.procs"
  fi
  # The file's one line may be empty; a controller that can't be had is told by the kubelet, which needs it.
  read -ra controllers <"$root/cgroup.controllers" || true
  for controller in "${controllers[@]}"; do
    echo "+$controller" >"$root/cgroup.subtree_control" 2>/dev/null || true
  done
}

# share_netns_folder: `ip netns add` binds /run/netns to itself unless it is a mount already, and so covers the pods'
# namespaces that are in it with copies, which then can never be unmounted. Where it is one from the start, it does not.
share_netns_folder() {
  mkdir -p /run/netns
  if ! grep -qs ' /run/netns ' /proc/self/mounts; then
    mount --bind /run/netns /run/netns
    mount --make-shared /run/netns
    touch "$node_dir/host.netns"
  fi
}

make_bridge() {
  [ -e "/sys/class/net/$bridge" ] || ip link add "$bridge" type bridge
  ip addr replace "$node_ip/${pod_subnet#*/}" dev "$bridge"
  ip link set "$bridge" up
}

# open_firewall: a machine whose firewall drops what it does not know (Docker's does, for forwarded packets) must let the
# pods through.
open_firewall() {
  local rule
  iptables -w -N PARLEY-NODE 2>/dev/null || iptables -w -F PARLEY-NODE
  iptables -w -A PARLEY-NODE -i "$bridge" -j ACCEPT
  iptables -w -A PARLEY-NODE -o "$bridge" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  for rule in INPUT FORWARD; do
    iptables -w -C "$rule" -j PARLEY-NODE 2>/dev/null || iptables -w -I "$rule" -j PARLEY-NODE
  done
}
