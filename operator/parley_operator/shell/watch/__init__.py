"""What the operator knows of the cluster without asking: kopf's watches, and the mirror that they keep true."""
