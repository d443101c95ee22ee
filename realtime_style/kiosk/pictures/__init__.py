"""Pictures that visitors take home."""
