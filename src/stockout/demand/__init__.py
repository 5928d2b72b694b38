"""What was wanted: the gap-free panel, availability and segments."""
