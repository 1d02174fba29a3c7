"""Peers of the lab's own for protocols that no packaged peer speaks well enough, and what packaged ones need."""
