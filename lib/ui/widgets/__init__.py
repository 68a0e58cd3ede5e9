"""Small parts of pages that belong to no section."""
