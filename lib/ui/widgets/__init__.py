"""Small parts of pages that are about no subject."""
