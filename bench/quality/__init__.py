"""How musical songs are: measures of recordings, and a run that applies them to a model family through the product."""
