"""Figures of the product, measured next to the floor of the same run."""
