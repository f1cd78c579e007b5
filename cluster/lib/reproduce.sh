# shellcheck shell=bash
# That the same inputs give the same image: built once more without any step of the builder's cache, and compared.

# reproduce_command [NAME...]: fails where an image comes out otherwise; says which layer and which files.
reproduce_command() {
  local name names=("$@") image differ=''
  [ $# -gt 0 ] || names=("${image_names[@]}")
  if by_docker; then die "reproduce compares what buildah builds: set PARLEY_BUILDER=buildah"; fi
  images_command "${names[@]}"
  one_build_at_a_time
  for name in "${names[@]}"; do
    image=$(recorded_image "$name") || exit
    build_again "$name" "parley/$name:again"
    "$python" "$here/lib/compare.py" "$layout" "${image//\//_}" "parley_$name:again" || differ=yes
    rm -f "$layout"/{refs,made}/"parley_$name:again"
  done
  prune_builds
  flock -u 8
  [ -z "$differ" ] || die "not reproduced; the files above differ"
}

# build_again NAME IMAGE: the builder keeps nothing of it.
build_again() {
  local before made
  before=$(images_in_store)
  build_image "$1" "$2" --no-cache
  mapfile -t made < <(comm -13 <(echo "$before") <(images_in_store))
  in_builder buildah rmi "docker.io/$2" >/dev/null
  # What the first one took with it is not there any more, which is no failure.
  in_builder buildah rmi --force "${made[@]}" >/dev/null 2>&1 || true
}

images_in_store() { in_builder buildah images --all --quiet --no-trunc | sort -u; }
