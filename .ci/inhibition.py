"""Starts Alertmanager on loopback with the example configuration, tells it what incidents make fire, and reads
which alerts are left: `inhibition.py ALERTMANAGER_YML`. One incident pages once."""

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TAPRAIN = {"job": "revenue-exporter", "instance": "exporter:10059", "api": "taprain", "account": "main"}
KLAR = {"job": "revenue-exporter", "instance": "exporter:10059", "api": "klar", "account": "main"}
VIEW = {"view": "all"}
PARTS = {"TapRainOfferStoppedConverting": {"offer": "KashKick"}, "TapRainSourceDied": {"source": "bio"},
         "TapRainOfferGone": {"offer": "KashKick"}, "TapRainCountryOutage": {"country": "GB"},
         "TapRainPayoutChanged": {"offer": "KashKick", "currency": "USD"}, "TapRainRevenueDrop": {"currency": "USD"},
         "TapRainReversals": {"currency": "USD"}, "TapRainRevenueDecline": {"currency": "USD"}}
WITHOUT_VIEW = {"RevenueCredentialRejected", "TapRainAccountSuspended", "RevenueSchemaDrift", "RevenueBudgetLow"}

# What an incident makes fire, and what of it may be left.
INCIDENTS = [
    ("tracking broken",
     ["TapRainTrackingBroken", "TapRainConversionRateDrop", "TapRainRevenueDrop", "TapRainOfferStoppedConverting",
      "TapRainSourceDied", "TapRainCountryOutage", "TapRainPayoutChanged"],
     ["TapRainTrackingBroken"]),
    ("half of tracking lost", ["TapRainConversionRateDrop", "TapRainRevenueDrop", "TapRainRevenueDecline"],
     ["TapRainConversionRateDrop"]),
    ("traffic gone",
     ["TapRainTrafficDrop", "TapRainConversionRateDrop", "TapRainRevenueDrop", "TapRainOfferGone", "TapRainSourceDied",
      "TapRainCountryOutage"],
     ["TapRainTrafficDrop"]),
    ("click flood",
     ["TapRainClickFlood", "TapRainConversionRateDrop", "TapRainSourceDied", "TapRainOfferStoppedConverting"],
     ["TapRainClickFlood"]),
    ("key regenerated",
     ["RevenueCredentialRejected", "RevenueSourceStale", "RevenueDataFrozen", "TapRainTrackingBroken", "TapRainRevenueDrop"],
     ["RevenueCredentialRejected"]),
    ("account suspended",
     ["TapRainAccountSuspended", "RevenueSourceStale", "TapRainTrafficDrop", "TapRainOfferGone"],
     ["TapRainAccountSuspended"]),
    ("figures frozen", ["RevenueDataFrozen", "TapRainTrafficDrop", "TapRainRevenueDrop"], ["RevenueDataFrozen"]),
    ("payout cut", ["TapRainPayoutChanged", "TapRainRevenueDecline", "TapRainRevenueDrop"],
     ["TapRainPayoutChanged", "TapRainRevenueDrop"]),
    ("spend without orders", ["KlarSpendWithoutOrders", "KlarRevenueDrop", "KlarRoasBelowTarget"], ["KlarSpendWithoutOrders"]),
    ("a day missing", ["KlarDayMissing", "KlarRevenueDrop", "KlarCostMissing"], ["KlarDayMissing"]),
    ("exporter down", ["RevenueExporterDown", "TapRainTrackingBroken", "RevenueSourceStale", "KlarSpendWithoutOrders"],
     ["RevenueExporterDown"]),
]


def severities():
    """Severity and layer of each alert, as the rules give them."""
    text = open("examples/prometheus/alert-rules.yml", encoding="utf-8").read()
    found = re.findall(r"- alert: (\w+)\n(?:.*\n)*?\s+labels: \{severity: (\w+), layer: (\w+)", text)
    return {name: {"severity": severity, "layer": layer} for name, severity, layer in found}


def labels(name, known):
    klar = name.startswith("Klar")
    own = {"alertname": name, **known[name]}
    if name == "RevenueExporterDown":
        return {**own, "job": "revenue-exporter", "instance": "exporter:10059"}
    own |= KLAR if klar else TAPRAIN
    if name not in WITHOUT_VIEW:
        own |= VIEW
    if klar and name != "KlarDayMissing":
        own |= {"model": "data_driven", "attribution_window": "7_day", "date_basis": "order"}
    return own | PARTS.get(name, {})


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(condition, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if condition():
                return True
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    return False


def left(api):
    """Names of active alerts of each incident (label `incident`), and all that it has."""
    active, whole = {}, {}
    for alert in ask(f"{api}/alerts?active=true&inhibited=true"):
        of, name = alert["labels"]["incident"], alert["labels"]["alertname"]
        whole.setdefault(of, []).append(name)
        if not alert["status"]["inhibitedBy"]:
            active.setdefault(of, []).append((name, alert["labels"]["severity"]))
    return active, whole


def play(api):
    known, wrong = severities(), []
    for number, (incident, fire, stay) in enumerate(INCIDENTS):
        # An incident is an exporter of its own, so that all can be played at once.
        mark = {"incident": incident, "instance": f"exporter-{number}:10059"}
        ask(f"{api}/alerts", [{"labels": labels(name, known) | mark} for name in fire])
    wanted = {incident: sorted(fire) for incident, fire, _ in INCIDENTS}
    if not wait(lambda: {of: sorted(names) for of, names in left(api)[1].items()} == wanted):
        return ["Alertmanager did not take all alerts"]
    settled = lambda: all(sorted(name for name, _ in left(api)[0].get(of, [])) == sorted(stay) for of, _, stay in INCIDENTS)
    wait(settled, 10)
    active, _ = left(api)
    for incident, _, stay in INCIDENTS:
        names = sorted(name for name, _ in active.get(incident, []))
        critical = [name for name, severity in active.get(incident, []) if severity == "critical"]
        if names != sorted(stay):
            wrong.append(f"{incident}: left are {names}, not {sorted(stay)}")
        if len(critical) > 1:
            wrong.append(f"{incident} pages {len(critical)} times: {critical}")
    # Another account's trouble inhibits nothing here.
    mark = {"incident": "two accounts", "instance": "exporter-x:10059"}
    pair = [labels("RevenueSourceStale", known) | mark, labels("TapRainTrafficDrop", known) | mark | {"account": "other"}]
    ask(f"{api}/alerts", [{"labels": each} for each in pair])
    if not wait(lambda: len(left(api)[0].get("two accounts", [])) == 2):
        wrong.append("one account's stale figures inhibit another account's alert")
    return wrong


def main(config):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={directory}",
                   f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
        with subprocess.Popen(command) as alertmanager:
            try:
                base = f"http://127.0.0.1:{port}"
                if not wait(lambda: ask(f"{base}/api/v2/status") is not None):
                    return "Alertmanager does not answer"
                wrong = play(f"{base}/api/v2")
            finally:
                alertmanager.terminate()
    if wrong:
        return "\n".join(wrong)
    print(f"inhibition: {len(INCIDENTS)} incidents, each pages once at most")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
