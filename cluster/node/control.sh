# shellcheck shell=bash
# The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.

start_control_plane() {
  start_etcd
  start_apiserver
  wait_for 60 "the API server" kube get --raw /readyz
  start_controllers
  # Pods need the service account that a controller makes a moment later.
  wait_for 60 "the default service account" kube get serviceaccount default
}

# --unsafe-no-fsync: a local cluster's state need not survive a power cut, and the disk's pace would be the API's.
start_etcd() {
  start etcd "$bin/etcd" --name parley --data-dir "$node_dir/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls https://127.0.0.1:12379 --advertise-client-urls https://127.0.0.1:12379 \
    --listen-peer-urls https://127.0.0.1:12380 --initial-advertise-peer-urls https://127.0.0.1:12380 \
    --initial-cluster parley=https://127.0.0.1:12380 \
    --cert-file "$pki/etcd.crt" --key-file "$pki/etcd.key" --trusted-ca-file "$pki/etcd-ca.crt" --client-cert-auth \
    --peer-cert-file "$pki/etcd.crt" --peer-key-file "$pki/etcd.key" --peer-trusted-ca-file "$pki/etcd-ca.crt" \
    --peer-client-cert-auth
}

# Bound to the bridge: pods and this machine reach it, the network outside has no address for it.
start_apiserver() {
  start kube-apiserver "$bin/kube-apiserver" --bind-address "$node_ip" --secure-port 6443 --advertise-address "$node_ip" \
    --etcd-servers https://127.0.0.1:12379 --etcd-cafile "$pki/etcd-ca.crt" \
    --etcd-certfile "$pki/etcd.crt" --etcd-keyfile "$pki/etcd.key" \
    --service-cluster-ip-range "$service_subnet" --client-ca-file "$pki/ca.crt" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --kubelet-client-certificate "$pki/kubelet-client.crt" --kubelet-client-key "$pki/kubelet-client.key" \
    --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged
}

start_controllers() {
  local conf=$node_dir/controller-manager.conf
  start kube-controller-manager "$bin/kube-controller-manager" --bind-address 127.0.0.1 --leader-elect=false \
    --kubeconfig "$conf" --authentication-kubeconfig "$conf" --authorization-kubeconfig "$conf" \
    --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/sa.key" --use-service-account-credentials \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
  conf=$node_dir/scheduler.conf
  start kube-scheduler "$bin/kube-scheduler" --bind-address 127.0.0.1 --leader-elect=false \
    --kubeconfig "$conf" --authentication-kubeconfig "$conf" --authorization-kubeconfig "$conf"
}
