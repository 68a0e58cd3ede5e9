"""What every stand-in shares: a web server, faults on request, its own administration."""
