"""Making models: random checkpoints in the original layout now, training later."""
