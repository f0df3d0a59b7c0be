"""Identity documents, by a reader with a security module on a serial line."""
