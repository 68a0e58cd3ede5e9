"""What can be done to an account itself."""
