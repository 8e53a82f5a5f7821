"""Backups in a bucket, over TLS, by the names of Amazon's tools: made, listed, verified and restored; a store that answers late or not at
all, a wrong key and a stranger's certificate are told."""

import json
import subprocess
import uuid

import pytest

from admin import admin
from bucket_cluster import cluster_with_rows, local
from processes import HENGE
from s3 import S3

PLACE = "s3://backups/of/shop"
ADDRESS = "127.0.20.1"
ROWS = 1_200
# Random bytes, which nothing compresses: files of more than one part.
BYTES = 12_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a certificate, and the environment of whoever may use it."""
    folder = tmp_path_factory.mktemp("authorities")
    for command in (
        ("ca", "--directory", folder / "good"),
        ("ca", "--directory", folder / "stranger"),
        ("node", "--authority", folder / "good", "--directory", folder / "store", "--host-id", uuid.uuid4(), "--name", ADDRESS),
    ):
        subprocess.run([HENGE, "cert", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    store = S3(ADDRESS, folder / "store/node.pem", folder / "store/node.key")
    yield store, store.environment() | {"AWS_CA_BUNDLE": str(folder / "good/ca.pem")}, folder
    store.close()


@pytest.fixture(scope="module")
def cluster(store, tmp_path_factory):
    with cluster_with_rows(tmp_path_factory.mktemp("two"), store[1], ROWS, BYTES) as made:
        yield made


def content(session, table="shop.t"):
    return {row.k: row.v for row in session.execute(f"SELECT k, v FROM {table}")}


def test_a_cluster_is_backed_up_and_restored(store, cluster):
    (s3, environment, _), (dev, session) = store, cluster
    expected = content(session)
    assert len(expected) == ROWS
    # The store is busy now and then.
    s3.failing = 3
    said = admin(dev.nodes[1], "backup", PLACE, "--name", "monday", "--rate", "0")
    assert "Backup monday: " in said and "of 2 nodes" in said, said
    assert not s3.failing and not s3.refused, s3.refused
    assert all(key.startswith("of/shop/") for key in s3.objects), list(s3.objects)[:5]
    assert any("partNumber" in query for _, _, query in s3.asked), "a long file goes in parts"
    assert not s3.uploads, "no upload is left"

    session.execute("INSERT INTO shop.t (k, v) VALUES (1, 0x01)")
    before = sum(map(len, s3.objects.values()))
    admin(dev.nodes[0], "backup", PLACE, "--name", "tuesday", "--rate", "0")
    assert sum(map(len, s3.objects.values())) - before < before / 4, "what is there is not brought again"

    code, said = local(environment, "listbackups", PLACE, "--format", "json")
    assert code == 0 and [backup["name"] for backup in json.loads(said)] == ["monday", "tuesday"], said
    code, said = local(environment, "verifybackup", PLACE, "monday")
    assert code == 0 and "All of it is as it was written" in said, said

    session.execute("DROP TABLE shop.t")
    said = admin(dev.nodes[0], "restore", PLACE, "monday")
    assert "shop.t" in said, said
    assert content(session) == expected
    assert not any((node.directory / "data" / "restoring-backup").exists() for node in dev.nodes)


def test_what_is_wrong_is_told(store, cluster):
    (s3, environment, folder), (dev, _) = store, cluster
    if not any(key.endswith("/backups/monday/backup") for key in s3.objects):
        admin(dev.nodes[0], "backup", PLACE, "--name", "monday", "--rate", "0")
    code, said = local(environment | {"AWS_SECRET_ACCESS_KEY": "guessed"}, "listbackups", PLACE)
    assert code not in (0, 101) and "SignatureDoesNotMatch" in said, said
    code, said = local(environment | {"AWS_CA_BUNDLE": str(folder / "stranger/ca.pem")}, "listbackups", PLACE)
    assert code not in (0, 101) and "invalid peer certificate" in said, said
    code, said = local(environment, "listbackups", "s3://Wrong_Bucket")
    assert code not in (0, 101) and "expected s3://bucket" in said, said
    code, said = local(environment, "verifybackup", PLACE, "never")
    assert code not in (0, 101) and "no finished backup never" in said, said
    assert "There are no finished backups" in local(environment, "listbackups", "s3://backups/other")[1]
    refused = subprocess.run(
        [HENGE, "admin", "--data-directory", str(dev.nodes[0].directory / "data"), "backup", PLACE, "--name", "monday"],
        capture_output=True, text=True, timeout=120,
    )
    assert refused.returncode == 2 and "there is a backup monday" in refused.stderr, refused

    # A content that was changed, and one that is gone.
    contents = sorted((len(body), key) for key, body in s3.objects.items() if "/objects/" in key)
    (_, largest), (_, other) = contents[-1], contents[-2]
    kept = dict(s3.objects)
    s3.objects[largest] = s3.objects[largest][:-1] + bytes([s3.objects[largest][-1] ^ 1])
    del s3.objects[other]
    code, said = local(environment, "verifybackup", PLACE, "monday")
    assert code == 2 and said.count("DAMAGED") == 2 and "it is not there" in said, said
    s3.objects = kept
