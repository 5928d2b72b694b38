"""The weekly run: its steps, its dated folder, and the orders that people make of its lists."""
