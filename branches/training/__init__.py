"""The guided first day and the quiz of each desk."""
