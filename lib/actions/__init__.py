"""What a person can do to an account: one file per action, and the runner that makes them durable."""
