# shellcheck shell=bash
# Which kind of cluster: the caller's word, else that of the cluster that is there, else what the machine can run.

cluster_kind() {
  local made=$PARLEY_CACHE/cluster
  if [ -n "${CLUSTER:-}" ]; then
    echo "$CLUSTER"
  elif [ -s "$made" ]; then
    cat "$made"
  elif timeout 10 docker info >/dev/null 2>&1; then
    echo kind
  else
    echo node
  fi
}

# load_cluster_kind: sources the functions cluster_up, cluster_down and cluster_status of the chosen kind.
load_cluster_kind() {
  local kind made
  kind=$(cluster_kind)
  case $kind in
    kind | node) ;;
    *) die "CLUSTER is $kind; it must be kind or node" ;;
  esac
  made=$(cat "$PARLEY_CACHE/cluster" 2>/dev/null || true)
  if [ -n "$made" ] && [ "$made" != "$kind" ]; then
    die "a cluster of the other kind is there: CLUSTER=$made parley-cluster down, then again"
  fi
  CLUSTER=$kind
  export CLUSTER
  # shellcheck source=/dev/null
  . "$here/$kind/main.sh"
}
