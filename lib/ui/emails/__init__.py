"""The Sent E-mails section."""
