"""What the work table says about itself."""
