"""A test that failed while the machine stood still is run once more: its time limits, and those of drivers, meant nothing."""

import pytest
from _pytest.runner import runtestprotocol

from pauses import PauseWatch

WATCH = pytest.StashKey()


def pytest_configure(config):
    config.stash[WATCH] = PauseWatch()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    watch = item.config.stash[WATCH]
    watch.reset()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports) and watch.was_paused():
        print(f"\n{item.nodeid} failed while the machine stood still for {watch.longest:.0f} s; once more")
        item._initrequest()
        forget_failed_setups(item)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def forget_failed_setups(item):
    """Fixtures whose setup failed are set up anew; without this their old error would be raised again."""
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            if definition.cached_result is not None and definition.cached_result[2] is not None:
                definition.finish(item._request)
