"""Pacemaker, Corosync, sbd and PAF: everything that knows them, and nothing else does."""
