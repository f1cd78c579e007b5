// Kstatus says of Kubernetes objects what GitOps tools make of them, by the libraries that those tools use themselves:
// kstatus (Flux, Helm, kpt) and, with -argo, a health script of Argo CD in Argo CD's Lua.
//
//	kstatus [-argo health.lua] <objects >verdicts
//
// Both are a JSON document a line: {"kstatus": {"status", "message"}, "argo": {"status", "message"}}.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type verdicts struct {
	Kstatus verdict  `json:"kstatus"`
	Argo    *verdict `json:"argo,omitempty"`
}

func main() {
	path := flag.String("argo", "", "a health script of Argo CD")
	flag.Parse()
	if err := judge(os.Stdin, os.Stdout, *path); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer, path string) error {
	script, err := read(path)
	if err != nil {
		return err
	}
	documents, answers := json.NewDecoder(in), json.NewEncoder(out)
	for number := 1; ; number++ {
		var document json.RawMessage
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("object %d: %w", number, err)
		}
		found, err := verdictsOf(document, script)
		if err != nil {
			return fmt.Errorf("object %d: %w", number, err)
		}
		if err := answers.Encode(found); err != nil {
			return err
		}
	}
}

func read(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	script, err := os.ReadFile(path)
	return string(script), err
}

func verdictsOf(document []byte, script string) (verdicts, error) {
	// Its own decoder: whole numbers have to be int64, as a client has them.
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(document); err != nil {
		return verdicts{}, err
	}
	computed, err := status.Compute(object)
	if err != nil {
		return verdicts{}, err
	}
	found := verdicts{Kstatus: verdict{computed.Status.String(), computed.Message}}
	if script != "" {
		health, err := argoHealth(object, script)
		if err != nil {
			return verdicts{}, fmt.Errorf("argo: %w", err)
		}
		found.Argo = &health
	}
	return found, nil
}
