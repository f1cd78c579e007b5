"""The conversation under trial: every fault of the model at every stage, all kinds of candidates, and long ones."""
