# shellcheck shell=bash
# What is in an image (an SBOM: CycloneDX, by syft) and where it comes from (SLSA provenance), in out/sbom and
# out/provenance, both of the digest that a registry will know it by.

packed=$PARLEY_CACHE/images/packed # each image as an OCI layout, compressed

# attest_command [--of-buildah] [NAME...]: with it, what Docker builds is passed over in silence.
attest_command() {
  local name names pass_over=''
  if [ "${1:-}" = --of-buildah ]; then
    pass_over=yes
    shift
  fi
  names=("$@")
  [ $# -gt 0 ] || names=("${image_names[@]}")
  if by_docker; then
    [ -z "$pass_over" ] || return 0
    die "attest speaks of what buildah builds: set PARLEY_BUILDER=buildah"
  fi
  tools syft
  images_command "${names[@]}"
  one_build_at_a_time
  mkdir -p "$repo"/out/{sbom,provenance}
  for name in "${names[@]}"; do
    attest_image "$name" "$(recorded_image "$name")"
  done
  flock -u 8
}

attest_image() { # NAME IMAGE
  local digest
  step "pack $2" pack_image "$2" "$1"
  digest=$(packed_digest "$1")
  step "SBOM of $2" write_sbom "$packed/$1" "$2" "$digest" "$repo/out/sbom/$1.cdx.json"
  write_provenance "$1" "$2" "$digest" "$repo/out/provenance/$1.json"
  say "$2 is $digest: out/sbom/$1.cdx.json, out/provenance/$1.json"
}

pack_image() { # IMAGE NAME
  "$python" "$here/lib/pack.py" "$layout" "${1//\//_}" "$packed" "$2"
}

# packed_digest NAME
packed_digest() {
  "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$packed/$1/index.json"
}

write_sbom() { # OCI-LAYOUT IMAGE DIGEST FILE
  SYFT_CHECK_FOR_APP_UPDATE=false "$bin/syft" scan --quiet "oci-dir:$1" --output cyclonedx-json |
    "$python" "$here/lib/sbom.py" "$2" "$3" >"$4.new"
  mv "$4.new" "$4"
}

write_provenance() { # NAME IMAGE DIGEST FILE
  local dockerfile
  dockerfile=$(dockerfile_of "$1")
  "$python" "$here/lib/inputs.py" list "$repo" "$dockerfile" |
    "$python" "$here/lib/provenance.py" "$repo" "$dockerfile" "$2" "$3" "$layout/made/${2//\//_}" >"$4.new"
  mv "$4.new" "$4"
}
