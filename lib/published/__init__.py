"""Lists as somebody else publishes them: constants that the product and the stand-ins may both read."""
