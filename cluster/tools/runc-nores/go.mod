module parley.dev/cluster/tools/runc-nores

go 1.25.0
