"""What to order, when and how much: formulas, lead times and the reorder list."""
