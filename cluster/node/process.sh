# shellcheck shell=bash
# The node's processes. Each carries a mark in its environment, which its children inherit (containerd's shims), so that
# what is ours is known without trusting a pid file, and every last one is found after a crash.

node_processes=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy coredns)
mark=PARLEY_NODE=$node_dir

# start NAME COMMAND...: in the background, once, its output in $logs/NAME.log.
start() {
  local name=$1
  shift
  running "$name" && return
  env "$mark" setsid nohup "$@" >"$logs/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$run_dir/$name.pid"
}

is_ours() { grep -qzsxF "$mark" "/proc/$1/environ"; }

pid_of() { cat "$run_dir/$1.pid" 2>/dev/null; }

# running NAME: its pid file names a living process, and that process is ours.
running() {
  local pid
  pid=$(pid_of "$1") && [ -n "$pid" ] && is_ours "$pid"
}

our_pids() {
  grep -lzsxF "$mark" /proc/[0-9]*/environ | cut -d/ -f3 || true
}

# kill_strays: ends what an interrupted start left without a pid file. Shims are containerd's to end.
kill_strays() {
  local pid
  for pid in $(our_pids); do
    case $(cat "/proc/$pid/comm" 2>/dev/null) in containerd-shim*) continue ;; esac
    grep -qsxF "$pid" "$run_dir"/*.pid || kill -9 "$pid" 2>/dev/null || true
  done
}

# stop NAME: TERM, then KILL where it has not gone after five seconds.
stop() {
  local pid
  running "$1" || return 0
  pid=$(pid_of "$1")
  kill "$pid" 2>/dev/null || true
  wait_for 5 "$1 stops" gone "$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null || true
  rm -f "$run_dir/$1.pid"
}

# A zombie has no environment, so it counts as gone.
gone() { ! is_ours "$1"; }
