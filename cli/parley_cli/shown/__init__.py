"""What is printed: pure functions from resources to text."""
