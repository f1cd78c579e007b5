# shellcheck shell=bash
# usage: preload.sh TREE ARCHIVE, in mount and PID namespaces of its own: starts the tree's containerd and imports ARCHIVE.
tree=$1
mount -t proc proc "$tree/proc"
mount -t tmpfs tmpfs "$tree/run"
mount --rbind /dev "$tree/dev"
touch "$tree/run/images.tar"
mount --bind "$2" "$tree/run/images.tar"
chroot "$tree" containerd --config /dev/null >&2 &
for _ in {1..100}; do
  chroot "$tree" ctr version >/dev/null 2>&1 && break
  sleep 0.2
done
chroot "$tree" ctr --namespace k8s.io images import /run/images.tar
kill $!
wait $! || true
