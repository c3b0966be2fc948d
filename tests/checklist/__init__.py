"""The official application's parameters, one by one: what stands for each, and what is left out for a reason."""
