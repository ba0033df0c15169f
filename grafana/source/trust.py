"""Can the figures be trusted?"""

from kit import *

ACCOUNT = 'account=~"$account"'
VIEW = 'view=~"$view"'
CURRENCY = 'currency=~"$currency"'
SLOT = "api, account, view, range"
EVERY = "$__rate_interval"
TODAY = 'range="today"'
STATES = [("ok", BLUE), ("rate_limited", ORANGE), ("unreachable", RED), ("invalid", RED), ("forbidden", RED), ("unauthorized", RED)]
BARS = {"bars": True, "stacked": True, "soft": 1}


def own(metric, *matchers):
    return select(f"revenue_exporter_{metric}", *matchers)


def variables():
    slots = "revenue_exporter_refresh_interval_seconds"
    restated = '{__name__=~"taprain_account_info|klar_cost",%s}' % f"{TARGET},{ACCOUNT}"
    return [
        *targets(),
        variable("account", "Account", f"label_values({select(slots)}, account)", many=True),
        variable("view", "View", f"label_values({select(slots, ACCOUNT)}, view)", many=True),
        variable("currency", "Currency", f"label_values({restated}, currency)", many=True),
    ]


def strip():
    failing = own("view_up", ACCOUNT, VIEW)
    return [
        stat("Exporters up", "Whether Prometheus reaches them.", (4, 4), [now(f"min by (instance) ({select('up')})", "{{instance}}")],
             "none", steps(RED, (1, BLUE)), mappings=words((0, "down", RED), (1, "up", BLUE))),
        stat("Views that fail", "Ranges of views whose last refresh gave no figures; the last good ones stay for three intervals.", (4, 4),
             [now(f"count ({failing} == 0) or 0 * count ({failing})", "ranges")], "none", steps(BLUE, (1, RED))),
        stat("Access tokens end in", "How long Klar's access token still lives. At 0 there is none, until a request needs a new one.", (4, 4),
             [graph(f'clamp_min(max by (api, account) ({own("token_expiry_timestamp_seconds", ACCOUNT)} - time()), 0)', "{{account}}")],
             "s", decimals=0, text="value_and_name"),
        stat("State directory", "Whether what a restart must not forget could be written the last time; none kept means a restart forgets the ledger.",
             (4, 4), [now(f'min by (instance) ({own("state_last_save_successful")}) or max by (instance) (2 * {own("build_info")})',
                          "{{instance}}")],
             "none", steps(BLUE), mappings=words((0, "cannot be written", RED), (1, "written", BLUE), (2, "none kept", ORANGE))),
        stat("Configuration", "Whether it was accepted when it was last read; a refused one changes nothing.", (4, 4),
             [now(f'min by (instance) ({own("config_last_reload_successful")})', "{{instance}}")],
             "none", steps(RED, (1, BLUE)), mappings=words((0, "refused", RED), (1, "in force", BLUE))),
        stat("Weeks of history", "What expectations rest on; with fewer than three weeks nothing is expected.", (4, 4),
             [now(f'min by (account, view) ({select("taprain_baseline_weeks", ACCOUNT, VIEW)})', "{{account}} {{view}}"),
              now(f'min by (account, view) ({select("klar_baseline_weeks", ACCOUNT, VIEW)})', "{{account}} {{view}}")],
             "none", steps(ORANGE, (3, BLUE)), text="value_and_name"),
    ]


def states():
    def state(name):
        return own("account_state", ACCOUNT, f'state="{name}"')

    pieces = [f"{place} * max by (api, account) ({state(name)} == 1)" for place, (name, _) in enumerate(STATES)]
    return state_timeline(
        "What the APIs say of each account",
        "The state after the last answer. `unauthorized`: write a new key. `forbidden`: the account is suspended. `rate_limited`: the key has "
        "other users. `unreachable` and `invalid`: the vendor's trouble or the network's.", (12, 8),
        [graph(" or ".join(pieces), "{{api}} {{account}}")], "none",
        mappings=words(*((place, name.replace("_", " "), color) for place, (name, color) in enumerate(STATES))),
        thresholds=steps(BLUE, (1, RED)))


def freshness():
    age = f'(time() - max by ({SLOT}) ({own("last_success_timestamp_seconds", ACCOUNT, VIEW)}))'
    interval = f'max by ({SLOT}) ({own("refresh_interval_seconds", ACCOUNT, VIEW)})'
    names = {"api": "API", "account": "Account", "view": "View", "range": "Range", "Value #A": "Age", "Value #B": "Interval",
             "Value #C": "Age in intervals", "Value #D": "Last refresh"}
    return [
        timeseries("Age of the figures, in intervals",
                   "Age of the last good answer by the interval at which it should come. Up to 1 is normal; beyond 3 figures go.", (12, 8),
                   [graph(f"{age} / {interval}", "{{account}} {{view}} {{range}}")], "none", decimals=1, extremes=(0, None)),
        table("Freshness of every range",
              "The interval is the one that the request budget allows; it is longer than what was asked where the budget is too small.", (12, 9),
              [rows(age), rows(interval), rows(f"{age} / {interval}"), rows(f'min by ({SLOT}) ({own("view_up", ACCOUNT, VIEW)})')],
              "s", decimals=0, sort=("Age in intervals", True),
              transformations=[merge(), organize(list(names), names, without=["Time"])],
              overrides=[column("Age in intervals", unit="none", decimals=1, thresholds=steps(BLUE, (2, ORANGE), (3, RED)),
                                custom__cellOptions={"type": "color-text"}),
                         column("Last refresh", unit="none", mappings=words((0, "failed", RED), (1, "good", BLUE)),
                                custom__cellOptions={"type": "color-text"})]),
        timeseries("How far the API's own figures lag behind",
                   "Age of what TapRain says it computed. It grows while the API answers with frozen figures, though every request succeeds.",
                   (12, 9), [graph(f'time() - max by (account, view) ({select("taprain_generated_timestamp_seconds", ACCOUNT, VIEW, TODAY)})',
                                   "{{account}} {{view}}")], "s", decimals=0, extremes=(0, None)),
    ]


def requests():
    sent = own("upstream_requests_total", ACCOUNT)
    bucket = own("upstream_request_duration_seconds_bucket", ACCOUNT)
    return [
        timeseries("Requests by outcome", "Requests sent to the APIs, Klar's for access tokens among them.", (12, 8),
                   [graph(f"sum by (api, account, outcome) (increase({sent}[{EVERY}])) > 0", "{{api}} {{outcome}}")], "none", decimals=0, **BARS),
        timeseries("Slowest answers", "The time within which 95 of 100 answers were whole.", (12, 8),
                   [graph(f"histogram_quantile(0.95, sum by (api, account, endpoint, le) (rate({bucket}[{EVERY}])))",
                          "{{api}} {{account}} {{endpoint}}")], "s", extremes=(0, None)),
    ]


def budgets():
    used, limit = (f'max by (api, account) ({own(f"budget_{name}_requests", ACCOUNT)})' for name in ("used", "limit"))
    left = f'min by (api, account, origin) ({own("budget_remaining_requests", ACCOUNT)})'
    waited = own("budget_wait_seconds_total", ACCOUNT)
    return [
        bargauge("Budget in use", "Requests that count against what the exporter allows itself per window, as a share of it.", (6, 8),
                 [now(f"{used} / {limit}", "{{api}} {{account}}")], "percentunit", decimals=0, extremes=(0, 1),
                 thresholds=steps(BLUE, (0.9, ORANGE), (1, RED))),
        timeseries("Requests left in the window",
                   "By the exporter's own ledger, and as the API last said. Where the API has less, the key has other users.", (10, 8),
                   [graph(left, "{{api}} {{account}}, {{origin}}")], "none", decimals=0, extremes=(0, None)),
        timeseries("Requests that wait for the budget", "How much of the time due requests waited, added up: above 0 for long, too much is asked.",
                   (8, 8), [graph(f"sum by (api, account) (rate({waited}[{EVERY}]))", "{{api}} {{account}}")], "percentunit",
                   extremes=(0, None)),
    ]


def oddities():
    odd, tokens = own("anomalies_total", ACCOUNT), own("token_refreshes_total", ACCOUNT)
    restarts, errors = own("collector_restarts_total", ACCOUNT), own("state_errors_total")
    return [
        timeseries("Oddities in answers", "Oddities in answers that were otherwise used, within an hour. METRICS.md lists the reasons; a new one that "
                   "stays means that the API has changed.", (8, 8),
                   [graph(f"sum by (api, account, reason) (increase({odd}[1h])) > 0 or 0 * sum by (api, account) (increase({odd}[1h]))",
                          "{{api}} {{account}} {{reason}}")], "none", decimals=0, **BARS),
        timeseries("Access tokens by outcome", "Requests for an access token, within an hour.", (8, 8),
                   [graph(f"sum by (api, account, outcome) (increase({tokens}[1h])) > 0", "{{account}} {{outcome}}")], "none", decimals=0, **BARS),
        timeseries("Failures inside the exporter", "Collectors that failed and were started again, and state files that could not be used, within an hour. 0 is normal, and where no state is kept.",
                   (8, 8), [graph(f"sum by (api, account) (increase({restarts}[1h]))", "{{api}} {{account}}"),
                            graph(f"sum by (instance, reason) (increase({errors}[1h])) or 0 * max by (instance) ({own('build_info')})",
                                  "state of {{instance}} {{reason}}")], "none", decimals=0, **BARS),
    ]


def restated(metric, api, fields):
    def moved(direction):
        chosen = select(metric, ACCOUNT, VIEW, CURRENCY, f'direction="{direction}"')
        return f"sum by (account, view, currency) (increase({chosen}[1d]))"

    return timeseries(
        f"{api}: closed days restated within a day",
        f"How much {fields} of days that were over was added, and taken back (below zero), within the 24 hours before. The first days move "
        "most; old days that move are returns, reversals or retrained models.", (12, 8),
        [graph(moved("up"), "added, {{account}} {{view}} {{currency}}"),
         graph("-" + moved("down"), "taken back, {{account}} {{view}} {{currency}}")], MONEY, decimals=0, fill=10,
        overrides=[override("byFrameRefID", "B", custom__lineStyle={"fill": "dash", "dash": DASHED})])


def size():
    rows_folded = own("folded_rows", ACCOUNT, VIEW)
    return [
        timeseries("Series on the page", "Series of both APIs; beyond `collection.max_series` details fold into (other).", (8, 8),
                   [graph(f'max by (instance) ({own("series")})', "{{instance}}")], "none", decimals=0, extremes=(0, None)),
        timeseries("Rows folded into (other)", "Rows beyond the limits, which (other) stands for. 0 where everything is shown.", (8, 8),
                   [graph(f"max by (api, account, view, range, dimension) ({rows_folded}) > 0 or 0 * max by (api, account) ({rows_folded})",
                          "{{account}} {{view}} {{range}} {{dimension}}")], "none", decimals=0, soft=1, extremes=(0, None)),
        timeseries("Memory of the exporter", "Resident memory.", (8, 8),
                   [graph(f'max by (instance) ({select("process_resident_memory_bytes")})', "{{instance}}")], "bytes", extremes=(0, None)),
    ]


def build():
    return dashboard(
        "revenue-trust", "Revenue: trust", "Whether the figures of the other dashboards can be trusted: freshness, outcomes, budgets, tokens, "
        "oddities, restatement, series.", variables(),
        [*strip(), states(), *freshness(), *requests(), *budgets(), *oddities(),
         restated("taprain_restated_revenue_total", "TapRain", "revenue"),
         restated("klar_restated_net_revenue_total", "Klar", "attributed net revenue"), *size()],
        "now-24h")
