"""The tools that the lab's flows are written with: hosts, NATs, peers, captures, checks."""
