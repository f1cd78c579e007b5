# shellcheck shell=bash
# Old images go, from every place that holds them: a day's work on one image would fill a disk.

kept_tags=2
builder_limit_kib=$((12 * 1024 * 1024)) # of the builder's store, with its cache of build stages

# prune_builds: after a build. The cache of stages is dropped whole where it has grown too large: it cannot tell what is
# still of use, and comes back with the next build.
prune_builds() {
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
    [ -e "$layout/refs/${name//\//_}" ] || cluster_containers images rm "docker.io/$name"
  done
}
