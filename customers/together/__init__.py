"""What is done with many customers of the list at once: tags, tasks, and taking a run back."""
