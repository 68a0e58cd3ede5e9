"""Bill To and Sold To."""
