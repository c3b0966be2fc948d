"""The command `quartet`."""
