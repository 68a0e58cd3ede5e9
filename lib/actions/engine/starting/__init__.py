"""What has to hold before a run begins, and its beginning in one transaction."""
