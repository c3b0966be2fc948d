"""The recipe of nano, the small model family that is made from synthesised music."""
