"""What may be done next about a record, with the forms that ask for it; one module an area."""
