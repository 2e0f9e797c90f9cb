"""The setup of a cluster: certificates, instances and the configuration, before its first start."""
