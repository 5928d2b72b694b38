"""What stockouts cost: how often, for how long, and what was not sold because of them."""
