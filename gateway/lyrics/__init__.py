"""When lyrics are sung: from the network's attention to times of lines and words, and to scores. Only numpy."""
