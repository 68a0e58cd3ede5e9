"""What people see: the frame around every page, and the parts of pages."""
