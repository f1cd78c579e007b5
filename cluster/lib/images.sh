# shellcheck shell=bash
# The product's images: built when their inputs change, known by a tag that is a hash of these, brought into the cluster
# when it lacks them.

image_names=(operator api bot web emulators)
images_env=$PARLEY_CACHE/images.env

# shellcheck source=builder.sh
. "$here/lib/builder.sh"
# shellcheck source=bases.sh
. "$here/lib/bases.sh"
# shellcheck source=prune.sh
. "$here/lib/prune.sh"
# shellcheck source=reproduce.sh
. "$here/lib/reproduce.sh"
# shellcheck source=attest.sh
. "$here/lib/attest.sh"
# shellcheck source=publish.sh
. "$here/lib/publish.sh"

dockerfile_of() {
  case $1 in
    bot) echo "$repo/bot_image/Dockerfile" ;;
    operator | api | web | emulators) echo "$repo/$1/Dockerfile" ;;
    *) die "unknown image $1; one of: ${image_names[*]}" ;;
  esac
}

# image_of NAME: parley/NAME:TAG of the present inputs.
image_of() {
  local dockerfile base tag salt=
  dockerfile=$(dockerfile_of "$1") || return
  for base in $(bases_of "$dockerfile"); do salt+=" $(base_recipe "$base")"; done
  tag=$("$python" "$here/lib/inputs.py" tag "$repo" "$dockerfile" "$salt") || return
  echo "parley/$1:$tag"
}

# by_docker: Docker with BuildKit builds for a kind cluster, buildah for a node. PARLEY_BUILDER overrides.
by_docker() {
  case ${PARLEY_BUILDER:-} in
    docker) ;;
    buildah) return 1 ;;
    '')
      [ "$CLUSTER" = kind ] || return 1
      docker buildx version >/dev/null 2>&1 ||
        die "this Docker has no BuildKit: install docker-buildx (Docker's own packages: docker-buildx-plugin)"
      ;;
    *) die "PARLEY_BUILDER is $PARLEY_BUILDER; it must be docker or buildah" ;;
  esac
}

images_command() {
  local name image names=("$@") start=$SECONDS built=''
  [ $# -gt 0 ] || names=("${image_names[@]}")
  one_build_at_a_time
  if ! by_docker; then refuse_overlay; fi
  for name in "${names[@]}"; do
    image=$(image_of "$name") || exit
    if ! image_is_built "$image" || ! build_is_noted "$image"; then
      build_image "$name" "$image"
      built=yes
    fi
    record_image "$name" "$image"
  done
  if [ -n "$built" ]; then step "images: old ones go" prune_builds; fi
  flock -u 8
  say "images: ready $((SECONDS - start)) s"
}

# one_build_at_a_time: until `flock -u 8` or the end of this process.
one_build_at_a_time() {
  mkdir -p "$build_dir"
  exec 8>"$build_dir/lock"
  flock --nonblock 8 && return
  say "waiting for another build of images"
  flock --timeout 1800 8 || die "another build of images has been at work for 30 minutes; end it first"
}

image_is_built() {
  if by_docker; then docker image inspect "$1" >/dev/null 2>&1; else [ -s "$layout/refs/${1//\//_}" ]; fi
}

build_image() { # NAME IMAGE [OPTION OF BUILDAH...]
  local base context=$build_dir/context/$1 dockerfile
  dockerfile=$(dockerfile_of "$1")
  if ! by_docker; then
    need_packages buildah=buildah debootstrap=debootstrap \
      /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
    for base in $(bases_of "$dockerfile"); do ensure_base "$base"; done
  fi
  "$python" "$here/lib/inputs.py" stage "$repo" "$dockerfile" "$context"
  # The tag was reckoned some time ago: what is built must be what it stands for.
  [[ $2 = *:again ]] || [ "$(image_of "$1")" = "$2" ] || die "files of $1 were changed while its build began; run it again"
  if by_docker; then
    step "image $2" docker_build "$2" "$dockerfile" "$context"
  else
    step "image $2" buildah_build "$2" "$dockerfile" "$context" "${@:3}"
    mkdir -p "$layout/made"
    note_build "$dockerfile" >"$layout/made/${2//\//_}"
  fi
  rm -rf "$context"
}

docker_build() { # IMAGE DOCKERFILE CONTEXT
  local name arguments=()
  # Predefined build arguments: they reach the build without being named in the Dockerfile, and stay out of the image.
  for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    [ -z "${!name:-}" ] || arguments+=(--build-arg "$name")
  done
  # Of the image and its steps; the files keep their times, which no module of Python goes by.
  export SOURCE_DATE_EPOCH=1577836800
  # Attestations would make it an index, whose other parts kind then looks for in vain.
  docker buildx build --load --provenance=false --sbom=false --tag "$1" --file "$2" "${arguments[@]}" "$3"
}

buildah_build() { # IMAGE DOCKERFILE CONTEXT [OPTION...]
  local caches
  mapfile -t caches < <(cache_mounts "$2")
  without_cache_mounts "$2" >"$build_dir/Dockerfile"
  buildah_bud "${caches[@]}" "${@:4}" --tag "docker.io/$1" --file "$build_dir/Dockerfile" "$3"
  "$python" "$here/lib/export.py" "$build_dir/storage" "$layout" "docker.io/$1" "${1//\//_}"
}

# build_is_noted IMAGE: Docker makes its own statements.
build_is_noted() { by_docker || [ -s "$layout/made/${1//\//_}" ]; }

# note_build DOCKERFILE: by what and on which base images an image is built, for its provenance.
note_build() {
  local base digest bases=()
  for base in $(bases_of "$1"); do
    digest=$(in_builder buildah inspect --type image --format '{{.FromImageDigest}}' "docker.io/library/$base") || return
    bases+=("\"docker.io/library/$base\": \"$digest\"")
  done
  (IFS=,; printf '{"builder": "%s", "bases": {%s}}\n' "$(buildah --version | cut -d ' ' -f 1,3)" "${bases[*]}")
}

record_image() { # NAME IMAGE
  local variable=PARLEY_IMAGE_${1^^}
  { grep -v "^$variable=" "$images_env" 2>/dev/null || true; echo "$variable=$2"; } | sort >"$images_env.new"
  mv "$images_env.new" "$images_env"
}

# recorded_image NAME: what images_command built last.
recorded_image() {
  sed -n "s/^PARLEY_IMAGE_${1^^}=//p" "$images_env" 2>/dev/null | grep . ||
    die "the image $1 is not built yet; run parley-cluster images first"
}

load_command() {
  local image_node
  [ $# -gt 0 ] || set -- "${image_names[@]}"
  for image_node in $(cluster_image_nodes); do load_node "$@"; done
}

# load_node NAME...: what $image_node, which cluster_containers speaks of, lacks.
load_node() {
  local name image loaded=''
  for name in "$@"; do
    image=$(recorded_image "$name") || exit
    if cluster_has_image "docker.io/$image"; then continue; fi
    if by_docker; then
      step "load $image" cluster_load_from_docker "$image"
    else
      step "load $image" load_delta "$image"
    fi
    loaded=yes
  done
  if [ -n "$loaded" ]; then step "load: old images go" prune_cluster; fi
}

# load_delta IMAGE: containerd takes only the layers that it lacks.
load_delta() {
  cluster_containers content ls --quiet |
    "$python" "$here/lib/delta.py" "$layout" "${1//\//_}" "docker.io/$1" |
    cluster_containers images import -
}
