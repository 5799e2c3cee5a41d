"""Training on synthetic people: the appearance embedding and the person-head detector."""
