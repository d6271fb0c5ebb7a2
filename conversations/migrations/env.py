"""Run by Alembic for each command. The connection comes from `Database.migrate`; without one, SQL is written out
instead."""

from alembic import context

from conversations.schema import metadata

given = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=given["dialect"], target_metadata=metadata, literal_binds=True)
else:
    context.configure(connection=given["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
