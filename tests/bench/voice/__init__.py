"""What a candidate hears of Parley, measured on one machine without a cluster."""
