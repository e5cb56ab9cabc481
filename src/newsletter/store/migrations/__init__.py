"""How the tables came to be what they are: Alembic's revisions, run by `store.upgrading` on a connection of ours."""
