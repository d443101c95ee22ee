"""What is minimised: losses, the loss network, and the tasks drawn in each step."""
