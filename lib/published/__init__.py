"""Lists that somebody else publishes: constants for both the product and the stand-ins."""
