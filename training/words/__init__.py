"""Training of the text encoder alone: it learns what words say of music before any music is made by them."""
