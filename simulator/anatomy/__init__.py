"""What the patient is."""
