"""One interview's turn: observe, plan, act."""
