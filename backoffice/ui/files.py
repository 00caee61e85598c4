"""Files of records: served to whoever may see the record, to nobody else."""

from typing import Any
from urllib.parse import quote

from flask import abort, send_file
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from backoffice.core.attachments import Attachment, path_of
from backoffice.core.db import db

from . import registry
from .guards import PageView, anyone, parse_key

_INLINE = {"image/png", "image/jpeg"}


class FilesView(PageView):
    """`/files/<id>`; images, which are re-encoded when stored, are shown, everything else is handed over for saving."""

    endpoint = "files"
    url = "/files"
    name = _l("Files")
    read = staticmethod(anyone)

    @expose("/")
    def index_view(self) -> Any:
        """There is no page of its own."""
        abort(404)

    @expose("/<key>")
    def serve(self, key: str) -> Any:
        """The file; 404 unless the person may open its record."""
        found = parse_key(key)
        attachment = db.session.get(Attachment, found) if found is not None else None
        view = registry.view_of(attachment.subject_type) if attachment is not None else None
        if attachment is None or view is None or not view.is_accessible() or not view.get_one(attachment.subject_id):
            abort(404, description=gettext("There is no such record here."))
        path = path_of(attachment)
        if not path.is_file():
            abort(404, description=gettext("The file is missing from the store."))
        response = send_file(path.resolve(), mimetype=attachment.content_type, max_age=0, etag=False, conditional=False)
        how = "inline" if attachment.content_type in _INLINE else "attachment"
        response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(attachment.file_name, safe='')}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "no-store, private"
        return response
