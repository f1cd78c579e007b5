module parley.dev/cluster/tools/pause

go 1.25.0
