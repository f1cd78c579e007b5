# shellcheck shell=bash
# Taking our rules and chains out of iptables, and nobody else's.

# chain_removal TABLE CHAINS RULES [SPARED]: turns what iptables-save prints (standard input) into what iptables-restore needs to
# take away the chains whose names match CHAINS, and the rules of other chains that match RULES (both extended regular
# expressions). The chains named in SPARED, and the rules into them, stay.
chain_removal() {
  awk -v table="$1" -v ours="^($2)\$" -v rule="$3" -v spared="${4:-}" '
    function goes(chain) {return chain ~ ours && !(chain in stays)}
    function target() {return match($0, / -j [^ ]+/) ? substr($0, RSTART + 4, RLENGTH - 4) : ""}
    BEGIN {print "*" table; split(spared, names); for (i in names) stays[names[i]]}
    /^:/ && goes(substr($1, 2)) {name = substr($1, 2); flush = flush "-F " name "\n"; drop = drop "-X " name "\n"}
    /^-A / && !goes($2) && $0 ~ rule && !(target() in stays) {sub(/^-A/, "-D"); print}
    END {printf "%s%sCOMMIT\n", flush, drop}'
}

# remove_rules COMMAND CHAINS RULES [FILE]: from every table of iptables or ip6tables. FILE names what stays, a line
# `COMMAND TABLE CHAIN` for each.
remove_rules() {
  local table rules spared
  command -v "$1" >/dev/null || return 0
  for table in filter nat mangle; do
    rules=$("$1-save" -t $table 2>/dev/null) || continue
    spared=$(awk -v at="$1 $table" '$1 " " $2 == at {print $3}' "${4:-/dev/null}")
    printf '%s\n' "$rules" | chain_removal $table "$2" "$3" "${spared//$'\n'/ }" | "$1-restore" --wait --noflush
  done
}
