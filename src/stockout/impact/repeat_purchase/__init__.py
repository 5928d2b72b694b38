"""Repeat purchases: how often customers come back, who has probably gone, and what they are worth."""
