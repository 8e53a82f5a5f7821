"""Headless Chromium, driven by its DevTools protocol over pipes: a page is opened, walked by keyboard, looked at and listened to."""

import base64
import fcntl
import json
import os
import queue
import shutil
import subprocess
import threading
import time

import pytest

ANSWER_SECONDS = 30
# Above every descriptor that Chromium is to find at 3 and 4.
HIGH = 100


def program():
    """Chromium's path; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    pytest.skip("there is no chromium here: it comes with Debian's package chromium")


def high_pipe():
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, HIGH) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """A browser with one page. `wrongs` are errors of its console, violations of policies and exceptions, in words."""

    def __init__(self, directory):
        command_in, command_out = high_pipe()
        event_in, event_out = high_pipe()
        arguments = [
            program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--remote-debugging-pipe", "--window-size=1440,1000", f"--user-data-dir={directory / 'chromium'}",
        ]
        script = f'exec 3<&{command_in} 4>&{event_out}; exec "$@"'
        self.log = (directory / "chromium.log").open("wb")
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", *arguments], pass_fds=(command_in, event_out), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        os.close(command_in)
        os.close(event_out)
        self.commands = os.fdopen(command_out, "wb", buffering=0)
        self.answers = queue.Queue()
        self.wrongs, self.requests, self.last, self.session = [], [], 0, None
        threading.Thread(target=self.read, args=(os.fdopen(event_in, "rb"),), daemon=True).start()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def read(self, events):
        rest = b""
        while chunk := events.read1(1 << 16):
            *whole, rest = (rest + chunk).split(b"\0")
            for text in whole:
                message = json.loads(text)
                if "id" in message:
                    self.answers.put(message)
                else:
                    self.hear(message["method"], message.get("params", {}))

    def hear(self, method, told):
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.wrongs.append(f"exception: {details['text']} {details.get('exception', {}).get('description', '')}")
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.wrongs.append(f"console: {[argument.get('value', argument.get('description')) for argument in told['args']]}")
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.wrongs.append(f"log: {told['entry']['source']}: {told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Audits.issueAdded":
            self.wrongs.append(f"issue: {told['issue']['code']} {json.dumps(told['issue']['details'])[:500]}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.answers.get(timeout=ANSWER_SECONDS)
            if answer["id"] == self.last:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def open(self, address):
        self.call("Page.navigate", url=address)

    def value(self, expression):
        """What an expression is in the page, without its console having said anything."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (expression, result)
        return result["result"].get("value")

    def wait(self, expression, seconds=20.0):
        """Waits until an expression is true in the page; returns the seconds that it took."""
        begun = time.monotonic()
        while not self.value(expression):
            assert time.monotonic() - begun < seconds, f"after {seconds} s still not so: {expression}\n{self.text()}\n{self.wrongs}"
            time.sleep(0.05)
        return time.monotonic() - begun

    def text(self):
        return self.value("document.body.innerText")

    def press(self, key, code=None):
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        number = {"Tab": 9, "Enter": 13, "Escape": 27}.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            parts = text if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=number, **({"code": code} if code else {}), **parts)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def scheme(self, name):
        """`dark` or `light`, as the system of a person would ask for."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
