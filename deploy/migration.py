"""Draft a migration: `python -m deploy.migration ROOM WORDS`. Compares the room's tables with an empty, migrated database."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

import app
from hub.db import Database


def main(room: str, words: str) -> None:
    """Write the next revision of a room into its `migrations/`; read it before you commit it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        home = Path(app.__file__).parent / room / "migrations"
        home.mkdir(exist_ok=True)
        with database.engine.connect() as connection:
            config = app.migrations(connection, room=room)
            if list(home.glob("0*.py")) or room != "hub":
                command.upgrade(config, "heads")
                connection.commit()
            scripts = ScriptDirectory.from_config(config)
            begun = any(room in revision.branch_labels for revision in scripts.walk_revisions())
            number = len(list(home.glob("0*.py"))) + 1
            command.revision(
                config,
                message=words,
                autogenerate=True,
                head=f"{room}@head" if begun else "base",
                branch_label=None if begun else room,
                version_path=str(home),
                rev_id=f"{room}_{number:04}",
            )
            for draft in home.glob(f"{room}_{number:04}_*.py"):
                lines = [line for line in draft.read_text("utf-8").splitlines() if "# ###" not in line]
                draft.unlink()
                (home / f"{number:04}_{words.split(maxsplit=1)[0]}.py").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], " ".join(sys.argv[2:]))
