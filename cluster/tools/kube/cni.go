package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	conflistPath = "/etc/cni/net.d/10-parley.conflist"
	cniInterval  = 2 * time.Second
)

// cniCommand is the pod network of the kind node image built here, by host-gateway routes: it writes this node's CNI
// configuration from its podCIDR, keeps a route to every other node's, and masquerades what leaves the pod subnet.
// IPv4 only, and no NetworkPolicy.
func cniCommand() *cobra.Command {
	return &cobra.Command{Use: "parley-cni", RunE: func(_ *cobra.Command, _ []string) error {
		config, err := rest.InClusterConfig()
		if err != nil {
			return err
		}
		// Services do not work before the pod network does, so kind's own address of the API server is used.
		if endpoint := os.Getenv("CONTROL_PLANE_ENDPOINT"); endpoint != "" {
			config.Host = "https://" + endpoint
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		for ; ; time.Sleep(cniInterval) {
			if err := syncNetwork(client, os.Getenv("NODE_NAME"), os.Getenv("POD_SUBNET")); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}}
}

func syncNetwork(client kubernetes.Interface, me, podSubnet string) error {
	nodes, err := client.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		switch {
		case node.Spec.PodCIDR == "":
		case node.Name == me:
			err = setUpNode(node.Spec.PodCIDR, podSubnet)
		default:
			err = routeTo(node)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func routeTo(node corev1.Node) error {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return run("ip", "route", "replace", node.Spec.PodCIDR, "via", address.Address)
		}
	}
	return nil
}

// setUpNode is safe to repeat: a restarted node has lost its rules and kept its files.
func setUpNode(podCIDR, podSubnet string) error {
	rule := strings.Fields("POSTROUTING -s " + podSubnet + " ! -d " + podSubnet + " -m addrtype ! --dst-type LOCAL -j MASQUERADE")
	if run(append([]string{"iptables", "-w", "-t", "nat", "-C"}, rule...)...) != nil {
		if err := run(append([]string{"iptables", "-w", "-t", "nat", "-A"}, rule...)...); err != nil {
			return err
		}
	}
	if _, err := os.Stat(conflistPath); err == nil {
		return nil
	}
	text, err := json.Marshal(conflist(podCIDR))
	if err != nil {
		return err
	}
	// The runtime reads *.conflist at any moment, so a half-written file must not be seen under that name.
	if err := os.WriteFile(conflistPath+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(conflistPath+".new", conflistPath)
}

func conflist(podCIDR string) map[string]any {
	type object = map[string]any
	return object{"cniVersion": "0.4.0", "name": "parley", "plugins": []any{
		object{"type": "ptp", "ipMasq": false, "mtu": 1400, "ipam": object{
			"type": "host-local", "dataDir": "/run/cni-ipam-state",
			"routes": []any{object{"dst": "0.0.0.0/0"}},
			"ranges": []any{[]any{object{"subnet": podCIDR}}},
		}},
		object{"type": "portmap", "capabilities": object{"portMappings": true}},
	}}
}

func run(command ...string) error {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, out)
	}
	return nil
}
