"""What Zuora does with every request: limits, lag, repeats, sign-ins."""
