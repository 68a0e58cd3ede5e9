"""What the Account Manager may do in its tenant, for the person who sets it up."""
