"""Runs the numbered steps on the connection it is handed. Steps import nothing of the house."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=False, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
