"""The effect of stockouts on customers: who did not come back, associated with what was missing."""
