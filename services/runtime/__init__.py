"""What every stage server shares: checkpoints, the compute queue, noise, tensors, settings, reports."""
