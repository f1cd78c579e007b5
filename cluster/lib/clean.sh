# shellcheck shell=bash
# Taking the caches away: what we put under $PARLEY_CACHE, by name, since the variable may name a folder with other things
# in it.

cached=(bin cluster containerd images images.env install.lock kind-engine kind.yaml kubeconfig lock log node store toolchain
  tools tools.lock)

clean_command() {
  [ ! -e "$PARLEY_CACHE/cluster" ] || die "a cluster is up: parley-cluster down first"
  [ ! -e "$PARLEY_CACHE/kind-engine/run/sysctl" ] || die "the Docker engine in the cache is up: cluster/kind-engine/engine down first"
  clean_docker
  [ -d "$PARLEY_CACHE" ] || return 0
  (cd "$PARLEY_CACHE" && rm -rf --one-file-system "${cached[@]}")
  rmdir "$PARLEY_CACHE" 2>/dev/null || say "not ours, and still in $PARLEY_CACHE: $(find "$PARLEY_CACHE" -mindepth 1 -maxdepth 1 -printf '%f ')"
}

# clean_docker: the images that Docker built here, known by their tag.
clean_docker() {
  timeout 10 docker info >/dev/null 2>&1 || return 0
  # A machine without images of ours is grep's failure, and clean already.
  docker image ls --format '{{.Repository}}:{{.Tag}}' |
    { grep -E '^parley/[a-z]+:[0-9a-f]{12}$' || true; } | xargs -r docker rmi >/dev/null
}
