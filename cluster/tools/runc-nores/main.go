// Runc-nores edits an OCI bundle (create, run) or process file (exec) and then becomes the runc that RUNC_NORES_RUNC or
// the usual path names. It drops the capabilities that this process lacks in its own bounding set; without
// CAP_SYS_RESOURCE it also raises an oomScoreAdj below its own and drops rlimits above the hard limit, since runc fails on
// each of these.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Bit n of a capability set, from linux/capability.h.
var capabilityNames = strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
	LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
	SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE
	AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`)

// The rlimits that a container may ask for, by their number on Linux.
var rlimits = map[string]int{
	"RLIMIT_CORE": syscall.RLIMIT_CORE, "RLIMIT_NOFILE": syscall.RLIMIT_NOFILE, "RLIMIT_NPROC": 6, "RLIMIT_MEMLOCK": 8,
}

type object = map[string]any

func main() {
	verb, bundle, process := parse(os.Args[1:])
	var err error
	switch {
	case verb == "create" || verb == "run":
		err = edit(bundle+"/config.json", func(config object) { fix(child(config, "process")) })
	case verb == "exec" && process != "":
		err = edit(process, fix)
	}
	if err == nil {
		err = syscall.Exec(runc(), append([]string{"runc"}, os.Args[1:]...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "runc-nores:", err)
	os.Exit(1)
}

func runc() string {
	if path := os.Getenv("RUNC_NORES_RUNC"); path != "" {
		return path
	}
	return "/usr/sbin/runc"
}

// parse finds the verb and the two options that say where the files are.
func parse(args []string) (verb, bundle, process string) {
	bundle = "."
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "create", "run", "exec":
			if verb == "" {
				verb = name
			}
		case "--bundle", "-b":
			bundle = value
		case "--process", "-p":
			process = value
		}
	}
	return verb, bundle, process
}

func edit(path string, change func(object)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var content object
	if err := json.Unmarshal(text, &content); err != nil {
		return err
	}
	change(content)
	if text, err = json.Marshal(content); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func child(parent object, key string) object {
	value, _ := parent[key].(object)
	return value
}

func fix(process object) {
	held := boundingSet()
	capabilities := child(process, "capabilities")
	for set, names := range capabilities {
		capabilities[set] = keep(names, func(name any) bool { return held[fmt.Sprint(name)] })
	}
	if process == nil || held["CAP_SYS_RESOURCE"] {
		return
	}
	if score, ok := process["oomScoreAdj"].(float64); ok {
		process["oomScoreAdj"] = max(score, ownOOMScore())
	}
	process["rlimits"] = keep(process["rlimits"], func(limit any) bool { return allowed(limit.(object)) })
}

func keep(list any, wanted func(any) bool) []any {
	items, _ := list.([]any)
	kept := []any{}
	for _, item := range items {
		if wanted(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func allowed(limit object) bool {
	number, known := rlimits[fmt.Sprint(limit["type"])]
	if !known {
		return true
	}
	var own syscall.Rlimit
	if syscall.Getrlimit(number, &own) != nil {
		return true
	}
	hard, _ := limit["hard"].(float64)
	return hard <= float64(own.Max)
}

func boundingSet() map[string]bool {
	held := map[string]bool{}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			bits, _ := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			for i, name := range capabilityNames {
				held["CAP_"+name] = bits&(1<<i) != 0
			}
		}
	}
	return held
}

func ownOOMScore() float64 {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return 0
	}
	score, _ := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return score
}
