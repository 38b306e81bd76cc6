"""A file of a questionnaire as an answer: the same for a phone and for the office."""

from __future__ import annotations

from flask import Response, request

from survey.problems import Problem
from survey.questionnaires.published import content_of, find_file
from survey.web.session import get_session


def file_answer(sha256: str, media_type: str) -> Response:
    """A file of a questionnaire, named by its hash; shown or played by a page, never run."""
    response = Response(mimetype=media_type)
    response.set_etag(sha256)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if sha256 not in request.if_none_match:
        response.set_data(content_of(get_session(), sha256))
    return response.make_conditional(request)  # type: ignore[return-value]


def attached_file(form_id: str, version: str, name: str) -> Response:
    """A file of a published version, by its name; raises not_found."""
    found = find_file(get_session(), form_id, version, name)
    if found is None:
        raise Problem("not_found")
    return file_answer(found.sha256, found.media_type)
