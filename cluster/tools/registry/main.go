// registry is a registry of images in memory, for tests: go-containerregistry's own, with OCI 1.1's referrers where they
// are asked for. It prints its address and serves until it is ended.
//
// usage: registry [--referrers]
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	referrers := flag.Bool("referrers", false, "serve the referrers API, as ECR does; without it clients keep a tag instead")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{
		Handler:           registry.New(registry.WithReferrersSupport(*referrers)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}
