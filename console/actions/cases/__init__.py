"""Cases: opened on findings, decided by two people, put to the platform, looked at again."""
