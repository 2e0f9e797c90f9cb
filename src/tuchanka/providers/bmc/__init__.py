"""Virtual BMCs for the machines of a lab: OpenIPMI's ``ipmi_sim``, which calls the power verbs of any provider."""
