# shellcheck shell=bash
# The programs that are built from Go modules, and the files that are taken from them, each pinned by its go.mod and go.sum, once into
# $PARLEY_CACHE/tools/NAME/HASH-OF-ITS-INPUTS, with links in $PARLEY_CACHE/bin.

kubernetes_version=v1.35.4
node_tools=(kube coredns pause helm)
kube_programs=(etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl kubeadm)

# tool_folder NAME: where its module lies.
tool_folder() {
  case $1 in
    minimal-controller) echo "$repo/tests/bench/peers/minimal" ;;
    *) echo "$here/tools/$1" ;;
  esac
}

# tool_package NAME: the package of that module that is built.
tool_package() {
  case $1 in
    helm) echo helm.sh/helm/v4/cmd/helm ;;
    kubeconform) echo github.com/yannh/kubeconform/cmd/kubeconform ;;
    versitygw) echo github.com/versity/versitygw/cmd/versitygw ;;
    kind) echo sigs.k8s.io/kind ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    syft) echo github.com/anchore/syft/cmd/syft ;;
    oras) echo oras.land/oras/cmd/oras ;;
    kube | coredns | pause | kstatus | promcheck | netpol | enforcer | peer-crds | runc-nores | registry | minimal-controller) echo . ;;
    *) die "unknown tool $1; one of: kube coredns pause helm kubeconform kstatus promcheck netpol enforcer versitygw kind runc-nores kwok minimal-controller peer-crds syft oras registry" ;;
  esac
}

# tool_flags NAME: the linker's flags.
tool_flags() {
  local flags='-s -w'
  if [ "$1" = kube ]; then
    local v=version.gitVersion=$kubernetes_version
    flags+=" -X k8s.io/component-base/$v -X k8s.io/client-go/pkg/$v"
  fi
  echo "$flags"
}

# tool_path NAME: where the binary of the present inputs lies, or will.
tool_path() {
  local package hash
  package=$(tool_package "$1") || return
  hash=$(printf '%s\n' "$package" "$(tool_flags "$1")" | hash_of "$(tool_folder "$1")")
  echo "$PARLEY_CACHE/tools/$1/$hash/$1"
}

build_tool() { # NAME OUTPUT
  exec 8>"$PARLEY_CACHE/tools.lock"
  flock --timeout 1800 8 || die "another build of a tool has been at work for 30 minutes; end it first"
  [ ! -x "$2" ] || return 0
  cd "$(tool_folder "$1")"
  # auto: a module may ask for a newer Go than the machine's, which the go command then fetches as a module.
  export CGO_ENABLED=0 GOFLAGS=-trimpath GOTOOLCHAIN=auto GOWORK=off
  mkdir -p "$(dirname "$2")"
  if [ "$1" = peer-crds ]; then
    ./collect "$2.new"
  else
    go build -buildvcs=false -ldflags "$(tool_flags "$1")" -o "$2.new" "$(tool_package "$1")"
  fi
  mv "$2.new" "$2"
}

link_tool() { # NAME PATH
  local name
  mkdir -p "$bin"
  case $1 in
    kube) for name in "${kube_programs[@]}"; do ln -sfn "$2" "$bin/$name"; done ;;
    *) ln -sfn "$2" "$bin/$1" ;;
  esac
}

# drop_old_builds FOLDER: of a tool, all but the one in FOLDER, what is younger than a week, and what runs.
drop_old_builds() {
  local old
  find "$(dirname "$1")" -mindepth 1 -maxdepth 1 -type d ! -path "$1" -mtime +7 | while read -r old; do
    [ -n "$(find /proc/[0-9]*/exe -maxdepth 0 -lname "$old/*" 2>/dev/null)" ] || rm -rf "$old"
  done
}

# tools [NAME...]: builds what is not there yet; without names, what a node needs.
tools() {
  local name path
  [ $# -gt 0 ] || set -- "${node_tools[@]}"
  for name in "$@"; do
    path=$(tool_path "$name") || exit
    if [ ! -x "$path" ]; then
      # shellcheck source=../toolchain
      . "$here/toolchain"
      ensure_go || die "Go >= 1.25 is needed to build $name"
      step "tool $name" build_tool "$name" "$path"
      drop_old_builds "$(dirname "$path")"
    fi
    link_tool "$name" "$path"
  done
}
