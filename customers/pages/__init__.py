"""The pages of one customer and one household: composed of cards, actions and events that registries hold."""
