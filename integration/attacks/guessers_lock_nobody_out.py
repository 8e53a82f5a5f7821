"""Clients that guess passwords keep the operator out neither by their number nor by what they leave behind."""

import os
import threading
import time

import pytest

from attack import AUTH_SUCCESS, Target, error, log_in
from processes import remove

PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    directory = tmp_path_factory.mktemp("guarded")
    settings = ("--set", "authenticator=PasswordAuthenticator")
    os.environ["HENGE_SUPERUSER_PASSWORD"] = PASSWORD
    try:
        target = Target(directory, 128, settings)
    finally:
        del os.environ["HENGE_SUPERUSER_PASSWORD"]
    yield target
    assert target.stop() == 0
    remove(directory)


def test_two_hundred_guessers(target):
    over = threading.Event()

    def guess(number):
        while not over.is_set():
            try:
                stream, _ = log_in(target.address, f"127.0.1.{number % 40 + 1}", "cassandra", f"guess {number}", 10)
                stream.close()
            except OSError:
                time.sleep(0.05)

    guessers = [threading.Thread(target=guess, args=(number,), daemon=True) for number in range(200)]
    for guesser in guessers:
        guesser.start()
    time.sleep(3)
    times = []
    try:
        for _ in range(5):
            began = time.monotonic()
            stream, (opcode, body) = log_in(target.address, "127.0.0.5", "cassandra", PASSWORD)
            assert opcode == AUTH_SUCCESS, error(body)
            stream.close()
            times.append(time.monotonic() - began)
            # What was right is remembered for two seconds: each login is to be checked.
            time.sleep(2.1)
    finally:
        over.set()
    for guesser in guessers:
        guesser.join(30)
    print(f"\nattack: 200 guessers from 40 addresses: the operator's logins took {max(times):.1f} s at most; {target.resident_mb():.0f} MB", flush=True)
