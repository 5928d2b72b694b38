"""From opened exports to canonical rows: planned, read file by file, faults told."""
