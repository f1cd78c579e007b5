# shellcheck shell=bash
# The base images, under the names that the Dockerfiles call them by, made on this machine: a Debian tree by debootstrap,
# and on it the Dockerfiles of cluster/bases.

# shellcheck source=mirror.sh
. "$here/lib/mirror.sh"

base_release=trixie
base_images=(debian:trixie-slim python:3.13-slim-trixie node:22-trixie-slim)

# base_recipe BASE: a hash of what it is made from.
base_recipe() {
  declare -f debian_tree | hash_of "$here/bases/debian" "$here/bases/${1%%:*}"
}

# bases_of DOCKERFILE...: the base images that they name, each after the one that it is built on.
bases_of() {
  local base need=()
  for base in "${base_images[@]}"; do
    grep -qhE "^FROM docker.io/library/$base( |\$)" "$@" && need+=("$base")
  done
  [ ${#need[@]} -gt 0 ] || return 0
  need+=(debian:trixie-slim)
  case " ${need[*]} " in *" node:"*) need+=(python:3.13-slim-trixie) ;; esac
  for base in "${base_images[@]}"; do
    case " ${need[*]} " in *" $base "*) echo "$base" ;; esac
  done
}

# ensure_base BASE: builds it where the store does not hold the one of the present recipe.
ensure_base() {
  local base=$1 name=${1%%:*} mark
  mark=localhost/parley-base/$name:$(base_recipe "$base")
  if in_builder buildah images --quiet "$mark" >/dev/null 2>&1; then return; fi
  if [ "$name" = debian ]; then step "base image $base: debootstrap" debian_tree "$build_dir/debian.tar"; fi
  step "base image $base" build_base "$base" "$mark"
}

build_base() { # BASE MARK
  local context=$build_dir/context/base
  rm -rf "$context"
  mkdir -p "$context"
  if [ -e "$build_dir/debian.tar" ] && [ "${1%%:*}" = debian ]; then mv "$build_dir/debian.tar" "$context/"; fi
  buildah_bud --file "$here/bases/${1%%:*}/Dockerfile" --tag "$2" --tag "docker.io/library/$1" "$context"
  rm -rf "$context"
}

# debian_tree TAR
debian_tree() {
  local tree=$build_dir/debian
  rm -rf --one-file-system "$tree"
  debootstrap --variant=minbase --include=ca-certificates "$base_release" "$tree" "$(debian_mirror)"
  # As in Debian's own slim images.
  rm -rf "$tree"/var/cache/{apt,ldconfig}/* "$tree"/var/lib/apt/lists/* "$tree"/var/log/* "$tree"/usr/share/{doc,man,info,locale}/*
  printf 'path-exclude=/usr/share/%s/*\n' doc man info locale >"$tree/etc/dpkg/dpkg.cfg.d/slim"
  tar -C "$tree" --one-file-system --numeric-owner -cf "$1" .
  rm -rf --one-file-system "$tree"
}
