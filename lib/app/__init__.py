"""The started process: its parts, who signs in to it, and how it is served."""
