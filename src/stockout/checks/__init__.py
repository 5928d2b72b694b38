"""Data quality: rules, their findings, and the formats in which machines read them."""
