"""Files of any system -> canonical tables."""
