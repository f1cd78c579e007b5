# shellcheck shell=bash
# Where debootstrap gets Debian from.

# debian_mirror: the one this machine is set up with; where it names none, debootstrap takes the empty word for its own.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills the fields in
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ && !found {print $3; found = 1}'
}
