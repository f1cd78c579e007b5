# shellcheck shell=bash
# buildah, as a builder that leaves nothing but its files under $PARLEY_CACHE/images, and the way this machine's own
# settings (its CA, its package indexes and proxies) reach a build without becoming part of an image.

build_dir=$PARLEY_CACHE/images
layout=$build_dir/layout # every image as uncompressed blobs, so that a layer is written and imported once

# refuse_overlay: buildah's own overlay can't lie on another.
refuse_overlay() {
  [ "$(stat -f -c %T "$PARLEY_CACHE")" != overlayfs ] ||
    die "images cannot be built on an overlay: set PARLEY_CACHE to a folder on a disk"
}

# in_builder COMMAND...: with buildah's store under $build_dir. The mounts that buildah leaves behind go with a mount
# namespace of their own, and so does its run folder, which remembers them. What it insists on writing to
# /var/lib/containers is lost.
in_builder() {
  local made='' rc=0
  mkdir -p "$build_dir"/{storage,tmp}
  rm -rf "$build_dir/run"
  write_builder_config
  [ -d /var/lib/containers ] || { mkdir /var/lib/containers && made=yes; }
  CONTAINERS_CONF=$build_dir/containers.conf CONTAINERS_STORAGE_CONF=$build_dir/storage.conf CONTAINERS_REGISTRIES_CONF=$build_dir/registries.conf \
    TMPDIR=$build_dir/tmp BUILDAH_ISOLATION=chroot \
    unshare --mount -- sh -c 'mount -t tmpfs tmpfs /var/lib/containers && exec "$@"' in_builder "$@" || rc=$?
  [ -z "$made" ] || rmdir /var/lib/containers
  return "$rc"
}

write_builder_config() {
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$build_dir/storage" "$build_dir/run" >"$build_dir/storage.conf"
  printf '[network]\nnetwork_config_dir = "%s"\n' "$build_dir/networks" >"$build_dir/containers.conf"
  echo 'unqualified-search-registries = []' >"$build_dir/registries.conf"
  # Nothing is pulled, so there is no signature to ask for.
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$build_dir/policy.json"
}

# buildah_bud ARGUMENT...: buildah bud with the machine's settings mounted in.
buildah_bud() {
  local mounts=()
  write_host_config "$build_dir/host"
  mapfile -t mounts < <(host_mounts "$build_dir/host")
  in_builder buildah bud --signature-policy "$build_dir/policy.json" --network host --pull-never --layers \
    --identity-label=false "${mounts[@]}" "$@"
}

# without_cache_mounts DOCKERFILE: its text for buildah. Debian 12's buildah (1.28) empties the build's root file system
# when it cleans up after `RUN --mount=type=cache`, so the cache folder is mounted for the whole build instead.
without_cache_mounts() { sed -E 's/--mount=type=cache,target=\S+ *//g' "$1"; }

# cache_mounts DOCKERFILE: those folders, as buildah's options, one a line.
cache_mounts() {
  local target
  sed -nE 's/.*--mount=type=cache,target=(\S+).*/\1/p' "$1" | sort -u | while read -r target; do
    mkdir -p "$build_dir/cache$target"
    echo "--volume=$build_dir/cache$target:$target"
  done
}

# host_mounts FOLDER: buildah's options, one a line.
host_mounts() {
  local bundle
  for bundle in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    [ -s "$bundle" ] || continue
    echo "--volume=$bundle:/etc/ssl/certs/ca-certificates.crt:ro"
    break
  done
  echo "--volume=$1/pip.conf:/etc/pip.conf:ro"
  echo "--volume=$1/uv.toml:/etc/uv/uv.toml:ro"
  echo "--volume=$1/npmrc:/root/.npmrc:ro"
  echo "--volume=$1/apt.conf:/etc/apt/apt.conf.d/99host:ro"
}

# write_host_config FOLDER: pip's, uv's, npm's and apt's settings of this machine, from their environment variables and
# files, as files. They may hold a password: only root reads them.
write_host_config() {
  (
    umask 077
    mkdir -p "$1"
    host_pip >"$1/pip.conf"
    host_uv >"$1/uv.toml"
    host_npm >"$1/npmrc"
    apt-config dump 2>/dev/null | grep -iE '^Acquire::(https?|Retries)\S* "[^"]' >"$1/apt.conf" || true
  )
}

# pip_setting NAME: the value that pip uses for it on this machine; nothing where there is no pip to be configured.
pip_setting() {
  { "$python" -m pip config list || python3 -m pip config list || :; } 2>/dev/null | sed -nE "s/^(:env:|global|install)\.$1='(.*)'\$/\2/p" | tail -n 1
}

host_pip() {
  local name value
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
  for name in index-url extra-index-url proxy timeout; do
    value=$(pip_setting $name)
    [ -z "$value" ] || echo "$name = $value"
  done
}

# uv's own settings where there are any, else pip's index.
host_uv() {
  local index=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}} file
  echo 'native-tls = true'
  for file in "$HOME/.config/uv/uv.toml" /etc/uv/uv.toml; do
    [ -s "$file" ] || continue
    grep -v '^native-tls' "$file"
    return
  done
  index=${index:-$(pip_setting index-url)}
  [ -z "$index" ] || printf '[[index]]\nurl = "%s"\ndefault = true\n' "$index"
}

host_npm() {
  local registry=${npm_config_registry:-${NPM_CONFIG_REGISTRY:-}}
  [ ! -s "$HOME/.npmrc" ] || cat "$HOME/.npmrc"
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt'
  [ -z "$registry" ] || echo "registry=$registry"
}
