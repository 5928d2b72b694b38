"""Repeat purchases: how often customers come back, who has gone, and what they are worth."""
