# shellcheck shell=bash
# Images into a registry, each with its SBOM and provenance as referrers, and the chart's values that name them by digest.

product_images=(operator api web bot) # the emulators are for laptops and tests

# publish_command REGISTRY [NAME...]: under $TAG where it is set, else the tags that are hashes of the inputs.
publish_command() {
  local registry=${1:-} name image reference pushed=()
  [[ $registry =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$ ]] ||
    die "where to? REGISTRY is '$registry'; it must be such as 111122223333.dkr.ecr.eu-central-1.amazonaws.com/parley"
  shift
  [ $# -gt 0 ] || set -- "${product_images[@]}"
  if [ -n "${TAG:-}" ] && ! [[ $TAG =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]]; then die "TAG=$TAG is no tag of an image"; fi
  tools oras
  attest_command "$@"
  for name in "$@"; do
    image=$(recorded_image "$name") || exit
    reference=$registry/$name:${TAG:-${image##*:}}
    push_image "$packed/$name" "$(packed_digest "$name")" "$reference" "$repo/out/sbom/$name.cdx.json" "$repo/out/provenance/$name.json"
    pushed+=("$name=${reference##*:}@$(packed_digest "$name")")
  done
  "$python" "$here/lib/release.py" "$registry" "${pushed[@]}" >"$repo/out/images.yaml"
  say "values for the chart: out/images.yaml"
}

# push_image OCI-LAYOUT DIGEST REFERENCE SBOM PROVENANCE
push_image() {
  local there
  there=$(digest_there "$3") || exit
  if [ -z "$there" ]; then
    step "push $3" timeout 3600 "$bin/oras" cp --no-tty --from-oci-layout "$1@$2" "$3"
  elif [ "$there" = "$2" ]; then
    say "$3 is there already"
  else
    die "$3 is there as $there, and this is $2: a tag is not changed. Deploy what is there, or choose another by TAG="
  fi
  attach "${3%:*}@$2" application/vnd.cyclonedx+json "$4"
  attach "${3%:*}@$2" application/vnd.in-toto+json "$5"
}

# digest_there REFERENCE: what the registry has under it; nothing where it has none.
digest_there() {
  local said
  if said=$(timeout 60 "$bin/oras" resolve "$1" 2>&1); then
    echo "$said"
  elif ! grep -qiE 'not found|name.?unknown|manifest.?unknown' <<<"$said"; then
    die "the registry does not say what it has as $1: $said"
  fi
}

# attach SUBJECT TYPE FILE: the same file once. oras would note the time, and so make each one another.
attach() {
  (cd "$(dirname "$3")" && timeout 300 "$bin/oras" attach --no-tty --artifact-type "$2" \
    --annotation org.opencontainers.image.created=2020-01-01T00:00:00Z "$1" "$(basename "$3"):$2") >/dev/null ||
    die "$(basename "$3") could not be attached to $1"
}
