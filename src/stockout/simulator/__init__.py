"""A small retail business in a box: exports together with the truth that real ones hide."""
