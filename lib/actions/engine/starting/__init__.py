"""What must be true before a run begins, and its beginning in one transaction."""
