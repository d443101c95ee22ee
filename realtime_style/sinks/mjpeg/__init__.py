"""The live picture in browsers."""
