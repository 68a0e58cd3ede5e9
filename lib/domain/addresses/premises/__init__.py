"""Where in a building or on a property: what has a label before it, such as a unit, a floor or a gate."""
