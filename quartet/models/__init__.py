"""The public checkpoints: where they are, and how they come to this machine, resumable and verified."""
