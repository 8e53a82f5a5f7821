"""A misspelt setting or value stops a server before it does anything, wherever it stands, and the error names what was meant."""

import os
import subprocess

import pytest

from processes import HENGE

# The setting, a value that it cannot have, and a part of what is said.
WRONG = [
    ("log_level", "verbose", 'log_level: invalid level "verbose": expected one of off, error, warn, info'),
    ("log_level", "info,henge_nod=debug", "did you mean henge_node?"),
    ("log_format", "jsn", "did you mean json?"),
    ("commitlog_sync", "periodc", "did you mean periodic?"),
    ("hinted_handoff_enabled", "treu", "did you mean true?"),
    ("authenticator", "PasswordAutenticator", "did you mean PasswordAuthenticator?"),
    ("client_encryption_options_optional", "maybe", "must be one of true, false"),
    ("read_request_timeout", "5", 'invalid duration "5"'),
    ("read_request_timeout", "0s", "must be from 10ms"),
    ("memory", "2GB", "did you mean GiB?"),
    ("native_transport_port", "9042/tcp", "must be a number from 1 to 65535"),
    ("num_tokens", "-1", "must be a number from 1 to 1536"),
    ("listen_address", "0.0.0.0", "listen_address"),
    ("rack", "", "rack: must not be empty"),
    ("read_consistency_levels_warned", "QORUM", "did you mean QUORUM?"),
    ("rak", "r1", "did you mean rack?"),
]


def refused(folder, arguments, variables=()):
    environment = {"PATH": os.environ["PATH"], **dict(variables)}
    done = subprocess.run([HENGE, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0, done
    assert not (folder / "henge-data").exists(), "a refused server wrote something"
    return done.stderr


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_wrong_value_is_refused_wherever_it_stands(tmp_path, name, value, said):
    file = tmp_path / "henge.yaml"
    file.write_text(f"cluster_name: stones\n{name}: '{value}'\n")
    for command in ("server --config henge.yaml", "check-config henge.yaml"):
        error = refused(tmp_path, command.split())
        assert said in error and "henge.yaml:2" in error, error
    variable = f"HENGE_{name.upper()}"
    for command in ("server", "check-config"):
        error = refused(tmp_path, [command], {variable: value})
        assert said in error and variable in error, error
    error = refused(tmp_path, ["server", "--set", f"{name}={value}"])
    assert said in error and "--set" in error, error


def test_a_setting_without_a_value_is_refused(tmp_path):
    assert "expected NAME=VALUE" in refused(tmp_path, ["server", "--set", "rack"])


def test_a_wrong_filter_in_the_environment_is_refused(tmp_path):
    assert "RUST_LOG: invalid level" in refused(tmp_path, ["server"], {"RUST_LOG": "verbose"})


def test_variables_of_others_are_left_alone(tmp_path):
    others = {
        "HENGE_BIN": "henge",
        "HENGE_CACHE": "/tmp",
        "HENGE_SERVICE_HOST": "10.0.0.1",
        "HENGE_PORT": "tcp://10.0.0.1:9042",
        "HENGEST": "x",
        "HENGE_RACK": "r7",
    }
    command = [HENGE, "check-config"]
    done = subprocess.run(command, cwd=tmp_path, env=others, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "rack: r7   # HENGE_RACK" in done.stdout, done
