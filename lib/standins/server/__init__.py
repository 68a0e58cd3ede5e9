"""What stand-ins share: a web server, faults for tests, and routes for administration."""
