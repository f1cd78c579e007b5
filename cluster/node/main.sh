# shellcheck shell=bash
# One real node on this machine: its constants, and up, down and status in the order of their steps.

node_dir=$PARLEY_CACHE/node # state: keys, etcd, containerd's images, kubelet
run_dir=/run/parley         # the claim on this machine, sockets and pids: gone after a reboot, as the processes are
node_name=parley-node
bridge=parleybr0
node_ip=10.97.0.1
pod_subnet=10.97.0.0/24
service_subnet=10.96.0.0/16
dns_ip=10.96.0.10
dns_port=10053 # on the node's address; 53 may be taken by the machine's own resolver
api_url=https://$node_ip:6443
containerd_socket=$run_dir/containerd.sock

for part in process claim host pki control runtime dns leave; do
  # shellcheck source=/dev/null
  . "$here/node/$part.sh"
done
# shellcheck source=../lib/store.sh
. "$here/lib/store.sh"

kube() { "$bin/kubectl" --kubeconfig "$PARLEY_CACHE/kubeconfig" --request-timeout 20s "$@"; }
containers() { ctr --address "$containerd_socket" --namespace k8s.io "$@"; }

cluster_image_nodes() { echo "$node_name"; }
cluster_containers() { containers "$@"; }
cluster_has_image() { [ -n "$(containers images ls --quiet "name==$1")" ]; }

node_is_ready() {
  [ "$(kube get node "$node_name" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

node_is_healthy() {
  local name
  for name in "${node_processes[@]}"; do running "$name" || return 1; done
  node_is_ready
}

cluster_up() {
  refuse_unless_able
  if holds_claim && node_is_healthy; then
    ensure_store
    say "cluster: up (node)"
    return
  fi
  one_at_a_time
  tools
  need_packages containerd=containerd runc=runc /usr/lib/cni/bridge=containernetworking-plugins \
    iptables=iptables conntrack=conntrack ip=iproute2 openssl=openssl sysctl=procps modprobe=kmod
  local start=$SECONDS whole=
  if [ -e "$node_dir/complete" ]; then
    whole=yes
  elif [ -e "$node_dir" ]; then
    say "cluster: an earlier start was cut off; beginning anew"
    leave_machine
  fi
  refuse_conflicts
  claim
  attempt start_node
  if [ "$status" != 0 ] && [ -n "$whole" ]; then revive_node; fi
  [ "$status" = 0 ] || die "the node did not become ready; logs are in $logs"
  say "cluster: up (node) $((SECONDS - start)) s"
}

# revive_node: a machine under load may only have been too slow. Where the second start fails, too, what the cluster held
# is given up.
revive_node() {
  say "cluster: the node does not come up again; trying once more"
  attempt start_node
  [ "$status" != 0 ] || return 0
  say "cluster: making it anew; its Interviews and whatever else was in it are lost, transcripts stay"
  leave_machine
  claim
  attempt start_node
}

# start_node: to be run by `attempt`; the first failure ends it.
start_node() {
  kill_strays
  prepare_host
  make_pki
  start_control_plane
  start_runtime
  start_dns
  touch "$node_dir/complete"
  ensure_store
}

cluster_down() {
  [ "$(id -u)" = 0 ] || die "run as root"
  one_at_a_time
  if ! holds_claim && [ -e "$run_dir/owner" ]; then
    die "the cluster that is up belongs to another cache: PARLEY_CACHE=$(cat "$run_dir/owner") parley-cluster down"
  fi
  leave_machine
  rm -f "$PARLEY_CACHE/cluster" "$PARLEY_CACHE/kubeconfig"
  say "cluster: down"
}

cluster_status() {
  local name
  holds_claim || { echo "no cluster"; return 1; }
  for name in "${node_processes[@]}"; do
    if running "$name"; then echo "$name: pid $(pid_of "$name")"; else echo "$name: not running"; fi
  done
  kube get nodes
}
