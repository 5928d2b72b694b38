"""From cells to values: texts, numbers, dates, flags, and expressions over them."""
