"""What Zuora does to every request, whatever it asks for: limits, lag, repeats, sign-ins."""
