"""Backups in a bucket of a store that others wrote, over plain HTTP: moto, which checks each signature with botocore, and permits what
docs/operating/backup.md says that Henge needs and nothing else."""

import json

import pytest

from admin import admin
from bucket_cluster import cluster_with_rows, local
from moto_store import MotoStore

BUCKET = "backups"
# With characters that have to be escaped in addresses, and in what is signed.
PREFIX = "of/shop+a=b%20c"
PLACE = f"s3://{BUCKET}/{PREFIX}"
ADDRESS, PORT = "127.0.20.2", 9320
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:AbortMultipartUpload"]
ROWS = 1_200
# Random bytes, which nothing compresses: files of more than one part.
BYTES = 12_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = MotoStore(tmp_path_factory.mktemp("store"), ADDRESS, PORT, BUCKET, ACTIONS)
    yield store
    store.close()


@pytest.fixture(scope="module")
def cluster(store, tmp_path_factory):
    with cluster_with_rows(tmp_path_factory.mktemp("two"), store.environment(), ROWS, BYTES) as made:
        yield made


def content(session):
    return {row.k: row.v for row in session.execute("SELECT k, v FROM shop.t")}


def test_a_cluster_is_backed_up_and_restored(store, cluster):
    dev, session = cluster
    monday = content(session)
    said = admin(dev.nodes[1], "backup", PLACE, "--name", "monday", "--rate", "0")
    assert "Backup monday: " in said and "of 2 nodes" in said, said
    objects = store.objects()
    assert all(key.startswith(f"{PREFIX}/") for key in objects), list(objects)[:5]
    assert any("-" in found["ETag"] for found in objects.values()), "a long file goes in parts"
    assert not store.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"), "no upload is left"

    session.execute("INSERT INTO shop.t (k, v) VALUES (1, 0x01)")
    tuesday = content(session)
    assert len(monday) == len(tuesday) == ROWS and monday != tuesday
    admin(dev.nodes[0], "backup", PLACE, "--name", "tuesday", "--rate", "0")
    before = sum(found["Size"] for found in objects.values())
    brought = [found["Size"] for key, found in store.objects().items() if key not in objects]
    assert 0 < sum(brought) < before / 4, "what is there is not brought again"

    code, said = local(store.environment(), "listbackups", PLACE, "--format", "json")
    assert code == 0 and [backup["name"] for backup in json.loads(said)] == ["monday", "tuesday"], said
    for name, expected in (("monday", monday), ("tuesday", tuesday)):
        code, said = local(store.environment(), "verifybackup", PLACE, name)
        assert code == 0 and "All of it is as it was written" in said, said
        session.execute("DROP TABLE shop.t")
        said = admin(dev.nodes[0], "restore", PLACE, name)
        assert "shop.t" in said, said
        assert content(session) == expected


def test_what_the_store_refuses_is_told(store):
    environment = store.environment()
    for wrong, word in (
        ({"AWS_SECRET_ACCESS_KEY": "guessed"}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIAGUESSED"}, "InvalidAccessKeyId"),
    ):
        code, said = local(environment | wrong, "listbackups", PLACE)
        assert code == 2 and word in said, said
    # The user has no rights in another bucket.
    code, said = local(environment, "listbackups", "s3://elsewhere/of/shop")
    assert code == 2 and ("AccessDenied" in said or "NoSuchBucket" in said), said
    assert "There are no finished backups" in local(environment, "listbackups", f"s3://{BUCKET}/other")[1]
