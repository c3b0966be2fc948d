"""Network blocks that more than one stage uses."""
