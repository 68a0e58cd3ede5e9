"""HTTP and SMTP servers that answer as the outside systems do, for the demo and for tests."""
