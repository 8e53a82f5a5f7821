"""The S3 of moto, which others wrote: a process of its own, that checks signatures with Amazon's own code and what a user may do."""

import json
import subprocess
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from processes import wait_until

REGION = "eu-central-1"


class MotoStore:
    """A store with a bucket, a user who may do everything, and one who may do what is named."""

    def __init__(self, directory, address, port, bucket, actions):
        self.endpoint, self.bucket = f"http://{address}:{port}", bucket
        self.log = (directory / "moto.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", address, "-p", str(port)], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        try:
            self.prepare(actions)
        except BaseException:
            self.close()
            raise

    def prepare(self, actions):
        """Makes the bucket and the users; from then on every request has to be signed and permitted."""
        wait_until(self.answers, "the store answers")
        client("s3", self.endpoint, "any", "any").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.owner, self.user = (self.add_user(name, permitted) for name, permitted in (("owner", ["s3:*"]), ("henge", actions)))
        count = urllib.request.Request(f"{self.endpoint}/moto-api/reset-auth", b"0", {"content-type": "text/plain"}, method="POST")
        urllib.request.urlopen(count, timeout=30).close()
        self.s3 = client("s3", self.endpoint, *self.owner)

    def answers(self):
        assert self.process.poll() is None, "the store has ended"
        try:
            return client("s3", self.endpoint, "any", "any").list_buckets()
        except (BotoCoreError, ClientError):
            return None

    def add_user(self, name, actions):
        """The key and the secret of a new user."""
        iam = client("iam", self.endpoint, "any", "any")
        iam.create_user(UserName=name)
        resources = [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def environment(self):
        """What a program has to be told, by the names of Amazon's tools."""
        key, secret = self.user
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def objects(self):
        """The objects of the bucket by their keys."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {found["Key"]: found for page in pages for found in page.get("Contents", [])}

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def client(service, endpoint, key, secret):
    config = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30, s3={"addressing_style": "path"})
    return boto3.client(service, REGION, endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, config=config)
