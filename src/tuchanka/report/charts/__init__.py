"""The charts of the report, as SVG. Pure."""
