"""What /metrics answers and what docs/reference/metrics.md lists are the same, from the first scrape on, labels included."""

import re

import pytest

from metric_pages import listed, page_of, scraped


@pytest.fixture(scope="module")
def both(node):
    return listed(), scraped(node.address)


def test_every_metric_that_is_scraped_is_on_the_page(both):
    page, live = both
    assert page and not set(live) - set(page)


def test_every_metric_of_the_page_is_scraped_but_those_of_peers(both):
    page, live = both
    missing = {name for name in set(page) - set(live) if "peer" not in page[name][1]}
    assert not missing


def test_kind_help_and_labels_are_as_the_page_says(both):
    page, live = both
    for name, (kind, labels, text) in live.items():
        assert (kind, text) == (page[name][0], page[name][2]), name
        for label, values in page[name][1].items():
            if values and kind == "histogram":
                assert labels[label] <= values, (name, label)
            elif values:
                assert labels[label] == values, (name, label)
        assert set(labels) == set(page[name][1]), name


def test_a_node_says_who_it_is(both):
    _, live = both
    _, labels, _ = live["henge_node_info"]
    assert labels["dc"] == {"datacenter1"} and labels["rack"] == {"rack1"} and labels["address"] == {"127.0.0.1:7000"}
    assert re.fullmatch(r"[0-9a-f-]{36}", labels["host_id"].pop())
    assert labels["version"] == live["henge_build_info"][1]["version"]


def test_a_quantile_can_be_taken_by_operation_and_level(node, clients):
    session = clients.keyspace("ks")
    session.execute("CREATE TABLE t (k int PRIMARY KEY)")
    session.execute("SELECT * FROM t WHERE k = 1")
    text = page_of(node.address)
    buckets = re.findall(r'^henge_request_duration_seconds_bucket\{consistency="LOCAL_ONE",operation="read",le="(\S+)"\} (\d+)$', text, re.M)
    counts = [int(count) for _, count in buckets]
    assert len(buckets) > 20 and counts == sorted(counts) and counts[-1] > 0
