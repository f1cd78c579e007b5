// Netpol says which traffic a set of NetworkPolicies lets through, by cyclonus's engine of their rules.
//
//	netpol <question >answers
//
// The question is one JSON document: {"policies": [NetworkPolicy], "traffic": [Traffic]}. The answers are a JSON document a
// line, in the order of the traffic: {"egress": bool, "ingress": bool}, each as the one end alone would have it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type peer struct {
	IP              string            `json:"ip"`
	Namespace       string            `json:"namespace"` // empty: not a pod
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	PodLabels       map[string]string `json:"podLabels"`
}

type traffic struct {
	From     peer            `json:"from"`
	To       peer            `json:"to"`
	Port     int             `json:"port"`
	PortName string          `json:"portName"`
	Protocol corev1.Protocol `json:"protocol"`
}

type question struct {
	Policies []*networkingv1.NetworkPolicy `json:"policies"`
	Traffic  []traffic                     `json:"traffic"`
}

type answer struct {
	Egress  bool `json:"egress"`
	Ingress bool `json:"ingress"`
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "netpol:", err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer) (err error) {
	var asked question
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return err
	}
	if len(asked.Policies) == 0 {
		return errors.New("no policies")
	}
	// The engine panics where an address or a policy can't be read.
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	policy := matcher.BuildNetworkPolicies(false, asked.Policies)
	answers := json.NewEncoder(out)
	for _, each := range asked.Traffic {
		allowed := policy.IsTrafficAllowed(&matcher.Traffic{
			Source: each.From.engine(), Destination: each.To.engine(),
			ResolvedPort: each.Port, ResolvedPortName: each.PortName, Protocol: each.Protocol,
		})
		if err := answers.Encode(answer{allowed.Egress.IsAllowed(), allowed.Ingress.IsAllowed()}); err != nil {
			return err
		}
	}
	return nil
}

func (each peer) engine() *matcher.TrafficPeer {
	if each.Namespace == "" {
		return &matcher.TrafficPeer{IP: each.IP}
	}
	return &matcher.TrafficPeer{IP: each.IP, Internal: &matcher.InternalPeer{
		Namespace: each.Namespace, NamespaceLabels: each.NamespaceLabels, PodLabels: each.PodLabels,
	}}
}
