"""A picture of a cluster: what is on it (``model``, ``plan``, ``live``), where (``layout``), as SVG (``draw``)."""
