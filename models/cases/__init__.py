"""A case: a violation from the finding to its end, and the notices that go to platforms."""
