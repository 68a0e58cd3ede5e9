"""What the Hub may do in its tenant, asked by the person who sets it up."""
