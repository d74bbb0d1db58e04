"""Signed models: what was signed is right, everything else is refused in one sentence.

Real keys, and OpenSSF's own library on the other side.
"""

import base64
import contextlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import signing
from assistant.cli import command
from assistant.errors import BadInput


def keys(folder: Path, name: str, key=None, password=None) -> tuple[Path, Path]:
    """Write a key pair as `openssl` does; returns the files of both."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    how = BestAvailableEncryption(password) if password else NoEncryption()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models; `a.b` stands after `a/x` in the form, before it in plain text."""
    root = tmp_path / "models"
    (root / "a" / "deep").mkdir(parents=True)
    (root / ".partial" / "half").mkdir(parents=True)
    (root / "a" / "x").write_bytes(b"weights")
    (root / "a" / "deep" / "y.onnx").write_bytes(b"voice")
    (root / "a.b").write_bytes(b"")
    (root / ".partial" / "half" / "z").write_bytes(b"half fetched")
    (root / ".setup.stamp").write_bytes(b"en")
    return root


def run(models: Path, *arguments: object) -> Result:
    rest = ["models", *map(str, arguments)]
    return CliRunner().invoke(command, ["--set", f"paths.models={str(models)!r}", *rest])


def refusal(models: Path, *arguments: object) -> str:
    answer = run(models, *arguments)
    assert isinstance(answer.exception, BadInput), answer.output
    assert answer.exception.exit_code == 2
    return str(answer.exception)


@pytest.fixture
def signed(models: Path) -> tuple[Path, Path]:
    """The signed folder, and the owner's public key."""
    private, public = keys(models.parent, "owner")
    answer = run(models, "sign", "--key", private)
    assert answer.exit_code == 0, answer.output
    return models, public


def test_what_was_signed_is_right_also_in_another_place(signed, tmp_path: Path) -> None:
    models, public = signed
    elsewhere = shutil.copytree(models, tmp_path / "elsewhere")
    shutil.rmtree(elsewhere / ".partial")
    (elsewhere / ".setup.stamp").write_bytes(b"zh")  # comes and goes
    answer = run(elsewhere, "verify", "--key", public)
    assert answer.exit_code == 0
    assert f"3 files of {elsewhere} are what was signed." in answer.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: (root / "a" / "x").write_bytes(b"Weights"), "changed: a/x."),
        (lambda root: (root / "a" / "x").unlink(), "missing: a/x."),
        (lambda root: (root / "a" / "new").touch(), "not signed: a/new."),
        (
            lambda root: [(root / f"n{n}").touch() for n in range(5)],
            "and 2 more.",
        ),
    ],
)
def test_each_difference_is_named(signed, change, told: str) -> None:
    models, public = signed
    change(models)
    assert refusal(models, "verify", "--key", public).endswith(told)


def test_a_link_is_refused_whatever_it_leads_to(signed, tmp_path: Path) -> None:
    models, public = signed
    (models / "a" / "x").rename(tmp_path / "x")
    (models / "a" / "x").symlink_to(tmp_path / "x")
    assert "leads elsewhere" in refusal(models, "verify", "--key", public)


def test_another_key_is_not_the_owners(signed, tmp_path: Path) -> None:
    models, _ = signed
    _, other = keys(tmp_path, "other")
    assert "was made with another key" in refusal(models, "verify", "--key", other)


def forged(path: Path, change) -> None:
    """Change what is signed and leave the signature as it is."""
    bundle = json.loads(path.read_text())
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    change(bundle, payload)
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    path.write_text(json.dumps(bundle))


def test_a_forged_statement_does_not_fit_its_signature(signed) -> None:
    models, public = signed
    (models / "a" / "x").unlink()
    forged(models / "models.sig", lambda _, payload: payload["predicate"]["resources"].pop(0))
    assert "does not fit what it stands under" in refusal(models, "verify", "--key", public)


def test_without_its_hint_another_key_is_told_all_the_same(signed, tmp_path: Path) -> None:
    models, _ = signed
    _, other = keys(tmp_path, "other")
    forged(
        models / "models.sig",
        lambda bundle, _: bundle["verificationMaterial"]["publicKey"].clear(),
    )
    assert "does not fit" in refusal(models, "verify", "--key", other)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_is_taken_for_right_or_breaks_it(signed, data) -> None:
    models, public = signed
    good = (models / "models.sig").read_bytes()
    place = data.draw(st.integers(0, len(good) - 2))
    bad = good[:place] + data.draw(st.binary(max_size=3)) + good[place + 1 :]
    damaged = models.parent / "damaged.sig"
    damaged.write_bytes(bad)
    said = None
    with contextlib.suppress(BadInput):
        said = signing.opened(damaged, public)
    # What is not signed, such as white space or `keyid`, may differ.
    assert said in (None, signing.opened(models / "models.sig", public))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["dsseEnvelope", "payload", "signatures", "sig", "mediaType", "publicKey"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=10,
    )
)
def test_any_other_json_is_no_signature(signed, value) -> None:
    models, public = signed
    other = models.parent / "other.sig"
    other.write_text(json.dumps(value))
    with pytest.raises(BadInput, match="is no signature"):
        signing.opened(other, public)


def test_what_is_no_key_is_refused(models: Path, tmp_path: Path) -> None:
    _, public = keys(tmp_path, "owner")
    for key in (
        public,
        models / "a" / "x",
        keys(tmp_path, "edwards", ed25519.Ed25519PrivateKey.generate())[0],
        keys(tmp_path, "bitcoin", ec.generate_private_key(ec.SECP256K1()))[0],
    ):
        assert "is no private key that can be used" in refusal(models, "sign", "--key", key)
    locked, _ = keys(tmp_path, "locked", password=b"secret")
    assert "the key has a password" in refusal(models, "sign", "--key", locked)
    assert "cannot be read" in refusal(models, "sign", "--key", tmp_path / "absent")
    assert not (models / "models.sig").exists()


def test_a_private_key_does_not_check(signed) -> None:
    models, public = signed
    private = public.with_suffix(".pem")
    assert "is no public key that can be used" in refusal(models, "verify", "--key", private)


def test_the_options_belong_together(signed) -> None:
    models, public = signed
    assert "leave the names out" in refusal(models, "verify", "--key", public, "vosk-ko")
    assert "needs --key" in refusal(models, "verify", "--signature", "models.sig")
    assert "cannot be read" in refusal(
        models, "verify", "--key", public, "--signature", models / "absent.sig"
    )


def test_an_empty_folder_is_not_signed(tmp_path: Path) -> None:
    private, _ = keys(tmp_path, "owner")
    (tmp_path / "empty").mkdir()
    assert "holds no file" in refusal(tmp_path / "empty", "sign", "--key", private)


def test_what_the_official_library_wrote_is_read() -> None:
    """Written by model-signing 1.1.1 with the elliptic curve key of this test."""
    data = Path(__file__).parent / "data" / "signed"
    signature, owner = data / "official.sig", data / "owner.pub"
    assert list(signing.verify(data / "models", signature, owner).files) == ["a/x", "a.b"]
    with pytest.raises(BadInput, match=r"missing: a/x, a\.b; not signed: "):
        signing.verify(Path(__file__).parent / "data" / "signed", signature, owner)


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1])
def test_the_official_library_agrees_in_both_directions(models: Path, curve) -> None:
    # It weighs 90 MB and is no part of the set-up: `pip install model-signing pyopenssl` brings it.
    official = pytest.importorskip("model_signing.signing")
    from model_signing import hashing, verifying

    private, public = keys(models.parent, "owner", ec.generate_private_key(curve()))
    assert run(models, "sign", "--key", private).exit_code == 0
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=public)
    verifier.verify(models, models / "models.sig")
    (models / "a" / "x").write_bytes(b"Weights")
    with pytest.raises(ValueError, match="Hash mismatch for 'a/x'"):
        verifying.Config().use_elliptic_key_verifier(public_key=public).verify(
            models, models / "models.sig"
        )

    theirs = models.parent / "theirs.sig"
    left_out = hashing.Config().set_ignored_paths(paths=[".partial", ".setup.stamp", "models.sig"])
    official.Config().use_elliptic_key_signer(private_key=private).set_hashing_config(
        left_out
    ).sign(models, theirs)
    assert run(models, "verify", "--key", public, "--signature", theirs).exit_code == 0
