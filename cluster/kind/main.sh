# shellcheck shell=bash
# A kind cluster on the Docker engine that answers: up, down and status, and how images reach it.
#
# KIND_NODE_IMAGE names another node image than kind's own; KIND_WORKERS is how many workers the cluster is made with
# (default 0: its one node does everything).

kind_name=parley
kind_container=$kind_name-control-plane
store_in_node=/var/lib/parley-store
oldest_kubectl=1.33 # of those that are used as they are found

# shellcheck source=../lib/store.sh
. "$here/lib/store.sh"

kube() { "$bin/kubectl" --kubeconfig "$PARLEY_CACHE/kubeconfig" --request-timeout 20s "$@"; }
cluster_containers() { docker exec --interactive "${image_node:-$kind_container}" ctr --namespace k8s.io "$@"; }
# cluster_image_nodes: those on which pods run; beside workers, kind keeps them off the control plane.
cluster_image_nodes() { kind_nodes | grep -- -worker || echo "$kind_container"; }
cluster_has_image() { [ -n "$(cluster_containers images ls --quiet "name==$1")" ]; }
cluster_load_from_docker() { "$bin/kind" load docker-image --name "$kind_name" --nodes "$image_node" "$1"; }

# container_state: Docker's word for the node's state, or absent. Where Docker does not answer, that is an error: a cluster
# that can't be seen is still there.
container_state() {
  local state
  state=$(timeout 20 docker ps --all --filter "name=^/$kind_container\$" --format '{{.State}}') ||
    die "Docker does not answer, so whether the cluster is there can't be told"
  echo "${state:-absent}"
}

kind_nodes() { "$bin/kind" get nodes --name "$kind_name" 2>/dev/null | sort; }

# node_is_ready: each one of the cluster is.
node_is_ready() {
  local ready
  ready=$(kube get nodes -o 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null)
  [ -n "$ready" ] && ! grep -qv '^True$' <<<"$ready"
}

# is_ours: the cluster that is there has this cache's store in it.
is_ours() {
  local source
  source=$(timeout 20 docker inspect "$kind_container" 2>/dev/null \
    --format "{{range .Mounts}}{{if eq .Destination \"$store_in_node\"}}{{.Source}}{{end}}{{end}}") || return
  [ "$source" = "$store_dir" ]
}

# is_up STATE: the cluster is there and ready. One of another cache is refused.
is_up() {
  [ "$1" != absent ] || return 1
  is_ours || die "a kind cluster named $kind_name is there that this cache did not make; delete it or use its cache"
  [ "$1" = running ] && node_is_ready
}

cluster_up() {
  local start=$SECONDS state
  [[ ${KIND_WORKERS:-0} =~ ^[0-9]$ ]] || die "KIND_WORKERS is $KIND_WORKERS; it must be a digit"
  timeout 20 docker info >/dev/null 2>&1 || die "CLUSTER=kind needs a Docker engine that answers; without one: CLUSTER=node"
  state=$(container_state)
  if ! is_up "$state"; then
    one_at_a_time
    state=$(container_state) # another may have made it during the wait
    if ! is_up "$state"; then make_up "$state"; fi
  fi
  ensure_store "$store_in_node"
  say "cluster: up (kind) $((SECONDS - start)) s"
}

make_up() { # STATE
  tools kind helm
  kubectl_for_kind
  if [ "$1" = absent ] || ! wake_cluster; then create_cluster "$1"; fi
}

# kubectl_for_kind: the machine's own, where there is one that is not too old: building Kubernetes for it alone takes
# minutes.
kubectl_for_kind() {
  local own
  # shellcheck source=../toolchain
  . "$here/toolchain"
  own=$(PATH=${PATH//"$bin":/} command -v kubectl || true)
  if [ -x "$bin/kubectl" ]; then return; fi
  if [ -n "$own" ] && newer_than "$oldest_kubectl" "$("$own" version --client 2>/dev/null | sed -n 's/^Client Version: v//p')"; then
    ln -sfn "$own" "$bin/kubectl"
  else
    tools kube
  fi
}

# wake_cluster: one that is whole but stopped, as after a restart of Docker.
wake_cluster() {
  kind_nodes | xargs docker start >/dev/null && wait_for 60 "the node" node_is_ready
}

create_cluster() { # STATE
  mkdir -p "$store_dir"
  echo kind >"$PARLEY_CACHE/cluster"
  if [ "$1" != absent ]; then delete_cluster; fi
  write_kind_config
  step "kind cluster" "$bin/kind" create cluster --name "$kind_name" --kubeconfig "$PARLEY_CACHE/kubeconfig" --retain \
    --config "$PARLEY_CACHE/kind.yaml" --wait 180s ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"}
  # kind's own wait ends with a warning, not an error, and is for the control plane alone.
  wait_for 60 "the node" node_is_ready || die "the kind node did not become ready; docker logs $kind_container tells more"
}

delete_cluster() {
  step "kind cluster: delete" "$bin/kind" delete cluster --name "$kind_name" --kubeconfig "$PARLEY_CACHE/kubeconfig"
}

# failCgroupV1: since 1.35 the kubelet refuses cgroup v1 unless told otherwise; on cgroup v2 the word does nothing.
write_kind_config() {
  local mounts number
  mounts="  extraMounts:
  - {hostPath: \"$store_dir\", containerPath: $store_in_node}"
  cat >"$PARLEY_CACHE/kind.yaml" <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30480, hostPort: 30480, listenAddress: 127.0.0.1}
  - {containerPort: 30481, hostPort: 30481, listenAddress: 127.0.0.1}
$mounts
$(for ((number = 0; number < ${KIND_WORKERS:-0}; number++)); do echo "- role: worker"; echo "$mounts"; done)
kubeadmConfigPatches:
- |
  kind: KubeletConfiguration
  apiVersion: kubelet.config.k8s.io/v1beta1
  failCgroupV1: false
END
}

cluster_down() {
  local state
  [ "$(cat "$PARLEY_CACHE/cluster" 2>/dev/null)" = kind ] || { say "cluster: down"; return; }
  one_at_a_time
  state=$(container_state)
  # One of another cache may have come in its place.
  if [ "$state" != absent ] && is_ours; then delete_cluster; fi
  rm -f "$PARLEY_CACHE/cluster" "$PARLEY_CACHE/kubeconfig" "$PARLEY_CACHE/kind.yaml"
  say "cluster: down"
}

cluster_status() {
  local state
  state=$(container_state)
  if [ "$state" = absent ] || ! is_ours; then
    echo "no cluster"
    return 1
  fi
  echo "$kind_container: $state"
  kube get nodes
}
