"""AWS for Parley: one stack a region, from typed settings, with what Helm needs to know of it as outputs."""
