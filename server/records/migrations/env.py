"""Run by Alembic inside the connection the records hand it; see server/records/upgrade.py."""

from alembic import context

from server.records.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata(), render_as_batch=True, compare_type=True)
context.run_migrations()
