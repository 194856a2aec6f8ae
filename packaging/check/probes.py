#!/usr/bin/env python3
"""Plays the kubelet for a rendered deployment: starts its replicas at once on an empty database, asks their probes at the manifest's
times, takes the database away and gives it back, and ends them as a rollout does.

probes.py MANIFEST EXECUTABLE DIRECTORY PORT-OF-THE-DATABASE DATABASE-OFF DATABASE-ON
"""
import atexit
import os
import subprocess
import sys
import threading
import time
import urllib.request

import yaml

manifest, program, home, database, off, on = sys.argv[1:]
documents = {document["kind"]: document for document in yaml.safe_load_all(open(manifest))}
deployment = documents["Deployment"]["spec"]
pod = deployment["template"]["spec"]
container = pod["containers"][0]
PORT = {"http": container["ports"][0]["containerPort"]}
SECRETS = {"PGHOST": "127.0.0.1"}


class Replica:
    """One pod: its process, and what its probes have said."""

    def __init__(self, number: int) -> None:
        self.port = 34700 + number
        data = f"{home}/{number}"
        os.makedirs(data)
        os.chown(data, 10001, 10001)
        environment = {"PORT": str(self.port), "PGPORT": database, "AGENT_MEMORY_DATA_DIR": data, "TMPDIR": data}
        for one in container["env"]:
            value = SECRETS.get(one["name"], one.get("value", ""))
            environment[one["name"]] = value.replace("/run/secrets", f"{home}/secrets")
        user = pod["securityContext"]["runAsUser"]
        command = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        self.log = open(f"{home}/{number}.log", "w")
        self.began = time.monotonic()
        self.process = subprocess.Popen(command + [program, "serve", "--database", "external"], env=environment, stdout=self.log, stderr=self.log)
        atexit.register(self.process.kill)
        self.ready, self.restarts, self.was_ready = False, 0, None
        for name in ("liveness", "readiness"):
            threading.Thread(target=self.probe, args=(name,), daemon=True).start()

    def probe(self, name: str) -> None:
        probe = container[f"{name}Probe"]
        url = f"http://127.0.0.1:{self.port}{probe['httpGet']['path']}"
        assert probe["httpGet"]["port"] in PORT
        time.sleep(probe["initialDelaySeconds"])
        failures = 0
        while self.process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=probe["timeoutSeconds"]):
                    good = True
            except OSError:
                good = False
            failures = 0 if good else failures + 1
            bad = failures >= probe.get("failureThreshold", 3)
            if name == "readiness":
                if good and self.was_ready is None:
                    self.was_ready = time.monotonic() - self.began
                self.ready = good or (self.ready and not bad)
            elif bad:
                self.restarts += 1
            time.sleep(probe["periodSeconds"])

    def rss(self) -> int:
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


def until(what: str, seconds: float, condition) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.1)


replicas = [Replica(number) for number in range(deployment["replicas"])]
until("every replica to be ready", 60, lambda: all(replica.ready for replica in replicas))
print("ready after", ", ".join(f"{replica.was_ready:.1f} s" for replica in replicas), "started at once on an empty database")
subprocess.run(off, shell=True, check=True)
until("no replica to be ready without the database", 60, lambda: not any(replica.ready for replica in replicas))
# Long enough for a liveness probe that asked the database to restart everything.
liveness = container["livenessProbe"]
time.sleep(liveness["initialDelaySeconds"] + 4 * liveness["periodSeconds"])
assert all(replica.restarts == 0 and replica.process.poll() is None for replica in replicas), "a replica was restarted for want of its database"
subprocess.run(on, shell=True, check=True)
until("every replica to be ready again", 60, lambda: all(replica.ready for replica in replicas))
print("without the database: out of the service, none restarted; ready again when it came back")
for path in ("/health", "/health/live", "/health/ready"):
    urllib.request.urlopen(f"http://127.0.0.1:{replicas[0].port}{path}", timeout=5).read()
limit = int(container["resources"]["limits"]["memory"].replace("Gi", "")) << 30
most = max(replica.rss() for replica in replicas)
assert most < limit
pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
for replica in replicas:
    began = time.monotonic()
    time.sleep(pause)
    replica.process.terminate()
    assert replica.process.wait(timeout=pod["terminationGracePeriodSeconds"] - pause) == 0
    took = time.monotonic() - began
print(f"ended in order, the last within {took:.1f} s of {pod['terminationGracePeriodSeconds']}; {most >> 20} MiB of {limit >> 20} at most")
