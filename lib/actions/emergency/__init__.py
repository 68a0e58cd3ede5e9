"""Emergency details."""
