// Checks Prometheus rules and expressions with Prometheus' own parsers, and tells what they select.
//
//	promcheck rules FILE        a PrometheusRule; each rule's expression is told of
//	promcheck podmonitor FILE   a PodMonitor, by the Prometheus operator's own types
//	promcheck expressions       a JSON list of expressions on standard input
//	promcheck evaluate          {load, at, expressions} on standard input: series in promqltest's notation, a time after
//	                            their beginning, and what is asked then; a JSON list of answers a line
//
// The first three print a JSON object a line: the expression, the matchers of each metric in it, and the labels that it
// groups by.
// Ends with 1 and the reasons where something is wrong.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

type matcher struct {
	Label string `json:"label"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

type told struct {
	Expression string               `json:"expression"`
	Metrics    map[string][]matcher `json:"metrics"`
	Labels     []string             `json:"labels"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "evaluate" {
		if err := evaluate(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	expressions, errs := read(os.Args[1:])
	out := json.NewEncoder(os.Stdout)
	for _, text := range expressions {
		found, err := inspect(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", text, err))
			continue
		}
		if err := out.Encode(found); err != nil {
			errs = append(errs, err)
		}
	}
	for _, err := range errs {
		fmt.Fprintln(os.Stderr, err)
	}
	if len(errs) > 0 {
		os.Exit(1)
	}
}

func read(arguments []string) ([]string, []error) {
	switch {
	case len(arguments) == 2 && arguments[0] == "rules":
		return rules(arguments[1])
	case len(arguments) == 2 && arguments[0] == "podmonitor":
		if err := decode(arguments[1], &monitoring.PodMonitor{}); err != nil {
			return nil, []error{err}
		}
		return nil, nil
	case len(arguments) == 1 && arguments[0] == "expressions":
		var expressions []string
		if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
			return nil, []error{err}
		}
		return expressions, nil
	}
	return nil, []error{errors.New("usage: promcheck rules FILE | podmonitor FILE | expressions | evaluate")}
}

// decode reads a manifest; a field that the type does not have is an error.
func decode(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(content, into)
}

func rules(file string) ([]string, []error) {
	var manifest monitoring.PrometheusRule
	if err := decode(file, &manifest); err != nil {
		return nil, []error{err}
	}
	// What the Prometheus operator makes of it is a rule file.
	content, err := yaml.Marshal(manifest.Spec)
	if err != nil {
		return nil, []error{err}
	}
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	if len(errs) > 0 {
		return nil, errs
	}
	var expressions []string
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			expressions = append(expressions, rule.Expr)
		}
	}
	return expressions, nil
}

func inspect(text string) (told, error) {
	found := told{Expression: text, Metrics: map[string][]matcher{}, Labels: []string{}}
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return found, err
	}
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		switch part := node.(type) {
		case *parser.VectorSelector:
			matchers := found.Metrics[part.Name]
			for _, each := range part.LabelMatchers {
				if each.Name != model.MetricNameLabel {
					matchers = append(matchers, matcher{each.Name, each.Type.String(), each.Value})
				}
			}
			found.Metrics[part.Name] = matchers
		case *parser.AggregateExpr:
			found.Labels = append(found.Labels, part.Grouping...)
		}
		return nil
	})
	return found, nil
}
