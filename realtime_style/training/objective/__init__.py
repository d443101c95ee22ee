"""What is minimised: the loss network, the terms of the objective, and the task of each step."""
