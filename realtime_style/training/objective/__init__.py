"""The objective: loss network, terms, targets, and the task of each step."""
