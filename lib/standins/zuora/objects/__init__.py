"""Object queries over the stand-in's accounts, subscriptions and invoices."""
