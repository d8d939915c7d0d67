"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

from ircopilot.settings import data_dir, external_parts, external_urls

ALL = {
    "IRCOPILOT_DATABASE_URL": "postgres://o:p@db/x",
    "IRCOPILOT_DATABASE_APP_URL": "postgresql://a:p@db/x",
    "IRCOPILOT_DATABASE_LOBBY_URL": "postgresql+psycopg://l:p@db/x",
    "IRCOPILOT_CLICKHOUSE_URL": "http://ch",
    "IRCOPILOT_NATS_URL": "nats://n",
    "IRCOPILOT_REDIS_URL": "redis://r",
    "IRCOPILOT_VAULT_URL": "s3://b",
}


def test_data_dir_is_absolute() -> None:
    assert data_dir({"IRCOPILOT_DATA_DIR": "somewhere"}) == Path.cwd() / "somewhere"
    assert data_dir({}).is_absolute()


def test_all_urls_given() -> None:
    urls = external_urls(ALL)
    assert urls is not None
    assert urls.database_owner_url == "postgresql+psycopg://o:p@db/x"
    assert urls.database_app_url == "postgresql+psycopg://a:p@db/x"
    assert urls.nats_token == ""
    assert (urls.vault_url, urls.kms_url) == ("s3://b", "")
    with_keys = external_urls(ALL | {"IRCOPILOT_KMS_URL": "aws-kms://eu-central-1"})
    assert with_keys is not None
    assert with_keys.kms_url == "aws-kms://eu-central-1"


def test_one_missing_leaves_the_rest_to_the_embedded_stack() -> None:
    for name in ALL:
        assert external_urls({key: value for key, value in ALL.items() if key != name}) is None
    assert external_parts({"IRCOPILOT_REDIS_URL": "redis://r", "IRCOPILOT_NATS_URL": ""}).model_dump(
        exclude_none=True
    ) == {"redis_url": "redis://r"}


def test_secrets_do_not_show() -> None:
    urls = external_urls(ALL)
    assert "p@db" not in repr(urls)
    assert "p@db" not in f"{external_parts(ALL)}"
