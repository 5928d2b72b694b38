"""Results to people: rules, messages, and who was told what."""
