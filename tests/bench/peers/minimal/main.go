// The bench's peer: a reconciler on controller-runtime, as one writes it who has only the bench's interviews to serve.
// It brings an Interview to the state that Parley's operator brings it to (finalizer, link, inputs, pod, status) by as
// few writes as that takes, and takes all of it away again. What Parley's operator does beyond that (windows, consent,
// attempts, rooms, snapshots of templates, Events) it has not.
package main

import (
	"flag"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	settings := Settings{}
	var workers int
	flag.StringVar(&settings.Namespace, "namespace", "", "the namespace of the interviews")
	flag.StringVar(&settings.Bots, "bots-namespace", "", "the namespace of the bots")
	flag.StringVar(&settings.Installation, "installation", "minimal", "the installation's name, on a label of all it makes")
	flag.StringVar(&settings.Image, "image", "", "the bot's image")
	flag.IntVar(&workers, "workers", 24, "how many interviews are reconciled at once")
	flag.Parse()
	settings.LinkKey = []byte(os.Getenv("LINK_KEY"))
	ctrl.SetLogger(klog.Background())
	if err := run(settings, workers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(settings Settings, workers int) error {
	configuration, err := ctrl.GetConfig() // without a client-side limit: the API server's own fairness is the limit
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := AddToScheme(scheme); err != nil {
		return err
	}
	ours := labels.SelectorFromSet(labels.Set{labelInstallation: settings.Installation})
	manager, err := ctrl.NewManager(configuration, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{settings.Namespace: {}, settings.Bots: {}},
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Pod{}:    {Namespaces: map[string]cache.Config{settings.Bots: {}}, Label: ours},
				&corev1.Secret{}: {Label: ours},
			},
		},
		Controller: config.Controller{MaxConcurrentReconciles: workers},
	})
	if err != nil {
		return err
	}
	reconciler := &Reconciler{Client: manager.GetClient(), settings: settings}
	if err := reconciler.SetupWithManager(manager); err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
}
