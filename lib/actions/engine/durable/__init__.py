"""How runs survive the death of a process, and how long they wait for a database."""
