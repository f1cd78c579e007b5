# shellcheck shell=bash
# What runs pods: containerd, kubelet, kube-proxy.

pause_image=localhost/parley/pause:1
cni_dir=$node_dir/cni

start_runtime() {
  write_containerd_config
  write_cni_config
  start_containerd
  if [ ! -e "$node_dir/complete" ]; then forget_containers; fi
  import_pause
  write_kubelet_config
  start kubelet "$bin/kubelet" --config "$node_dir/kubelet.yaml" --kubeconfig "$node_dir/node.conf" \
    --hostname-override "$node_name" --node-ip "$node_ip" --root-dir "$node_dir/kubelet"
  # NodePorts on the loopback only; conntrack's limits are the machine's own business.
  start kube-proxy "$bin/kube-proxy" --kubeconfig "$node_dir/proxy.conf" --proxy-mode iptables --cluster-cidr "$pod_subnet" \
    --hostname-override "$node_name" --nodeport-addresses 127.0.0.0/8 \
    --metrics-bind-address 127.0.0.1:10249 --healthz-bind-address 127.0.0.1:10256 \
    --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0
  wait_for 90 "the node" node_is_ready
}

start_containerd() {
  start containerd containerd --config "$node_dir/containerd.toml"
  wait_for 30 "containerd" containers version
}

# Without CAP_SYS_RESOURCE (bit 24) nothing can lower an OOM score, and runc dies of trying.
lacks_sys_resource() {
  local set
  set=$(sed -n 's/^CapBnd:\s*//p' /proc/self/status)
  (((0x$set >> 24 & 1) == 0))
}

write_containerd_config() {
  local restrict=false
  if lacks_sys_resource; then restrict=true; fi
  cat >"$node_dir/containerd.toml" <<END
version = 2
root = "$PARLEY_CACHE/containerd"
state = "$run_dir/containerd"
[grpc]
  address = "$containerd_socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "$node_dir/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause_image"
  restrict_oom_score_adj = $restrict
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$cni_dir"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    options = { Root = "$run_dir/runc" }
END
}

write_cni_config() {
  mkdir -p "$cni_dir"
  cat >"$cni_dir/10-parley.conflist" <<END
{"cniVersion": "1.0.0", "name": "parley", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true, "hairpinMode": true, "ipam": {
    "type": "host-local", "dataDir": "$run_dir/ipam", "ranges": [[{"subnet": "$pod_subnet"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
}

# forget_containers: a new cluster on images that an old one left must not find that one's containers. containerd keeps
# what it read at its start in memory, hence the second start.
forget_containers() {
  local ids
  ids=$(containers containers ls -q)
  [ -n "$ids" ] || return 0
  echo "$ids" | xargs -n1 ctr --address "$containerd_socket" --namespace k8s.io tasks delete --force >/dev/null 2>&1 || true
  echo "$ids" | xargs ctr --address "$containerd_socket" --namespace k8s.io containers delete
  stop containerd
  start_containerd
}

import_pause() {
  [ -z "$(containers images ls -q "name==$pause_image")" ] || return 0
  "$python" "$here/lib/scratch_image.py" "$pause_image" /pause "$(tool_path pause):/pause" |
    containers images import - >/dev/null
}

# Images come by import and cannot be pulled again, so the kubelet must never remove one to win space. A changed Secret
# reaches a pod's files within syncFrequency: a minute by default, of which tests and people would wait several.
write_kubelet_config() {
  cat >"$node_dir/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_ip
healthzBindAddress: 127.0.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $pki/node.crt
tlsPrivateKeyFile: $pki/node.key
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [$dns_ip]
resolvConf: $(upstream_resolv_conf)
containerRuntimeEndpoint: unix://$containerd_socket
syncFrequency: 10s
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
volumePluginDir: $node_dir/volume-plugins
podLogsDir: $node_dir/pod-logs
registerNode: true
END
}
