"""`henge admin console` of a node, and its answers to those who have its token and those who have not."""

import json
import subprocess
import urllib.error
import urllib.request

from processes import HENGE


class Console:
    """The process, and the address that it prints."""

    def __init__(self, node, *arguments):
        command = [HENGE, "admin", "--data-directory", str(node.directory / "data"), "console", "--console-port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines = iter(self.process.stdout.readline, "")
        self.address = next(line.strip() for line in lines if line.strip().startswith("http://"))
        self.origin, self.token = self.address.split("/#")

    def ask(self, path, body=None, **headers):
        """Status, headers and text of the answer to a request with these headers; a body makes it a POST."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers.setdefault("content-type", "application/json")
        try:
            with urllib.request.urlopen(urllib.request.Request(self.origin + path, data=data, headers=headers), timeout=30) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def end(self):
        self.process.terminate()
        self.process.wait()


def enter(browser, role, password):
    """Logs in through the page's form, which is in view."""
    for name, text in (("role", role), ("password", password)):
        browser.value(f"document.querySelector('[name={name}]').focus()")
        browser.type(text)
    browser.press("Enter")
