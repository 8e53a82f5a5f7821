"""A node with little memory for each file, and what attackers and bystanders need in it."""

import pytest

from attack import Target
from processes import remove


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also the attacks that take minutes or gigabytes")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--long", default=False):
        skip = pytest.mark.skip(reason="a long attack: see --long")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


@pytest.fixture(scope="module")
def target(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("target")
    target = Target(directory, 128, getattr(request.module, "ARGUMENTS", ()))
    statements = [
        "CREATE KEYSPACE bystander WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE bystander.t (k int PRIMARY KEY, v text)",
        "CREATE TABLE bystander.large (k int, c int, v blob, PRIMARY KEY (k, c))",
    ]
    connection = target.bystander()
    for statement in statements:
        assert "error" not in connection.query(statement), statement
    connection.close()
    yield target
    code = target.stop()
    assert code == 0, f"it ended with {code}:\n{target.server.program.text()[-3000:]}"
    assert "panicked" not in target.server.program.text()
    remove(directory)
