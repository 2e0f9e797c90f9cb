"""The image that machines are made from: its recipe, and how it is built and cached."""
