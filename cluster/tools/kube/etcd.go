package main

import (
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
)

// etcdCommand hands its arguments to etcd as they are: etcd reads flags of its own.
func etcdCommand() *cobra.Command {
	return &cobra.Command{Use: "etcd", DisableFlagParsing: true, Run: func(_ *cobra.Command, args []string) {
		etcdmain.Main(append([]string{"etcd"}, args...))
		os.Exit(0)
	}}
}
