"""Files as exports: where they are, how they are encoded, where their header stands."""
