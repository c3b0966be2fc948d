"""Making models: random checkpoints in the original layout, and training."""
