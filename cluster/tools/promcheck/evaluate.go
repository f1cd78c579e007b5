package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
)

const (
	mostSamples = 1_000_000
	patience    = 30 * time.Second
	lookback    = 5 * time.Minute
)

// question is what is asked of series at a time after their beginning.
type question struct {
	Load        string   `json:"load"`
	At          string   `json:"at"`
	Expressions []string `json:"expressions"`
}

// answer is the labels of each series that the expression gives, without its name, and its value.
type answer struct {
	Labels map[string]string `json:"labels"`
	Value  float64           `json:"value"`
}

// evaluate answers each expression of a question with a JSON list of answers, a line each.
func evaluate(in io.Reader, out io.Writer) error {
	var asked question
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return err
	}
	at, err := model.ParseDuration(asked.At)
	if err != nil {
		return err
	}
	run := &outsideTests{}
	defer run.cleanUp()
	series := promqltest.LoadedStorage(run, asked.Load)
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:    mostSamples,
		Timeout:       patience,
		LookbackDelta: lookback,
		Parser:        parser.NewParser(parser.Options{}),
	})
	for _, expression := range asked.Expressions {
		answers, err := ask(engine, series, expression, time.Unix(0, 0).Add(time.Duration(at)))
		if err != nil {
			return fmt.Errorf("%q: %w", expression, err)
		}
		if err := json.NewEncoder(out).Encode(answers); err != nil {
			return err
		}
	}
	return nil
}

func ask(engine *promql.Engine, series storage.Queryable, expression string, at time.Time) ([]answer, error) {
	ctx := context.Background()
	query, err := engine.NewInstantQuery(ctx, series, nil, expression, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil {
		return nil, err
	}
	answers := []answer{}
	for _, sample := range vector {
		labels := sample.Metric.Map()
		delete(labels, model.MetricNameLabel)
		answers = append(answers, answer{labels, sample.F})
	}
	return answers, nil
}

// outsideTests is as much of a test as promqltest needs to fill a storage; what it does not have would panic.
type outsideTests struct {
	testing.TB
	after []func()
}

func (run *outsideTests) Helper()             {}
func (run *outsideTests) Name() string        { return "promcheck" }
func (run *outsideTests) Log(...any)          {}
func (run *outsideTests) Logf(string, ...any) {}
func (run *outsideTests) Cleanup(f func())    { run.after = append(run.after, f) }

func (run *outsideTests) TempDir() string {
	folder, err := os.MkdirTemp("", "promcheck-")
	if err != nil {
		run.Fatalf("%v", err)
	}
	run.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func (run *outsideTests) Errorf(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
}

func (run *outsideTests) Fatalf(format string, values ...any) {
	run.Errorf(format, values...)
	run.FailNow()
}

func (run *outsideTests) FailNow() {
	run.cleanUp()
	os.Exit(1)
}

func (run *outsideTests) cleanUp() {
	for len(run.after) > 0 {
		last := len(run.after) - 1
		f := run.after[last]
		run.after = run.after[:last]
		f()
	}
}
