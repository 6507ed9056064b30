"""A department site from the file that the demo's set-up wrote for it."""

import json
import logging
import os
from pathlib import Path

from flask import Flask

from deploy.demo.department.desk import Desk
from deploy.demo.department.site import create_app


def site(desk: Desk) -> Flask:
    """For a WSGI server: settings from the file that DEPARTMENT_SETTINGS names."""
    logging.basicConfig(level=logging.WARNING)
    return create_app(json.loads(Path(os.environ["DEPARTMENT_SETTINGS"]).read_text("utf-8")), desk)
