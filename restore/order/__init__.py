"""Reading order from text alone: how well lines continue each other, and the best successor for every line."""
