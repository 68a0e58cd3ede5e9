"""The outside systems, one client each, nothing of ours."""
