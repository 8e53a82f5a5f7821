"""A small S3 of one bucket: what a backup asks of one, over TLS, and only of whoever signs with its key (signature version 4)."""

import hashlib
import hmac
import re
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

REGION = "eu-test-1"
PAGE = 100
MULTIPART_MIN = 5 << 20


class S3:
    """The server, in threads of this process. `objects` is what it holds, by key; `asked` what was asked of it."""

    def __init__(self, address, certificate, key, bucket="backups", access_key="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"):
        self.bucket, self.access_key, self.secret = bucket, access_key, secret
        self.objects, self.uploads, self.asked, self.refused, self.failing = {}, {}, [], [], 0
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"store": self})
        self.server = ThreadingHTTPServer((address, 0), handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"https://{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        """What a program has to be told, by the names of Amazon's tools."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def do(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        place, _, query = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        with self.store.lock:
            self.store.asked.append((self.command, place, self.query))
            if fault := self.fault(place, query, body):
                self.store.refused.append(fault)
                return self.say(403, f"<Error><Code>SignatureDoesNotMatch</Code><Message>{fault}</Message></Error>".encode())
            if self.store.failing:
                self.store.failing -= 1
                return self.say(503, b"<Error><Code>SlowDown</Code></Error>")
            _, bucket, *key = urllib.parse.unquote(place).split("/", 2)
            if bucket != self.store.bucket:
                return self.say(404, b"<Error><Code>NoSuchBucket</Code></Error>")
            self.answer("/".join(key), body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

    def fault(self, place, query, body):
        """Why a request is not one of the key's owner; None if it is."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
            self.headers.get("authorization", ""),
        )
        if not found:
            return "no signature"
        access_key, day, region, names, signature = found.groups()
        if (access_key, region) != (self.store.access_key, REGION) or "host" not in names.split(";"):
            return "another key or region"
        hashed = self.headers["x-amz-content-sha256"]
        if hashed != hashlib.sha256(body).hexdigest():
            return "another body"
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names.split(";"))
        ordered = "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part))
        canonical = "\n".join([self.command, place, ordered, headers, names, hashed])
        scope = f"{day}/{region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.store.secret}".encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest(), signature):
            return "another signature"
        return None

    def answer(self, key, body):
        store, method, query = self.store, self.command, self.query
        if method == "GET" and not key:
            return self.list()
        if method == "POST" and "uploads" in query:
            number = f"upload-{len(store.uploads)}"
            store.uploads[number] = {}
            return self.say(200, f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId></InitiateMultipartUploadResult>".encode())
        if method == "PUT" and "uploadId" in query:
            store.uploads[query["uploadId"]][int(query["partNumber"])] = body
            return self.say(200, b"", etag=etag(body))
        if method == "POST" and "uploadId" in query:
            return self.complete(key, body)
        if method == "DELETE" and "uploadId" in query:
            store.uploads.pop(query["uploadId"], None)
            return self.say(204, b"")
        if method == "PUT":
            store.objects[key] = body
            return self.say(200, b"", etag=etag(body))
        if key not in store.objects:
            return self.say(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self.say(200, store.objects[key], etag=etag(store.objects[key]))

    def complete(self, key, body):
        parts = self.store.uploads.pop(self.query["uploadId"])
        named = re.findall(rb"<Part>(.*?)</Part>", body)
        named = [(int(re.search(rb"<PartNumber>(\d+)<", part)[1]), re.search(rb"<ETag>(.*?)</ETag>", part)[1]) for part in named]
        tags = [tag.decode().replace("&quot;", '"') for _, tag in named]
        if [number for number, _ in named] != sorted(parts) or tags != [etag(parts[number]) for number in sorted(parts)]:
            return self.say(400, b"<Error><Code>InvalidPart</Code></Error>")
        if any(len(parts[number]) < MULTIPART_MIN for number in sorted(parts)[:-1]):
            return self.say(400, b"<Error><Code>EntityTooSmall</Code></Error>")
        self.store.objects[key] = b"".join(parts[number] for number in sorted(parts))
        tag = escape(etag(self.store.objects[key]))
        return self.say(200, f"<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>".encode())

    def list(self):
        """A page of the keys that begin with a prefix, up to the next delimiter."""
        prefix, delimiter = self.query.get("prefix", ""), self.query.get("delimiter", "")
        found = []
        for key in sorted(self.store.objects):
            if key.startswith(prefix):
                head, mark, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                found.append((prefix + head + mark, True) if mark else (key, False))
        found = sorted(set(found))
        begin = int(self.query.get("continuation-token", "0"))
        shown, more = found[begin : begin + PAGE], begin + PAGE < len(found)
        text = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>"
        if more:
            text += f"<NextContinuationToken>{begin + PAGE}</NextContinuationToken>"
        for key, is_prefix in shown:
            if is_prefix:
                text += f"<CommonPrefixes><Prefix>{escape(key)}</Prefix></CommonPrefixes>"
            else:
                size = len(self.store.objects[key])
                text += f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>x</ETag></Contents>"
        self.say(200, (text + "</ListBucketResult>").encode())

    def say(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.send_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'
