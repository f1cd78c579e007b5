# shellcheck shell=bash
# A kind cluster on the Docker engine that answers: up, down and status, and how images reach it.
#
# KIND_NODE_IMAGE names another node image than kind's own.

kind_name=parley
kind_container=$kind_name-control-plane
store_in_node=/var/lib/parley-store

# shellcheck source=../lib/store.sh
. "$here/lib/store.sh"

kube() { "$bin/kubectl" --kubeconfig "$PARLEY_CACHE/kubeconfig" "$@"; }
cluster_containers() { docker exec --interactive "$kind_container" ctr --namespace k8s.io "$@"; }
cluster_has_image() { [ -n "$(cluster_containers images ls --quiet "name==$1")" ]; }
cluster_load_from_docker() { "$bin/kind" load docker-image --name "$kind_name" "$1"; }

container_state() {
  local state
  state=$(docker inspect --format '{{.State.Status}}' "$kind_container" 2>/dev/null) || state=absent
  echo "$state"
}

node_is_ready() {
  [ "$(kube get node "$kind_container" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

# is_ours: this cache made the cluster, or began to.
is_ours() { [ "$(cat "$PARLEY_CACHE/cluster" 2>/dev/null)" = kind ]; }

cluster_up() {
  local start=$SECONDS state
  timeout 20 docker info >/dev/null 2>&1 || die "CLUSTER=kind needs a Docker engine that answers; without one: CLUSTER=node"
  state=$(container_state)
  if is_ours && [ "$state" = running ] && node_is_ready; then
    ensure_store "$store_in_node"
    say "cluster: up (kind)"
    return
  fi
  [ "$state" = absent ] || is_ours ||
    die "a kind cluster named $kind_name is there that this cache did not make; delete it or use its cache"
  one_at_a_time
  tools kind helm
  kubectl_for_kind
  if [ "$state" = absent ] || ! wake_cluster; then create_cluster; fi
  ensure_store "$store_in_node"
  say "cluster: up (kind) $((SECONDS - start)) s"
}

# kubectl_for_kind: the machine's own, where there is one: building Kubernetes for it alone takes minutes.
kubectl_for_kind() {
  local own
  own=$(PATH=${PATH//"$bin":/} command -v kubectl || true)
  if [ -x "$bin/kubectl" ]; then return; fi
  if [ -n "$own" ]; then ln -sfn "$own" "$bin/kubectl"; else tools kube; fi
}

# wake_cluster: one that is whole but stopped, as after a restart of Docker.
wake_cluster() {
  docker start "$kind_container" >/dev/null && wait_for 60 "the node" node_is_ready
}

create_cluster() {
  mkdir -p "$store_dir"
  echo kind >"$PARLEY_CACHE/cluster"
  "$bin/kind" delete cluster --name "$kind_name" --kubeconfig "$PARLEY_CACHE/kubeconfig" 2>/dev/null
  write_kind_config
  step "kind cluster" "$bin/kind" create cluster --name "$kind_name" --kubeconfig "$PARLEY_CACHE/kubeconfig" --retain \
    --config "$PARLEY_CACHE/kind.yaml" --wait 180s ${KIND_NODE_IMAGE:+--image "$KIND_NODE_IMAGE"}
  # kind's own wait ends with a warning, not an error.
  wait_for 30 "the node" node_is_ready || die "the kind node did not become ready; docker logs $kind_container tells more"
}

# failCgroupV1: since 1.35 the kubelet refuses cgroup v1 unless told otherwise; on cgroup v2 the word does nothing.
write_kind_config() {
  cat >"$PARLEY_CACHE/kind.yaml" <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30480, hostPort: 30480, listenAddress: 127.0.0.1}
  - {containerPort: 30481, hostPort: 30481, listenAddress: 127.0.0.1}
  extraMounts:
  - {hostPath: "$store_dir", containerPath: $store_in_node}
kubeadmConfigPatches:
- |
  kind: KubeletConfiguration
  apiVersion: kubelet.config.k8s.io/v1beta1
  failCgroupV1: false
END
}

cluster_down() {
  is_ours || { say "cluster: down"; return; }
  one_at_a_time
  if [ "$(container_state)" != absent ]; then
    "$bin/kind" delete cluster --name "$kind_name" --kubeconfig "$PARLEY_CACHE/kubeconfig" 2>/dev/null
  fi
  rm -f "$PARLEY_CACHE/cluster" "$PARLEY_CACHE/kubeconfig" "$PARLEY_CACHE/kind.yaml"
  say "cluster: down"
}

cluster_status() {
  is_ours || { echo "no cluster"; return 1; }
  echo "$kind_container: $(container_state)"
  kube get nodes
}
