"""The guide's sound: every task on one song, measured and drawn for docs/guide."""
