"""What is asked of the trainee and how it is judged."""
