"""Asks real Prometheus servers every query of every dashboard, its variables filled in, and wants data.

    dashboards.py BINARY PAST PROMETHEUS-FOLDER... [--stay]

PAST holds what `cargo test --test dashboards -- --ignored` wrote: backfilled weeks, and those in which
the exporter ran. The demo, scraped live, goes on with the same business under the same labels."""

import atexit
import itertools
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
import urllib.error
import urllib.parse
import urllib.request

import processes

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIVE_WITHIN = 90.0
# As Grafana makes it of samples five minutes apart, which the past has.
RATE_INTERVAL = "20m"
STEPS = 288
SLOW = 5.0
# Fires at once, so that the panels of firing alerts have something to show.
RULES = """
groups:
  - name: dashboards
    rules:
      - {alert: DashboardsAreChecked, expr: "up == 1", labels: {severity: info}}
"""
DAYS = {"h": 3600, "d": 86400}

def fail(why):
    sys.exit(f"dashboards: {why}")


def import_past(promtool, past, data):
    for name in ("history.om", "observed.om"):
        began = time.monotonic()
        done = subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=486h",
                               "--quiet", past / name, data], capture_output=True, text=True)
        if done.returncode:
            fail(f"promtool refuses {name}: {done.stderr}")
        print(f"promtool: {name}, {(past / name).stat().st_size >> 20} MiB, in {time.monotonic() - began:.0f} s")


class Prometheus:
    """A server on a copy of the past, which scrapes the demo."""

    def __init__(self, folder, past, target, directory, port=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port or 0))
            self.address = "127.0.0.1:%d" % probe.getsockname()[1]
        binary = pathlib.Path(folder) / "prometheus"
        version = subprocess.run([binary, "--version"], capture_output=True, text=True)
        self.version = re.search(r"version ([\d.]+)", version.stdout + version.stderr)[1]
        home = directory / self.version
        # Blocks are never changed: links will do for a copy.
        shutil.copytree(past, home / "data", copy_function=lambda a, b: pathlib.Path(b).hardlink_to(a))
        rules = [str(path) for path in sorted(ROOT.glob("examples/prometheus/*-rules.yml"))]
        (home / "check.yml").write_text(RULES)
        config = {
            "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "5s"},
            "rule_files": [*rules, "check.yml"],
            "scrape_configs": [{"job_name": "revenue-exporter", "static_configs": [
                {"targets": [target], "labels": {"instance": "localhost:10059"}}]}],
        }
        (home / "prometheus.yml").write_text(json.dumps(config))
        self.log = (home / "log").open("w+")
        self.process = processes.start(
            binary, f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
            "--storage.tsdb.retention.time=10y", f"--web.listen-address={self.address}",
            "--web.cors.origin=.*", stdout=self.log, stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, what, **parameters):
        """The data of an answer; None while nobody listens."""
        url = f"http://{self.address}/api/v1/{what}?" + urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return None
            fail(f"Prometheus {self.version} refuses {parameters}: {error.read().decode()}")
        except urllib.error.URLError:
            return None

    def wait(self):
        """Until live samples came twice, and the rules were evaluated."""
        questions = ['changes(process_cpu_seconds_total[1m]) >= 1', 'taprain_expected_revenue',
                     'klar_attributed_orders{range="7days",view="last-click"}', 'ALERTS{alertstate="firing"}']
        deadline = time.monotonic() + LIVE_WITHIN
        while waiting := [text for text in questions if not (self.ask("query", query=text) or {}).get("result")]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                fail(f"Prometheus {self.version} has no answer to {waiting}\n{self.said()}")
            time.sleep(0.5)


def variables(prometheus, dashboard):
    """Each variable's value, as Grafana would choose it."""
    chosen = {"__rate_interval": RATE_INTERVAL}
    for variable in dashboard["templating"]["list"]:
        name, kind = variable["name"], variable["type"]
        if kind in ("custom", "textbox"):
            chosen[name] = variable["current"]["value"]
        elif kind == "query":
            query = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            selector, label = fill(query[1], chosen), query[2]
            values = prometheus.ask(f"label/{label}/values", **{"match[]": selector})
            if variable["regex"]:
                # What Grafana takes between slashes is a regular expression of JavaScript's.
                values = [value for value in values if re.search(variable["regex"].strip("/"), value)]
            if not values:
                fail(f"{dashboard['title']}: ${name} has no values: {selector}")
            if variable["includeAll"]:
                chosen[name] = variable["allValue"]
            else:
                first = variable.get("current", {}).get("value")
                chosen[name] = first if first in values else sorted(values)[0]
    return chosen


def fill(text, chosen):
    def value(found):
        if found[1] not in chosen:
            fail(f"{text}: ${found[1]} is no variable")
        return chosen[found[1]]

    return re.sub(r"\$(\w+)", value, text)


def has_data(result):
    values = itertools.chain.from_iterable(each.get("values") or [each["value"]] for each in result)
    return any(value not in ("NaN", "+Inf", "-Inf") for _, value in values)


def back(time_from):
    number, unit = re.fullmatch(r"now-(\d+)([hd])", time_from).groups()
    return int(number) * DAYS[unit]


def check(prometheus, dashboard, moments):
    """The queries without data, and how long the others took. A demo that has just begun cannot know what takes
    weeks to observe, so each query is asked now and, where that is nothing, of the moment at which the past ends."""
    chosen, empty, slowest, count, old = variables(prometheus, dashboard), [], (0.0, ""), 0, []
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            query, answered = fill(target["expr"], chosen), False
            for number, end in enumerate(moments):
                began = time.monotonic()
                if target["range"]:
                    begin = end - back(dashboard["time"]["from"])
                    data = prometheus.ask("query_range", query=query, start=begin, end=end, step=(end - begin) / STEPS)
                else:
                    data = prometheus.ask("query", query=query, time=end)
                slowest = max(slowest, (time.monotonic() - began, panel["title"]))
                answered = has_data(data["result"])
                if answered:
                    old += [panel["title"]] if number else []
                    break
            count += 1
            if not answered:
                empty.append(f"{dashboard['title']}, {panel['title']}, {target['refId']}: {query}")
    print(f"Prometheus {prometheus.version}: {dashboard['title']}: {count} queries, {len(empty)} without data, "
          f"{len(old)} with data of the past alone; "
          f"the slowest took {slowest[0]:.2f} s ({slowest[1]})")
    if slowest[0] > SLOW:
        empty.append(f"{dashboard['title']}, {slowest[1]} takes {slowest[0]:.1f} s")
    return empty


def main():
    stay = "--stay" in sys.argv
    binary, past, *folders = [argument for argument in sys.argv[1:] if argument != "--stay"]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="revenue-exporter-", dir=past))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # Handlers run last first: Prometheus must be gone before its directory is.
    atexit.register(processes.stop_all)
    data = directory / "blocks"
    data.mkdir()
    import_past(pathlib.Path(folders[0]) / "promtool", pathlib.Path(past), data)
    target = processes.demo(binary, "error")
    if target is None:
        fail("the demo ended without printing its address")
    servers = [Prometheus(folder, data, target, directory, 19090 if stay else None) for folder in folders]
    dashboards = [json.loads(path.read_text()) for path in sorted(ROOT.glob("grafana/dashboards/*.json"))]
    if len(dashboards) != 4:
        fail(f"{len(dashboards)} dashboards")
    wrong = []
    for server in servers:
        server.wait()
        # Now, and the last moment of the exporter that had run for weeks.
        moments = [time.time(), float((pathlib.Path(past) / "end").read_text())]
        for dashboard in dashboards:
            wrong += check(server, dashboard, moments)
    if stay:
        print(*wrong, sep="\n")
        print("ready", flush=True)
        signal.pause()
    if wrong:
        fail("no data:\n" + "\n".join(wrong))


main()
