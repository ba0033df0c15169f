"""Reads examples/compose/compose.yaml as Docker would, and starts of it what can be started without images.

    compose.py PROGRAM PROMTOOL

in a network and with mounts of its own (`unshare --net --mount`): it takes the services' ports and names."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from ruamel.yaml import YAML

import processes

HERE = pathlib.Path("examples/compose")
WITHIN = 45.0
ALERT = [{"labels": {"alertname": "ComposeIsChecked", "severity": "info"}}]


def fail(why):
    sys.exit(f"compose: {why}")


def load(path):
    return YAML(typ="safe").load(pathlib.Path(path))


def confined(name, service):
    """What every service promises."""
    ports = service.get("ports", [])
    for what, is_so in {
        "has a root that can be written": service.get("read_only"), "has capabilities": service.get("cap_drop") == ["ALL"],
        "may gain rights": "no-new-privileges:true" in service.get("security_opt", []),
        "is published beyond this host": ports and all(port.startswith("127.0.0.1:") for port in ports),
        "is not pinned": "build" in service or re.search(r":v?\d+\.\d+\.\d+$", service["image"]),
        "has no health check": "healthcheck" in service or "build" in service,
    }.items():
        if not is_so:
            fail(f"{name} {what}")


def mounts(name, service, volumes):
    """The files and folders that a service mounts: where they are, by where they are seen."""
    found = {}
    for mount in service["volumes"]:
        source, at, *options = mount.split(":")
        if not source.startswith("."):
            if source not in volumes:
                fail(f"{name}: no volume {source}")
            continue
        path = (HERE / source).resolve()
        if not path.exists() or options != ["ro"]:
            fail(f"{name}: {mount}: is not there, or could be written to")
        found[at] = path
    return found


def seen(mounted, path):
    """The file that a container sees under this path."""
    for at, source in mounted.items():
        if path == at or path.startswith(f"{at}/"):
            file = source / path[len(at):].lstrip("/")
            if file.exists():
                return file
    return fail(f"nothing is mounted at {path}")


def grafana(service, mounted):
    """Its dashboards are where its provider looks, and ask the source that is there."""
    provider, = load(seen(mounted, "/etc/grafana/provisioning/dashboards/revenue-exporter.yml"))["providers"]
    dashboards = sorted(seen(mounted, provider["options"]["path"]).glob("*.json"))
    home = seen(mounted, service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    if len(dashboards) != 4 or home not in dashboards:
        fail(f"Grafana has {dashboards}, and {home} first")
    source, = load(seen(mounted, "/etc/grafana/provisioning/datasources/prometheus.yml"))["datasources"]
    plain, = load("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    for mine, changed in ((source, "url"), (source["jsonData"], "timeInterval")):
        mine.pop(changed, None)
        (plain if changed == "url" else plain["jsonData"]).pop(changed)
    if source != plain:
        fail(f"Grafana's source is not as in grafana/provisioning: {source}, {plain}")
    print(f"Grafana: {len(dashboards)} dashboards where their provider looks, {home.name} first")


def switched(exporter):
    """What .env.example offers to set is what the exporter is told."""
    offered = set(re.findall(r"^#?([A-Z_]+)=", (HERE / ".env.example").read_text(), re.MULTILINE))
    told = {*exporter["environment"], re.match(r"\$\{(\w+)", exporter["command"][0])[1]}
    if offered != told:
        fail(f".env.example and compose.yaml differ in {offered ^ told}")


def reachable(services):
    """Who is named in a file is a service, on a port that it has."""
    known = {f"{name}:{service['ports'][0].rsplit(':', 1)[1]}" for name, service in services.items()}
    text = "".join((HERE / name).read_text() for name in ("prometheus.yml", "grafana-datasource.yml"))
    named = set(re.findall(r"[\w.-]+:\d{4,5}\b", text))
    if not named or named - known:
        fail(f"{named - known or 'nobody'} is named, and there are {known}")


def laid_out(mounted, folder, name):
    """The files of a service in one folder, as they lie in its container."""
    for at, source in mounted.items():
        file = pathlib.Path(at)
        if file.parent.name == name:
            shutil.copy(source, folder / name / file.name)


def tools(etc, promtools):
    for promtool in promtools:
        for arguments in (["config"], ["rules", "--lint=all", "--lint-fatal"]):
            files = ["prometheus.yml"] if arguments == ["config"] else ["recording-rules.yml", "alert-rules.yml"]
            command = [promtool, "check", *arguments, *(str(etc / "prometheus" / file) for file in files)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                fail(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    done = subprocess.run(["amtool", "check-config", str(etc / "alertmanager/alertmanager.yml")], capture_output=True, text=True)
    if done.returncode:
        fail(f"amtool: {done.stdout}{done.stderr}")
    print(f"promtool (both) and amtool: no complaint about what is mounted")


def ask(url, body=None):
    """What is answered; None while nobody does."""
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def healthy(service):
    """The address that its health check asks, asked."""
    return ask(service["healthcheck"]["test"][-1]) is not None


def until(what, condition, log):
    end = time.monotonic() + WITHIN
    while not condition():
        if time.monotonic() > end or any(process.poll() is not None for process in processes.running):
            log.seek(0)
            fail(f"waited in vain for {what}\n{log.read()}")
        time.sleep(0.1)


def start(program, services, etc, scratch):
    """The services with their own commands and files, under their names."""
    hosts = scratch / "hosts"
    hosts.write_text("127.0.0.1 localhost " + " ".join(services) + "\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    log = (scratch / "log").open("w+")
    word = re.fullmatch(r"\$\{\w+:-(\w+)\}", services["exporter"]["command"][0])[1]
    # As the image presets it.
    processes.start(program, word, "--log.level=warn", stdout=log, stderr=log,
                    env={"REVENUE_EXPORTER_WEB_LISTEN_ADDRESS": "0.0.0.0:10059"})
    for name, binary in (("prometheus", "prometheus"), ("alertmanager", "prometheus-alertmanager")):
        command = [flag.replace("/etc/", f"{etc}/").replace(f"path=/{name}", f"path={scratch}/data-{name}")
                   for flag in services[name]["command"]]
        processes.start(binary, *command, stdout=log, stderr=log)
    return log


def run(program, services, etc, scratch):
    log = start(program, services, etc, scratch)
    for name in ("alertmanager", "prometheus"):
        until(f"{name}'s health", lambda: healthy(services[name]), log)
    began = time.monotonic()
    api = "http://prometheus:9090/api/v1/"
    until("a scrape", lambda: ask(api + "query?" + urllib.parse.urlencode(
        {"query": 'up{job="revenue-exporter", instance="exporter:10059"} == 1'}))["data"]["result"], log)
    rules = sum(len(group["rules"]) for group in ask(api + "rules")["data"]["groups"])
    until("Alertmanager to be found", lambda: ask(api + "alertmanagers")["data"]["activeAlertmanagers"], log)
    told = ask("http://alertmanager:9093/api/v2/alerts", ALERT) is not None
    until("an alert", lambda: ask("http://alertmanager:9093/api/v2/alerts"), log)
    if not told or rules < 20:
        fail(f"{rules} rules, and an alert is {'taken' if told else 'refused'}")
    print(f"running: Prometheus scrapes exporter:10059 after {time.monotonic() - began:.0f} s, has {rules} rules and found Alertmanager")


def main():
    program, three = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    project = load(HERE / "compose.yaml")
    services = project["services"]
    mounted = {}
    for name, service in services.items():
        confined(name, service)
        mounted[name] = mounts(name, service, project["volumes"])
    print(f"compose.yaml: {len(services)} services, confined, published on this host alone; what they mount is there")
    grafana(services["grafana"], mounted["grafana"])
    reachable(services)
    switched(services["exporter"])
    with tempfile.TemporaryDirectory(prefix="revenue-exporter-") as directory:
        scratch = pathlib.Path(directory)
        etc = scratch / "etc"
        for name in ("prometheus", "alertmanager"):
            (etc / name).mkdir(parents=True)
            laid_out(mounted[name], etc, name)
        tools(etc, ["promtool", three])
        try:
            run(program, services, etc, scratch)
        finally:
            processes.stop_all()


main()
