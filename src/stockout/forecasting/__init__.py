"""What will be wanted: models, their combination, and the distribution of demand."""
