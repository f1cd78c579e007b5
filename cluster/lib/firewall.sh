# shellcheck shell=bash
# Taking our rules and chains out of iptables, and nobody else's.

# chain_removal TABLE CHAINS RULES: turns what iptables-save prints (standard input) into what iptables-restore needs to
# take away the chains whose names match CHAINS, and the rules of other chains that match RULES (both extended regular
# expressions).
chain_removal() {
  awk -v table="$1" -v ours="^:($2) " -v own="^-A ($2) " -v rule="$3" '
    BEGIN {print "*" table}
    $0 ~ ours {name = substr($1, 2); flush = flush "-F " name "\n"; drop = drop "-X " name "\n"}
    /^-A / && $0 !~ own && $0 ~ rule {sub(/^-A/, "-D"); print}
    END {printf "%s%sCOMMIT\n", flush, drop}'
}

# remove_rules COMMAND CHAINS RULES: from every table of iptables or ip6tables.
remove_rules() {
  local table rules
  command -v "$1" >/dev/null || return 0
  for table in filter nat mangle; do
    rules=$("$1-save" -t $table 2>/dev/null) || continue
    printf '%s\n' "$rules" | chain_removal $table "$2" "$3" | "$1-restore" --wait --noflush
  done
}
