"""Real HTTP and SMTP servers that stand in for the outside systems in the demo and in tests."""
