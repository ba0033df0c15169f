"""Which offer, source or country is it?"""

from kit import *
from taprain import *

DIMENSIONS = [("offer", "offer", "offers"), ("source", "source", "sources"), ("country", "country", "countries")]
AGAINST = "$against"


def per(metric, dimension, *matchers, shift=""):
    """A count by the rows of a dimension."""
    return f"max by ({dimension}) ({_at(select(metric, *PINNED, *matchers), shift)})"


def paid(metric, dimension, *matchers, shift=""):
    """Money by the rows of a dimension."""
    return f"max by ({dimension}, currency) ({_at(select(metric, *PINNED, CURRENCY, *matchers), shift)})"


def _at(selected, shift):
    return f"{selected} offset {shift}" if shift else selected


def change(dimension):
    """What each row has more or less than before: new rows and those that went included, where the account was seen at all."""
    metric = f"taprain_{dimension}_revenue"
    new, old = paid(metric, dimension, TODAY), paid(metric, dimension, TODAY, shift=AGAINST)
    now, then = money("taprain_revenue", TODAY), money("taprain_revenue", TODAY, shift=AGAINST)
    return f"({new} - {old} or {new} and on (currency) {then} or -{old} and on (currency) {now})"


def contribution(dimension, many):
    moved = change(dimension)
    return barchart(
        f"What changed today by {dimension}, $currency",
        f"Revenue since midnight less that at the same time of the day compared with: the {many} that gained most and lost most. "
        "Their sum is the change of the whole, but for what is unattributed.", (8, 9),
        [rows(f"topk(6, {moved}) or bottomk(6, {moved})")], MONEY, dimension, horizontal=True, legend=False, decimals=0,
        thresholds=steps(RED, (0, BLUE)), color="thresholds",
        transformations=[sort_by("Value"), organize([dimension, "Value"], {"Value": "change"}, without=["Time", "currency"])])


def details(dimension, many, height):
    leads = f"taprain_{dimension}_leads"
    chosen = select(leads, *PINNED, TODAY)
    seen = (f"1000 * max by ({dimension}) (max_over_time((timestamp({chosen}) and ({chosen} - {chosen} offset 5m > 0))[1d:5m]))")
    names = {dimension: dimension.capitalize(), "Value #A": "Clicks", "Value #B": "Leads", "Value #C": "CVR", "Value #D": "EPC",
             "Value #E": "Revenue", "Value #F": "Change", "Value #G": "Last lead seen"}
    return table(
        f"Today by {dimension}, $currency",
        f"The {many} of today with the change since the same time of the day compared with. The last lead seen is when the count last "
        "grew within 24 hours, to five minutes; empty where it did not.", (24, height),
        [rows(per(f"taprain_{dimension}_clicks", dimension, TODAY)), rows(per(leads, dimension, TODAY)),
         rows(per(f"taprain_{dimension}_cvr_ratio", dimension, TODAY)), rows(paid(f"taprain_{dimension}_epc", dimension, TODAY)),
         rows(paid(f"taprain_{dimension}_revenue", dimension, TODAY)), rows(change(dimension)), rows(seen)],
        MONEY, decimals=0, sort=("Revenue", True),
        transformations=[merge(), organize(list(names), names, without=["Time", "currency"])],
        overrides=[column("CVR", unit="percentunit", decimals=1), column("EPC", decimals=3), column("Revenue", decimals=2),
                   column("Change", decimals=2, thresholds=steps(RED, (0, BLUE)), custom__cellOptions={"type": "color-text"}),
                   column("Last lead seen", unit="dateTimeFromNow")])


def missing(dimension, many):
    def window(kind):
        return paid(f"taprain_{dimension}_{kind}window_revenue", dimension, 'window="24h"')

    return barchart(
        f"24 hours against normal by {dimension}, $currency",
        f"Revenue that came in within the last 24 closed hours, less what the same hours of four weeks brought: the {many} that are "
        "missing most, and those that gained most. Comes after three weeks of live observation.", (8, 9),
        [rows(f"topk(6, {window('')} - {window('expected_')}) or bottomk(6, {window('')} - {window('expected_')})")],
        MONEY, dimension, horizontal=True, legend=False, decimals=0, thresholds=steps(RED, (0, BLUE)), color="thresholds",
        transformations=[sort_by("Value"),
                         organize([dimension, "Value"], {"Value": "above normal"}, without=["Time", "currency"])])


def payout():
    revenue, leads = paid("taprain_offer_revenue", "offer", TODAY), per("taprain_offer_leads", "offer", TODAY)
    return timeseries(
        "Payout per lead by offer, $currency",
        "Today's revenue by today's leads. A step that stays is a changed payout; a dip that heals is a reversal, or a cheaper goal.",
        (12, 9), [graph(f"{revenue} / on (offer) group_left () ({leads} > 0)", "{{offer}}")], MONEY, decimals=2,
        extremes=(0, None))


def reversals():
    def moved(direction, sign):
        counter = select("taprain_restated_revenue_total", *PINNED, CURRENCY, f'direction="{direction}"')
        return f"{sign}(sum by (age, currency) (increase({counter}[1d])) > 0 or 0 * sum by (currency) (increase({counter}[1d])))"

    return timeseries(
        "Closed days restated within a day, $currency",
        "How much revenue of days that were over the API has added, and has taken back (below zero), within the 24 hours before, by "
        "the age of the day. Yesterday moves most, for late leads fill it.", (12, 9),
        [graph(moved("up", ""), "added, {{age}}"), graph(moved("down", "-"), "taken back, {{age}}")], MONEY, decimals=0,
        fill=10, overrides=[override("byFrameRefID", "B", custom__lineStyle={"fill": "dash", "dash": DASHED})])


def taken_back():
    revenue = money("taprain_revenue", TODAY)
    start = f'max by (account, view) ({select("taprain_range_start_timestamp_seconds", *PINNED, TODAY)})'
    fall = f"clamp_min({money('taprain_revenue', TODAY, shift='5m')} - {revenue}, 0)"
    return timeseries(
        "Taken back today within five minutes, $currency",
        "By how much today's revenue fell within five minutes; the fall at midnight, when a new day begins, is left out.", (12, 8),
        [graph(f"{fall} and on (account, view) (time() - {start} > 900)", "taken back")], MONEY, bars=True, decimals=2, soft=1,
        overrides=[line("A", RED, fill=60, width=1)])


def nameless():
    """What no row shows."""
    whole = money("taprain_revenue", TODAY)
    queries = []
    for dimension, _, many in DIMENSIONS:
        rest = money(f"taprain_{dimension}_revenue", TODAY, f'{dimension}="(other)"')
        queries.append(graph(f"({rest} or 0 * {whole}) / {whole}", f"(other), {many}"))
    unattributed = money("taprain_unattributed_revenue", TODAY, by=["dimension"])
    queries.append(graph(f"{unattributed} / on (account, view, currency) group_left () {whole}", "unattributed, {{dimension}}"))
    return timeseries(
        "Revenue without a name",
        "Share of today's revenue in (other), which stands for rows beyond the configured limits, and share that the API gives to no row. "
        "Where (other) grows, raise `limits`; a jump of the unattributed is lost tracking of that dimension.", (12, 8), queries,
        "percentunit", decimals=1, soft=0.1,
        overrides=[override("byFrameRefID", "D", custom__lineStyle={"fill": "dash", "dash": DASHED})])


def build():
    against = choice("against", "Compared with", [("a week ago", "1w"), ("yesterday", "1d")])
    return dashboard(
        "revenue-where-is-it", "Revenue: where is it?", "Which offer, source or country the change comes from. TapRain.",
        [*variables(), against],
        [*[contribution(dimension, many) for dimension, _, many in DIMENSIONS],
         *[details(dimension, many, height) for (dimension, _, many), height in zip(DIMENSIONS, [8, 7, 8])],
         *[missing(dimension, many) for dimension, _, many in DIMENSIONS],
         payout(), reversals(), taken_back(), nameless()],
        "now-24h")
