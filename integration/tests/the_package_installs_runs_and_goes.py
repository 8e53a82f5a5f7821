"""The Debian package that scripts/package makes of the binary: installed, run, upgraded, removed and purged by dpkg, in a copy of
this machine's system that nothing outlives. There is no systemd in it: the unit's command is run as its user, and told apart is only
what the unit says."""

import json
import os
import re
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from processes import HENGE, answers, wait_until

ROOT = Path(__file__).parents[2]
CONFIG = "/etc/henge/henge.yaml"
NOTIFY = "tmp/henge-notify"
# Where much else runs the files of a package take minutes to be written.
pytestmark = pytest.mark.timeout(600)
COMMAND = re.compile(r"^ExecStart=(.*)$", re.M)
UNIT = ROOT / "config/packaging/henge.service"


def run(*command, check=True, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=180, **options)
    assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
    return done


def build(folder, version):
    if not shutil.which("dpkg-deb"):
        pytest.skip("there is no dpkg-deb here")
    made = run(ROOT / "scripts/package", "--output", folder, "--version", version, env=os.environ | {"HENGE_BIN": HENGE})
    return Path(made.stdout.strip())


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return [build(folder, version) for version in ("0.1.0", "0.1.1")]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """A root folder that begins as this machine's and whose changes go to memory."""
    place = tmp_path_factory.mktemp("system")
    if run("mount", "-t", "tmpfs", "tmpfs", place, check=False).returncode:
        pytest.skip("mounting a file system is not permitted here")
    for name in ("changes", "work", "root"):
        (place / name).mkdir()
    layers = f"lowerdir=/,upperdir={place}/changes,workdir={place}/work"
    if run("mount", "-t", "overlay", "overlay", "-o", layers, place / "root", check=False).returncode:
        run("umount", "-l", place)
        pytest.skip("laying a file system over another is not permitted here")
    run("mount", "--bind", "/dev", place / "root/dev")
    run("mount", "-t", "proc", "proc", place / "root/proc")
    yield place / "root"
    for mounted in ("root/proc", "root/dev", "root", ""):
        run("umount", "-l", place / mounted)


class Installed:
    """The system with the package; `log` collects what dpkg says."""

    def __init__(self, root):
        self.root = root
        self.node = None
        self.ready = None

    def inside(self, *command, check=True):
        return run("chroot", self.root, *command, check=check)

    def dpkg(self, *arguments):
        return self.inside("dpkg", "--force-confold", "--force-unsafe-io", *arguments).stdout

    def install(self, package):
        shutil.copy(package, self.root / "tmp")
        return self.dpkg("--install", f"/tmp/{package.name}")

    def exists(self, path):
        return (self.root / path.lstrip("/")).exists()

    def start(self):
        """As the unit does: its user, its folder, its command, a socket to say that it serves."""
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ready.bind(str(self.root / NOTIFY))
        os.chmod(self.root / NOTIFY, 0o777)
        command = COMMAND.search((self.root / "lib/systemd/system/henge.service").read_text())[1].split()
        call = ["chroot", "--userspec=henge:henge", self.root, "env", "-C", "/var/lib/henge", f"NOTIFY_SOCKET=/{NOTIFY}", *command]
        self.node = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.ready.settimeout(60)
        try:
            assert self.ready.recv(64) == b"READY=1"
        except TimeoutError:
            self.node.kill()
            raise AssertionError(self.node.communicate()[0]) from None
        assert answers("127.0.0.1")

    def stop(self):
        self.node.terminate()
        assert self.ready.recv(64) == b"STOPPING=1"
        said, _ = self.node.communicate(timeout=60)
        assert self.node.returncode == 0, said
        (self.root / NOTIFY).unlink()
        self.ready.close()


@pytest.fixture(scope="module")
def installed(system):
    made = Installed(system)
    yield made
    if made.node and made.node.poll() is None:
        made.node.kill()


def test_it_goes_through_its_life(packages, installed):
    first, second = packages
    said = installed.install(first)
    assert "edit /etc/henge/henge.yaml" in said
    assert "nologin" in installed.inside("getent", "passwd", "henge").stdout
    assert installed.inside("stat", "-c", "%U %a", "/var/lib/henge").stdout.strip() == "henge 700"
    assert installed.inside("stat", "-c", "%U:%G %a", CONFIG).stdout.strip() == "root:henge 640"
    assert installed.inside("dpkg", "--verify", "henge").stdout == ""
    assert "/var/lib/henge" in installed.inside("henge", "check-config", CONFIG).stdout
    installed.start()
    installed.stop()

    identity = (installed.root / "var/lib/henge/identity").read_text()
    config = installed.root / CONFIG.lstrip("/")
    config.write_text(config.read_text() + "cluster_name: Edited\n")
    said = installed.install(second)
    assert "goes on with 0.1.0 until it is restarted" in said
    assert "cluster_name: Edited" in config.read_text(), "an edited file is kept"
    assert installed.inside("stat", "-c", "%U:%G %a", CONFIG).stdout.strip() == "root:henge 640"

    installed.dpkg("--remove", "henge")
    assert not installed.exists("/usr/bin/henge") and installed.exists(CONFIG) and installed.exists("/var/lib/henge/identity")
    installed.install(second)
    config.write_text(config.read_text().replace("cluster_name: Edited\n", ""))
    installed.start()
    installed.stop()
    assert (installed.root / "var/lib/henge/identity").read_text() == identity, "it is the same node"

    said = installed.dpkg("--purge", "henge")
    assert "stays; remove it by hand" in said
    assert not installed.exists("/etc/henge") and not installed.exists("/etc/default/henge")
    assert installed.exists("/var/lib/henge/identity"), "rows are not a package's to remove"
    assert installed.inside("dpkg-query", "-W", "henge", check=False).returncode != 0


def test_manual_pages_and_completions_are_in_it(packages, tmp_path):
    run("dpkg-deb", "-x", packages[0], tmp_path)
    pages = sorted(path.name for path in (tmp_path / "usr/share/man/man1").iterdir())
    assert "henge.1.gz" in pages and "henge-server.1.gz" in pages and "henge-admin-snapshot.1.gz" in pages
    completions = [
        "usr/share/bash-completion/completions/henge",
        "usr/share/zsh/vendor-completions/_henge",
        "usr/share/fish/vendor_completions.d/henge.fish",
    ]
    assert all("snapshot" in (tmp_path / path).read_text() for path in completions)
    # Bash itself reads what it is to complete by.
    words = 'source "$1"; COMP_WORDS=(henge adm); COMP_CWORD=1; _henge henge adm henge; echo "${COMPREPLY[@]}"'
    assert run("bash", "-c", words, "bash", tmp_path / completions[0]).stdout.split() == ["admin"]
    if shutil.which("man"):
        assert "henge" in run("man", "-l", tmp_path / "usr/share/man/man1/henge.1.gz", env=os.environ | {"MANPAGER": "cat"}).stdout


def test_the_bill_of_materials_names_what_is_in_it(packages, tmp_path):
    run("dpkg-deb", "-x", packages[0], tmp_path)
    bill = json.loads((tmp_path / "usr/share/doc/henge/sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    program = bill["metadata"]["component"]
    assert (program["name"], program["version"], program["type"]) == ("henge", "0.1.0", "application")
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert len(parts) == len(bill["components"])
    # All that is linked is named with its licence; archives with the checksums by which cargo took them.
    locked = {(one["name"], one["version"]): one.get("checksum") for one in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for part in parts.values():
        assert part["licenses"][0]["expression"], part
        if part.get("purl", "").startswith("pkg:cargo/"):
            assert part["hashes"] == [{"alg": "SHA-256", "content": locked[part["name"], part["version"]]}], part
    linked = {part["name"] for part in parts.values() if part.get("scope") != "excluded"}
    assert {"rustls", "quinn", "tokio", "rocksdb", "lz4", "jemalloc", "preact", "henge-server"} <= linked
    assert not {"bindgen", "syn", "proptest", "openssl-sys", "native-tls"} & linked, "what is not in the binary"
    binary = (tmp_path / "usr/bin/henge").read_bytes()
    assert all(f"{name}-{version}".encode() in binary for name, version in [("rustls", version_of(parts, "rustls")), ("quinn", version_of(parts, "quinn"))])
    refs = {program["bom-ref"], *parts}
    assert {line["ref"] for line in bill["dependencies"]} == refs
    assert all(set(line["dependsOn"]) <= refs for line in bill["dependencies"])


def version_of(parts, name):
    return next(part["version"] for part in parts.values() if part["name"] == name)


def test_the_unit_is_good_and_hardened(system):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT).stdout
    exposure = float(re.search(r"Overall exposure level for henge.service: ([\d.]+)", said)[1])
    assert exposure < 2, said
    complaints = run("systemd-analyze", "verify", UNIT, check=False).stderr.splitlines()
    elsewhere = ("is not executable", "man henge(1)")
    assert [line for line in complaints if "henge.service" in line and not any(word in line for word in elsewhere)] == []


def test_the_script_of_kubernetes_makes_a_certificate(tmp_path):
    """The manifests themselves are applied by no test: there is no Kubernetes here."""
    text = (ROOT / "config/packaging/kubernetes.yaml").read_text()
    script = re.search(r"certificate\.sh: \|\n((?:    .*\n|\n)+)", text)[1]
    config = re.search(r"henge\.yaml: \|\n((?:    .*\n)+)", text)[1].replace("/var/lib/henge", str(tmp_path))
    (tmp_path / "certificate.sh").write_text(re.sub(r"(?m)^    ", "", script))
    (tmp_path / "henge.yaml").write_text(re.sub(r"(?m)^    ", "", config))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/henge").symlink_to(HENGE)
    run(HENGE, "cert", "ca", "--directory", tmp_path / "authority")
    environment = os.environ | {
        "NODE_HOME": str(tmp_path), "NODE_CONFIG": str(tmp_path / "henge.yaml"), "AUTHORITY": str(tmp_path / "authority"),
        "HENGE_SEEDS": "127.0.0.1,127.0.0.2", "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }
    for _ in range(2):
        run("sh", tmp_path / "certificate.sh", env=environment)
        assert {path.name for path in (tmp_path / "certs").iterdir()} >= {"ca.pem", "node.pem", "node.key"}
    node = subprocess.Popen([HENGE, "server", "--config", tmp_path / "henge.yaml"], env=environment | {"HENGE_SEEDS": "127.0.0.1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until(lambda: answers("127.0.0.1"), "the node serves by it", 60)
    node.terminate()
    node.communicate(timeout=60)
    assert node.returncode == 0


def test_manifests_are_well_formed_and_say_what_the_node_needs():
    yaml = pytest.importorskip("yaml")
    parts = [part for part in yaml.safe_load_all((ROOT / "config/packaging/kubernetes.yaml").read_text()) if part]
    kinds = [part["kind"] for part in parts]
    assert kinds == ["Service", "Service", "PodDisruptionBudget", "ConfigMap", "StatefulSet"]
    headless, *_, nodes = parts
    assert headless["spec"]["clusterIP"] == "None" and headless["spec"]["publishNotReadyAddresses"] is True
    assert {"name": "peers", "port": 7000, "protocol": "UDP"} in headless["spec"]["ports"]
    pod = nodes["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz" and container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert pod["terminationGracePeriodSeconds"] >= 180
