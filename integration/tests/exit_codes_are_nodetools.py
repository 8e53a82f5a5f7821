"""Every command of `henge admin` ends with 1 if its command line is wrong, and with 2 if it fails, as nodetool's do."""

import re
import subprocess

from processes import HENGE

HOST = "01234567-89ab-cdef-0123-456789abcdef"
# A command line of each that is right. Some have a twin, of which only a flag or a word differs.
RIGHT = {
    "abort": ["abort", "abort 1"],
    "backup": ["backup PLACE"],
    "clearsnapshot": ["clearsnapshot --all", "clearsnapshot -t monday"],
    "clientstats": ["clientstats --all"],
    "compact": ["compact", "compact ks t u"],
    "compactionstats": ["compactionstats"],
    "console": ["console --console-port 0"],
    "decommission": ["decommission", "decommission --dry-run"],
    "describecluster": ["describecluster"],
    "describering": ["describering ks"],
    "doctor": ["doctor"],
    "finaliseupgrade": ["finaliseupgrade"],
    "flush": ["flush", "flush ks t u"],
    "getcompactionthroughput": ["getcompactionthroughput"],
    "getendpoints": ["getendpoints ks t 1"],
    "getlogginglevels": ["getlogginglevels"],
    "gossipinfo": ["gossipinfo"],
    "import": ["import --from 127.0.0.1 --from-port 1 --to-port 1 ks"],
    "info": ["info"],
    "listbackups": ["listbackups PLACE/none"],
    "listpendinghints": ["listpendinghints"],
    "listsnapshots": ["listsnapshots"],
    "metadata": ["metadata"],
    "netstats": ["netstats"],
    "operations": ["operations"],
    "overridemetadata": ["overridemetadata --hash 00"],
    "pausehandoff": ["pausehandoff"],
    "plan": ["plan", "plan preview join"],
    "proxyhistograms": ["proxyhistograms"],
    "removenode": [f"removenode {HOST}", f"removenode {HOST} --dry-run"],
    "repair": ["repair", "repair ks t"],
    "restore": ["restore PLACE monday", "restore PLACE monday --table ks.t --as u"],
    "resumehandoff": ["resumehandoff"],
    "ring": ["ring ks"],
    "setlogginglevel": ["setlogginglevel ROOT debug"],
    "snapshot": ["snapshot"],
    "status": ["status"],
    "statusbinary": ["statusbinary"],
    "statusgossip": ["statusgossip"],
    "statushandoff": ["statushandoff"],
    "tablestats": ["tablestats ks.t"],
    "tpstats": ["tpstats"],
    "truncatehints": ["truncatehints", f"truncatehints {HOST}"],
    "verifybackup": ["verifybackup PLACE monday"],
    "version": ["version"],
    "watch": ["watch 1"],
}
# They say that there is nothing to do, and ask no node.
NEVER_FAIL = {"cleanup": ["cleanup", "cleanup ks t"], "rebuild": ["rebuild", "rebuild dc1"]}
WRONG = [
    "",
    "abort one",
    "backup",
    "backup PLACE --name .hidden",
    "backup PLACE --rate 64MB",
    "clearsnapshot",
    "clearsnapshot --all -t monday",
    "compact ks.t",
    "describering",
    "flush a/b",
    "getendpoints ks t",
    "import ks",
    "info --format xml",
    "-p 70000 info",
    "overridemetadata",
    "plan preview",
    "removenode",
    "restore PLACE monday --as u",
    "restore PLACE monday --table t",
    "restore PLACE monday --table ks.t --as other.t",
    "restore PLACE monday --table ks.t --as t",
    "setlogginglevel ROOT debug more",
    "snapshot -t ../x",
    "tablestats ks.",
    "watch",
]


def run(line, place):
    arguments = line.replace("PLACE", str(place)).split()
    # No node has this folder.
    command = [HENGE, "admin", "--data-directory", str(place / "no-node"), *arguments]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
    assert "panicked" not in done.stderr, done
    return done


def commands(place):
    listed = run("--help", place).stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^  ([a-z_]+)", listed, re.MULTILINE)) - {"help"}


def test_every_command_is_looked_at(tmp_path):
    assert commands(tmp_path) == RIGHT.keys() | NEVER_FAIL.keys()


def test_a_command_that_fails_ends_with_2(tmp_path):
    for line in sum(RIGHT.values(), []):
        done = run(line, tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert done.stderr.splitlines()[-1].startswith("error: "), done
    for line in sum(NEVER_FAIL.values(), []):
        assert run(line, tmp_path).returncode == 0, line


def test_a_wrong_command_line_ends_with_1(tmp_path):
    for line in [*WRONG, *(f"{name} --no-such-flag" for name in RIGHT | NEVER_FAIL)]:
        done = run(line, tmp_path)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr, done


def test_help_that_was_asked_for_ends_with_0(tmp_path):
    for name in RIGHT | NEVER_FAIL:
        done = run(f"{name} --help", tmp_path)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout, done
