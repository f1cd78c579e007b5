# shellcheck shell=bash
# Old images go, from every place that holds them: a day's work on one image would fill a disk.

kept_tags=2
builder_limit_kib=$((12 * 1024 * 1024)) # of the builder's store, with its cache of build stages

# prune_builds: after a build, what the builder holds.
prune_builds() {
  if by_docker; then prune_docker "$kept_tags"; else prune_buildah; fi
}

# prune_docker KEEP: all but the newest tags of each image. Docker bounds its cache of stages itself.
prune_docker() {
  local name
  for name in "${image_names[@]}"; do
    # One that a container still uses is not removed: the next build tries again.
    docker image ls --filter "reference=parley/$name" --format '{{.Repository}}:{{.Tag}}' | # the newest first
      grep -E ':[0-9a-f]{12}$' | tail -n "+$(($1 + 1))" | xargs -r docker rmi || true
  done
}

# prune_buildah: the cache of stages is dropped whole where it has grown too large: it cannot tell what is still of use,
# and comes back with the next build.
prune_buildah() {
  local kept name
  kept=$("$python" "$here/lib/prune.py" "$layout" "$kept_tags")
  for name in $(in_builder buildah images --format '{{.Name}}:{{.Tag}}' | sed -n 's|^docker.io/parley/|parley/|p'); do
    grep -qxF "${name//\//_}" <<<"$kept" || in_builder buildah rmi "docker.io/$name"
  done
  if [ "$(du -sk "$build_dir/storage" | cut -f1)" -gt "$builder_limit_kib" ]; then in_builder buildah rmi --prune; fi
}

# prune_cluster: after a load, only what bears a tag of ours. A running container does not need its image's name.
prune_cluster() {
  local name
  for name in $(cluster_containers images ls --quiet 'name~=^docker.io/parley/' | sed -nE 's|^docker.io/(.*:[0-9a-f]{12})$|\1|p'); do
    image_is_built "$name" || cluster_containers images rm "docker.io/$name"
  done
}
