"""Dated snapshots of canonical tables, kept in an embedded Delta Lake."""
