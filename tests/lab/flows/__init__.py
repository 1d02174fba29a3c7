"""The flows: each function is one conformance row of docs, played between real peers."""
