"""The description of the interface against the running server: schemathesis asks for everything."""

import hypothesis
import pytest
import schemathesis
from fake_daemon import FakeDaemon
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method
from serving import settings, site

from assistant.serve.web.app import TRANSCRIPTIONS
from assistant.serve.web.openapi import document

SECRET = "a-secret-of-forty-three-letters-and-no-less"
BEARER = {"Authorization": f"Bearer {SECRET}"}
API = schemathesis.openapi.from_dict(document())
EXAMPLES = 20
"""For each operation, beside those that schemathesis derives from the limits of each field."""


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A server that demands a token; what it watches ends, so that reading it does."""
    folder = tmp_path_factory.mktemp("schema")
    file = folder / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with FakeDaemon(folder / "s") as daemon:
        daemon.watched = [*daemon.watched[:-1], {"ok": True, "event": "end"}]
        with site(settings(daemon.path, token_file=str(file))) as running:
            yield running


@API.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None)
def test_every_operation_is_as_described(case, locked):
    # A GET with a body is refused before anybody looks for its route.
    excluded = [unsupported_method]
    if case.path == TRANSCRIPTIONS:  # that a file is sound, no schema can say
        excluded.append(positive_data_acceptance)
    url = f"http://127.0.0.1:{locked.port}"
    case.call_and_validate(url, headers=BEARER, excluded_checks=excluded, timeout=20)
