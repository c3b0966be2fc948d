"""The planner stage: the 5 Hz language model."""
