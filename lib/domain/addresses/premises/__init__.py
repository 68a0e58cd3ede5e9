"""Parts with a label before them, such as a unit, a floor or a gate."""
