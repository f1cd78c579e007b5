"""The command line: interviews from a shell, on the kubeconfig that kubectl uses."""
