"""The demo on a real socket, read by curl, promtool, a strict parser and a real Prometheus."""

import atexit
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import processes

COMPLETE_WITHIN = 10.0
PROMETHEUS_WITHIN = 60.0
LEAST_SAMPLES = 1000
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# How many weeks something rests on is a count, and no time: seconds would be no better.
WEEKS = {f'{api}_baseline_weeks use base unit "seconds" instead of "weeks"' for api in ("taprain", "klar")}
LINT = 3
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def fail(why):
    sys.exit(f"end to end: {why}")


def get(address, path, method="GET", **headers):
    """Status, headers and body; None while nobody listens."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    except (ConnectionError, socket.timeout):
        return None
    finally:
        connection.close()


def page(address, accept):
    answer = get(address, "/metrics", Accept=accept)
    if answer is None or answer[0] != 200:
        fail(f"/metrics answered {answer and answer[0]} for {accept}")
    if answer[1]["content-type"] != accept:
        fail(f"/metrics is {answer[1]['content-type']}, not {accept}")
    return answer[2]


def names(text):
    return set(re.findall(r"^[a-zA-Z_:][\w:]*", text, re.MULTILINE))


def demo(binary, expected):
    """Starts the demo; returns its address once its page is complete."""
    began = time.monotonic()
    address = processes.demo(binary, "warn")
    if address is None:
        fail("the demo ended without printing its address")
    page(address, TEXT)
    first = time.monotonic() - began
    while missing := expected - names(page(address, TEXT)):
        if time.monotonic() - began > COMPLETE_WITHIN:
            fail(f"missing after {COMPLETE_WITHIN} s: {' '.join(sorted(missing))}")
        time.sleep(0.01)
    complete = time.monotonic() - began
    if extra := names(page(address, TEXT)) - expected:
        fail(f"not in .ci/expected-metrics: {' '.join(sorted(extra))}")
    print(f"demo: first page {first * 1000:.0f} ms after exec, "
          f"all {len(expected)} sample names after {complete * 1000:.0f} ms")
    return address


def plain_paths(address):
    deadline = time.monotonic() + COMPLETE_WITHIN
    while (ready := get(address, "/-/ready"))[0] != 200:
        if time.monotonic() > deadline:
            fail(f"/-/ready: {ready}")
        time.sleep(0.05)
    cases = [("GET", "/-/healthy", 200), ("GET", "/", 200), ("GET", "/config", 200),
             ("HEAD", "/metrics", 200), ("GET", "/nothing", 404), ("POST", "/metrics", 405)]
    for method, path, status in cases:
        answer = get(address, path, method)
        if answer is None or answer[0] != status:
            fail(f"{method} {path} answered {answer and answer[0]}, not {status}")
    print("paths: as documented")


def curl(address, expected):
    for options in [[], ["--compressed"]]:
        command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "10",
                   "--noproxy", "*", "--write-out", "\n%{size_download}",
                   *options, f"http://{address}/metrics"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        text, size = text.rsplit("\n", 1)
        if names(text) != expected:
            fail(f"curl {options} read another page")
        print(f"curl {' '.join(options) or '(identity)'}: {len(text)} bytes, {size} on the wire")


def promtool(address):
    text = page(address, TEXT)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    complaints = [line for line in done.stdout.splitlines() if line and line not in WEEKS]
    if done.returncode not in (0, LINT) or complaints:
        fail(f"promtool check metrics: exit {done.returncode}\n{done.stdout}")
    print("promtool check metrics: no complaint but of counting weeks")


def strict(address):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(page(address, OPEN_METRICS)))
    samples = sum(len(family.samples) for family in families)
    print(f"strict OpenMetrics parser: {len(families)} families, {samples} samples")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def query(prometheus, expression):
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    answer = get(prometheus, path)
    if answer is None or answer[0] != 200:
        return []
    return json.loads(answer[2])["data"]["result"]


def real_prometheus(address):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="revenue-exporter-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # Handlers run last first: Prometheus must be gone before its directory is.
    atexit.register(processes.stop_all)
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: revenue-exporter\n"
        f"    static_configs: [{{targets: ['{address}']}}]\n"
    )
    prometheus = f"127.0.0.1:{free_port()}"
    log = (directory / "log").open("w+")
    process = processes.start(
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={prometheus}", stdout=log, stderr=log,
    )

    def said():
        log.seek(0)
        return log.read()

    questions = [
        'up{job="revenue-exporter"} == 1',
        f"scrape_samples_scraped > {LEAST_SAMPLES}",
        'taprain_revenue{range="today"}',
        'sum(klar_attributed_net_revenue{range="today"})',
        "count_over_time(up[1m]) >= 3",
    ]
    deadline = time.monotonic() + PROMETHEUS_WITHIN
    while unanswered := [text for text in questions if not query(prometheus, text)]:
        if process.poll() is not None or time.monotonic() > deadline:
            fail(f"Prometheus has no answer to {unanswered}\n{said()}")
        time.sleep(0.2)
    targets = json.loads(get(prometheus, "/api/v1/targets")[2])["data"]["activeTargets"]
    if errors := [target["lastError"] for target in targets if target["lastError"]]:
        fail(f"Prometheus cannot scrape: {errors}")
    bad = [line for line in said().splitlines() if re.search(r"level=(warn|error)|parse", line)]
    if bad:
        fail("Prometheus complains:\n" + "\n".join(bad))
    samples = query(prometheus, "scrape_samples_scraped")[0]["value"][1]
    seconds = float(query(prometheus, "scrape_duration_seconds")[0]["value"][1])
    print(f"Prometheus: {samples} samples a scrape in {seconds * 1000:.1f} ms, no complaint")


def main():
    binary, listed = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    lines = pathlib.Path(listed).read_text().splitlines()
    expected = {line for line in lines if line and not line.startswith("#")}
    address = demo(binary, expected)
    plain_paths(address)
    curl(address, expected)
    promtool(address)
    strict(address)
    real_prometheus(address)
    process = processes.running[0]
    process.terminate()
    if (code := process.wait(10)) != 0:
        fail(f"the demo ended with {code} after SIGTERM")
    print("demo: exit 0 after SIGTERM")


main()
