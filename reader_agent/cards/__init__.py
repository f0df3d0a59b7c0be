"""SIM cards through PC/SC."""
