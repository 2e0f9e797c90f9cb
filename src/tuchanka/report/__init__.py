"""What people and programs read of a history: console, HTML, JUnit, JSON. Pure."""
