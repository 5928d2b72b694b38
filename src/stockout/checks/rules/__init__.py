"""The rules, one module a group of the catalogue."""
