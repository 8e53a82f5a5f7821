"""Fixtures: a fresh node or cluster per test file, a set of clients per test, and the nodes' logs under a failure."""

import pytest

from clients import Clients
from processes import Dev, Server, remove

LOG_TAIL = 3000


def run(system, directory):
    """Yields the running system and stops it; its data is kept where something went wrong."""
    try:
        system.start()
    except BaseException:
        if system.program:
            system.stop()
        raise
    yield system
    code = system.stop()
    assert code == 0, f"it ended with {code}:\n{system.program.text()[-LOG_TAIL:]}"
    remove(directory)


@pytest.fixture(scope="module")
def node(request, tmp_path_factory):
    """One node on 127.0.0.1, with the ARGUMENTS of the test file."""
    directory = tmp_path_factory.mktemp("node")
    yield from run(Server(directory, arguments=getattr(request.module, "ARGUMENTS", ())), directory)


@pytest.fixture(scope="module")
def three_nodes(tmp_path_factory):
    """Three nodes in one datacentre."""
    directory = tmp_path_factory.mktemp("three")
    yield from run(Dev(directory, 3), directory)


@pytest.fixture(scope="module")
def two_datacentres(tmp_path_factory):
    """dc1 and dc2 with three nodes each."""
    directory = tmp_path_factory.mktemp("two")
    yield from run(Dev(directory, 6, "dc1:3,dc2:3"), directory)


@pytest.fixture
def clients(request):
    """Driver sessions to whichever system the test asked for."""
    system = next(request.getfixturevalue(name) for name in SYSTEMS if name in request.fixturenames)
    made = Clients(system.addresses)
    yield made
    made.close()


SYSTEMS = ("node", "three_nodes", "two_datacentres")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for name in SYSTEMS:
            system = item.funcargs.get(name) if hasattr(item, "funcargs") else None
            for part, path in system.logs().items() if system else ():
                if path.exists():
                    report.sections.append((f"log of {part}", path.read_text(errors="replace")[-LOG_TAIL:]))
    return report
