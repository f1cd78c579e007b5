# shellcheck shell=bash
# The volume that keeps transcripts beyond any cluster: a folder of the cache as a PersistentVolume for one claim.

store_dir=$PARLEY_CACHE/store
store_uid=10001 # the images' user

# ensure_store [FOLDER]: FOLDER is where the node sees $store_dir (kind mounts it elsewhere).
ensure_store() {
  local folder=${1:-$store_dir} phase
  mkdir -p "$store_dir"
  if [ "$(stat -c %u "$store_dir")" != "$store_uid" ]; then
    # Without root the folder cannot be given away, so it is opened; what is in it is the images' user's alone.
    chown "$store_uid:$store_uid" "$store_dir" 2>/dev/null || chmod 1777 "$store_dir"
  fi
  phase=$(kube get persistentvolume parley-store -o 'jsonpath={.status.phase}' 2>/dev/null || true)
  case $phase in
    '') sed "s|@FOLDER@|$folder|" "$here/lib/store.yaml" | kube apply --server-side --force-conflicts -f - >/dev/null ;;
    Released | Failed) # its claim was deleted; without the old claim's uid a new claim of that name binds
      kube patch persistentvolume parley-store --type json \
        --patch '[{"op":"remove","path":"/spec/claimRef/uid"},{"op":"remove","path":"/spec/claimRef/resourceVersion"}]' >/dev/null
      ;;
  esac
}
