# shellcheck shell=bash
# Cluster DNS: CoreDNS as a process of the node, behind a Service whose one endpoint is the node's address.

# upstream_resolv_conf: the machine's resolver as a pod can use it; systemd's stub listens on the loopback only.
upstream_resolv_conf() {
  local real=/run/systemd/resolve/resolv.conf
  if grep -qs '^nameserver 127\.' /etc/resolv.conf && [ -s "$real" ]; then echo "$real"; else echo /etc/resolv.conf; fi
}

start_dns() {
  write_corefile
  start coredns "$bin/coredns" -conf "$node_dir/Corefile"
  sed -e "s/@DNS_IP@/$dns_ip/; s/@NODE_IP@/$node_ip/; s/@DNS_PORT@/$dns_port/" "$here/node/dns.yaml" |
    kube apply --server-side -f - >/dev/null
}

write_corefile() {
  local forward=
  if grep -qs '^nameserver' "$(upstream_resolv_conf)"; then forward="forward . $(upstream_resolv_conf)"; fi
  cat >"$node_dir/Corefile" <<END
.:$dns_port {
    bind $node_ip
    errors
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $node_dir/dns.conf
        ttl 5
    }
    $forward
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
}
END
}
