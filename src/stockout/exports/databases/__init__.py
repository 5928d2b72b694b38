"""Queries as exports: their result is streamed into Parquet and read as such."""
