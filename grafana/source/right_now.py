"""Is money coming in, and is it normal?"""

from kit import *
from taprain import *

BY_NOW = "as the same hours of the last four weeks would have it by this time of day"
NOTHING_BEFORE = "Nothing is expected on fewer than three weeks of history."


def weekly(title, description, unit, metric, **more):
    """A figure today, and at the same time a week ago."""
    def query(shift):
        return (money if metric == "taprain_epc" else count)(metric, TODAY, shift=shift)

    description += " Dashed: 168 hours earlier, which is an hour off in the weeks around a change of the clocks."
    return timeseries(
        title, description, (6, 7), [graph(query(""), "today"), graph(query("1w"), "a week ago")], unit,
        overrides=[line("A", BLUE, fill=8), line("B", GREY, DASHED, width=1)], **more)


def share(title, description, metric, expected):
    asked = f"{count(metric, TODAY)} / {count(expected)}"
    return stat(title, f"{description} {NOTHING_BEFORE}", (4, 4), [graph(asked, "of what is expected")],
                "percentunit", steps(RED, (0.5, ORANGE), (0.8, BLUE)), decimals=0, trend=True)


def strip():
    success = select("revenue_exporter_last_success_timestamp_seconds", TODAY)
    firing = select("ALERTS", 'alertstate="firing"')
    revenue, low, high = (money("taprain_revenue", TODAY), money("taprain_expected_revenue_low"),
                          money("taprain_expected_revenue_high"))
    band = f"({revenue} >= bool {low}) + ({revenue} > bool {high})"
    return [
        stat("How old the figures of today are",
             "Since the last good answer, for every account and view of both APIs. Figures go when they are older than "
             "three of their intervals, 15 minutes at least: old figures say nothing about now.",
             (16, 4), [graph(f"time() - max by (api, account, view) ({success})", "{{api}} {{account}} {{view}}")],
             "s", steps(BLUE, (900, ORANGE), (3600, RED)), decimals=0, text="value_and_name"),
        stat("Alerts firing", "Alerts that fire now, of these exporters. 0 where Prometheus has no alert rules, too.",
             (4, 4), [now(f"count({firing}) or vector(0)", "alerts")],
             "none", steps(BLUE, (1, RED)), decimals=0),
        stat("Is it normal?",
             f"Whether today's revenue lies inside the band that holds most normal days at this time of day. {NOTHING_BEFORE}",
             (4, 4), [graph(band, "today")], "none", steps(RED, (1, BLUE)),
             mappings=words((0, "below the band", RED), (1, "normal", BLUE), (2, "above the band", BLUE)),
             empty="not known yet"),
    ]


def figures():
    expected = f'{money("taprain_revenue", TODAY)} / {money("taprain_expected_revenue")}'
    return [
        stat("Revenue today, $currency", "Since midnight in the account's own zone.", (4, 4),
             [graph(money("taprain_revenue", TODAY), "{{currency}}")], MONEY, decimals=2, trend=True),
        stat("Revenue, of what is expected",
             f"Today's revenue as a share of what is expected, {BY_NOW}. {NOTHING_BEFORE}", (4, 4),
             [graph(expected, "of what is expected")], "percentunit", steps(RED, (0.5, ORANGE), (0.8, BLUE)),
             decimals=0, trend=True),
        share("Leads, of what is expected", f"Today's leads as a share of what is expected, {BY_NOW}.",
              "taprain_leads", "taprain_expected_leads"),
        share("Clicks, of what is expected", f"Today's clicks as a share of what is expected, {BY_NOW}.",
              "taprain_clicks", "taprain_expected_clicks"),
        stat("CVR, of the last week's",
             "Today's leads per click as a share of those of the last seven days without the last 24 hours. Leads come late, so "
             "the early hours of a day are low.", (4, 4),
             [graph(f'{count("taprain_cvr_ratio", TODAY)} / {count("taprain_baseline_cvr_ratio")}', "of the last week's")],
             "percentunit", steps(RED, (0.5, ORANGE), (0.8, BLUE)), decimals=0, trend=True),
        stat("Leads today", "Since midnight in the account's own zone.", (4, 4),
             [graph(count("taprain_leads", TODAY), "leads")], "locale", decimals=0, trend=True),
    ]


def against_normal():
    low, high = "low end of the band", "high end of the band"
    quiet = {"custom__lineWidth": 0, "color": {"mode": "fixed", "fixedColor": "light-blue"}}
    return timeseries(
        "Revenue today against what is normal, $currency",
        f"Dashed: what is expected, {BY_NOW}. The band holds the share of normal days that `history.quantile` says, 95 % unless "
        f"set. {NOTHING_BEFORE}", (16, 10),
        [graph(money("taprain_revenue", TODAY), "today"),
         graph(money("taprain_expected_revenue"), "expected by now"),
         graph(money("taprain_expected_revenue_low"), low),
         graph(money("taprain_expected_revenue_high"), high)],
        MONEY, decimals=0, extremes=(0, None),
        overrides=[line("A", BLUE, width=3), line("B", GREY, DASHED, width=1),
                   column(low, **quiet), column(high, **quiet, custom__fillBelowTo=low, custom__fillOpacity=18)])


def from_clicks():
    parts = [("leads", "taprain_window_leads"), ("expected from the clicks", "taprain_expected_window_leads_given_clicks"),
             ("expected from four weeks", "taprain_expected_window_leads")]
    windows = ["1h", "3h", "6h", "12h", "24h"]
    # Bars stand in the order of their rows, and "12h" would come before "1h".
    queries = [rows(ordered(windowed(metric), windows)) for _, metric in parts]
    names = {f"Value #{chr(ord('A') + place)}": name for place, (name, _) in enumerate(parts)}
    return barchart(
        "Leads of the last closed hours, against those expected",
        "Leads of the last 1, 3, 6, 12 and 24 closed hours; what the clicks of the same hours should have brought at the rate of the "
        "last seven days; and what the same hours of four weeks brought. Leads far below the clicks' own: tracking or an offer "
        "is broken. Both low: traffic is missing. A handful of leads scatters widely.",
        (8, 10), queries, "locale", "window", decimals=0,
        transformations=[merge(), sort_by("place"),
                         organize(["window", *names], names, without=["Time", "place"])],
        overrides=[column("leads", color={"mode": "fixed", "fixedColor": BLUE}),
                   column("expected from the clicks", color={"mode": "fixed", "fixedColor": GREY}),
                   column("expected from four weeks", color={"mode": "fixed", "fixedColor": "#c4c4c4"})])


def curves():
    return timeseries(
        "Today's revenue as it grows, $currency",
        "Revenue since midnight, with that of yesterday and of the same weekday a week ago at the same time of day. A flat piece is an "
        "hour without revenue; a step down is revenue taken back.", (12, 9),
        [graph(money("taprain_revenue", TODAY), "today"), graph(money("taprain_revenue", TODAY, shift="1d"), "yesterday"),
         graph(money("taprain_revenue", TODAY, shift="1w"), "a week ago")],
        MONEY, decimals=0, extremes=(0, None),
        overrides=[line("A", BLUE, width=3), line("B", "purple", DOTTED), line("C", GREY, DASHED)])


def hours():
    def by_hour(which):
        return rows(f'max by (hour, currency) ({select("taprain_hour_revenue", *PINNED, CURRENCY, which)})')

    names = {"Value #A": "today", "Value #B": "yesterday"}
    return barchart(
        "Revenue by hour, $currency", "By local hour of the account's own zone. Hours that have not come have no bar for today; the "
        "last bar is an hour that still runs, and late leads go on filling the ones before it.", (12, 9),
        [by_hour(TODAY), by_hour('range="yesterday"')], MONEY, "hour", decimals=0,
        transformations=[merge(), sort_by("hour"),
                         organize(["hour", *names], names, without=["Time", "currency"])],
        overrides=[column("today", color={"mode": "fixed", "fixedColor": BLUE}),
                   column("yesterday", color={"mode": "fixed", "fixedColor": "#c4c4c4"})])


def month():
    which = 'range="month_to_date"'
    so_far = money("taprain_revenue", which)
    start = f'max by (account, view) ({select("taprain_range_start_timestamp_seconds", *PINNED, which)})'
    # A day later, for the account's first of the month may still be the last one in UTC.
    pace = (f"{so_far} / on (account, view) group_left () ((time() - {start}) / 86400)"
            f" * on (account, view) group_left () days_in_month({start} + 86400)")
    thirty = money("taprain_revenue", 'range="30days"')
    return stat(
        "The month's pace, $currency",
        "Revenue of this month so far, what the month will bring at the same pace, and the last 30 days. Needs views with the ranges "
        "`month_to_date` and `30days`.", (6, 8),
        [graph(so_far, "so far"), graph(pace, "at this pace"), graph(thirty, "last 30 days")],
        MONEY, decimals=0, text="value_and_name")


def firing():
    asked = rows(f'max by (severity, alertname, api, account, view, instance) ({select("ALERTS", ALERTING)})')
    names = {"severity": "Severity", "alertname": "Alert", "api": "API", "account": "Account", "view": "View",
             "instance": "Instance"}
    return table("Firing alerts", "What fires now, of these exporters; empty where nothing does. Each alert's runbook says what to do.",
                 (9, 8), [asked], "none", sort=("Severity", False), empty="Nothing fires",
                 transformations=[organize(list(names), names, without=["Time", "Value"])])


def accounts():
    every = [TODAY]
    revenue, expected = (f"max by (account, view, currency) ({select(metric, *more)})" for metric, more in
                         [("taprain_revenue", every), ("taprain_expected_revenue", [])])
    leads = f'max by (account, view) ({select("taprain_leads", *every)})'
    names = {"account": "Account", "view": "View", "currency": "Currency", "Value #A": "Revenue", "Value #B": "Of expected",
             "Value #C": "Leads"}
    return table(
        "Every account", "All accounts and views of TapRain, whatever is chosen above. Views overlap: their figures must not be added.",
        (9, 8), [rows(revenue), rows(f"{revenue} / {expected}"), rows(leads)], MONEY, decimals=0, sort=("Account", False),
        transformations=[merge(), organize(list(names), names, without=["Time"])],
        overrides=[column("Revenue", decimals=2),
                   column("Of expected", unit="percentunit", thresholds=steps(RED, (0.5, ORANGE), (0.8, BLUE)),
                          custom__cellOptions={"type": "color-text"})])


ALERTING = 'alertstate="firing"'


def build():
    return dashboard(
        "revenue-right-now", "Revenue: right now", "Is money coming in, and is it normal? TapRain, refreshed as the exporter does.",
        variables(),
        [*strip(), *figures(), against_normal(), from_clicks(), curves(), hours(),
         weekly("Leads", "Leads since midnight.", "locale", "taprain_leads"),
         weekly("Clicks", "Clicks since midnight.", "locale", "taprain_clicks"),
         weekly("CVR", "Leads per click since midnight; leads come late, so a day begins low.", "percentunit", "taprain_cvr_ratio"),
         weekly("EPC, $currency", "Revenue per click since midnight.", MONEY, "taprain_epc", decimals=2),
         accounts(), firing(), month()],
        "now-24h")
