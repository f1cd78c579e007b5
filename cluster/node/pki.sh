# shellcheck shell=bash
# The cluster's keys and certificates, and a kubeconfig for each of its programs.

pki=$node_dir/pki

# make_pki: all or nothing, so that an interrupted run leaves no half of it. To be run with errexit on.
make_pki() {
  if [ ! -d "$pki" ]; then
    rm -rf "$pki.new"
    (umask 077 && mkdir -p "$pki.new")
    mkdir -p "$logs"
    (cd "$pki.new"; issue_all) 2>"$logs/pki.log"
    mv "$pki.new" "$pki"
  fi
  local user
  for user in controller-manager scheduler proxy node dns; do
    write_kubeconfig "$node_dir/$user.conf" "$user"
  done
  write_kubeconfig "$PARLEY_CACHE/kubeconfig" admin
}

issue_all() {
  local names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
  make_ca ca parley
  issue ca apiserver /CN=kube-apiserver "$names,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:10.96.0.1,IP:$node_ip"
  issue ca admin /O=system:masters/CN=parley-admin
  openssl genrsa -out sa.key 2048
  openssl rsa -in sa.key -pubout -out sa.pub
  make_ca etcd-ca parley-etcd
  issue etcd-ca etcd /CN=etcd "DNS:localhost,IP:127.0.0.1"
  issue ca kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  issue ca controller-manager /CN=system:kube-controller-manager
  issue ca scheduler /CN=system:kube-scheduler
  issue ca proxy /CN=system:kube-proxy
  issue ca dns /CN=system:coredns
  issue ca node "/O=system:nodes/CN=system:node:$node_name" "DNS:$node_name,IP:$node_ip"
}

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

# The extensions are spelled out: Python 3.13 refuses a CA without them.
make_ca() {
  openssl req -x509 "${new_key[@]}" -keyout "$1.key" -out "$1.crt" -subj "/CN=$2" -days 3650 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# issue CA NAME SUBJECT [ALTERNATIVE-NAMES]
issue() {
  openssl req "${new_key[@]}" -keyout "$2.key" -out "$2.csr" -subj "$3"
  openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -out "$2.crt" -days 3650 -extfile <(
    printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
      extendedKeyUsage=serverAuth,clientAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
    [ -z "${4:-}" ] || echo "subjectAltName=$4"
  )
  rm "$2.csr"
}

# write_kubeconfig FILE USER
write_kubeconfig() {
  (
    umask 077
    cat >"$1.new" <<END
apiVersion: v1
kind: Config
current-context: parley
clusters:
- name: parley
  cluster: {server: "$api_url", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}
users:
- name: $2
  user: {client-certificate-data: $(base64 -w0 "$pki/$2.crt"), client-key-data: $(base64 -w0 "$pki/$2.key")}
contexts:
- name: parley
  context: {cluster: parley, user: $2}
END
  )
  mv "$1.new" "$1"
}
