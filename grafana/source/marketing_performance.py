"""Klar: what the advertising brought."""

from kit import *

ACCOUNT = 'account="$account"'
VIEW = 'view="$view"'
MODEL = 'model="$model"'
ASKED = ['attribution_window="$window"', 'date_basis="$basis"']
PINNED = [ACCOUNT, VIEW, MODEL, *ASKED]
CURRENCY = 'currency="$currency"'
YESTERDAY, SAME_WEEKDAY, RANGE = 'range="yesterday"', 'range="same_weekday_4w"', 'range="$range"'
# These models give each touchpoint full credit: their channels add up to more than there was.
TOTALLED = 'model!~"any_click.*"'
ANY_CLICK = "Empty for the any_click models, whose channels must not be added up."


def channels(metric, *matchers, by=()):
    """A count by channel; once, where several exporters have it."""
    labels = ", ".join(["channel", *by])
    return f"max by ({labels}) ({select(metric, *PINNED, *matchers)})"


def money(metric, *matchers, by=()):
    return channels(metric, CURRENCY, *matchers, by=[*by, "currency"])


def total(metric, *matchers):
    return f"sum ({channels(metric, TOTALLED, *matchers)})"


def sum_of(metric, *matchers):
    return f"sum by (currency) ({money(metric, TOTALLED, *matchers)})"


def variables():
    account = "klar_up"
    of = "klar_attributed_orders"
    chosen = [ACCOUNT]

    def next_one(name, label, source, first=None):
        made = variable(name, label, f"label_values({select(of, *chosen)}, {source})", first=first)
        chosen.append(f'{source}="${name}"')
        return made

    return [
        *targets(),
        variable("account", "Account", f"label_values({select(account)}, account)"),
        next_one("view", "View", "view", "default"),
        next_one("model", "Model", "model"),
        next_one("window", "Attribution window", "attribution_window"),
        next_one("basis", "Date basis", "date_basis"),
        variable("currency", "Currency", f'label_values({select("klar_cost", ACCOUNT, VIEW)}, currency)'),
        variable("range", "Range", f"label_values({select(of, ACCOUNT, VIEW)}, range)", first="7days",
                 regex="/^(?!same_weekday).*$/"),
        typed("revenue_target", "Target: net revenue a day", "1000",
              "What a day should bring, in the account's currency."),
        typed("roas_target", "Target: ROAS", "2", "What a unit spent should bring in net revenue."),
    ]


def ratio(title, description, above, below, unit, thresholds=None, name="yesterday", **more):
    return stat(title, description, (4, 4), [graph(f"{above} / ({below} > 0)", name)], unit, thresholds, **more)


def yesterday():
    revenue, cost = sum_of("klar_attributed_net_revenue", YESTERDAY), sum_of("klar_cost", YESTERDAY)
    aim = steps(RED, (0.8, ORANGE), (1, BLUE))
    usual = steps(RED, (0.6, ORANGE), (0.8, BLUE))
    weekday = "The same weekday of the last four weeks, each day as it was when first seen. Known once three such days are."
    return [
        stat("Net revenue yesterday, $currency", f"Attributed by the chosen model, all channels. {ANY_CLICK}", (4, 4),
             [graph(revenue, "{{currency}}")], MONEY, decimals=0),
        stat("Of the day's target", f"Yesterday's net revenue as a share of the target above. {ANY_CLICK}", (4, 4),
             [graph(f"{revenue} / $revenue_target", "of the target")], "percentunit", aim, decimals=0),
        ratio("Gross revenue, of the weekday's", f"Yesterday's gross revenue as a share of the usual one. {weekday} {ANY_CLICK}",
              sum_of("klar_attributed_gross_revenue", YESTERDAY), sum_of("klar_attributed_gross_revenue", SAME_WEEKDAY),
              "percentunit", usual, "of the same weekday", decimals=0),
        ratio("Orders, of the weekday's", f"Yesterday's orders as a share of the usual ones. {weekday} {ANY_CLICK}",
              total("klar_attributed_orders", YESTERDAY), total("klar_attributed_orders", SAME_WEEKDAY),
              "percentunit", usual, "of the same weekday", decimals=0),
        ratio("ROAS against its target", f"Yesterday's net revenue per unit spent, as a share of the target above. {ANY_CLICK}",
              revenue, f"({cost} * $roas_target)", "percentunit", aim, "of the target", decimals=0),
        stat("CM2 after cost, $currency",
             f"Yesterday's contribution margin 2 less what the advertising cost: what is left. {ANY_CLICK}", (4, 4),
             [graph(f'{sum_of("klar_contribution_margin_2", YESTERDAY)} - {cost}', "{{currency}}")], MONEY,
             steps(RED, (0, BLUE)), decimals=0),
    ]


def days():
    revenue = sum_of("klar_attributed_net_revenue", YESTERDAY)
    return [
        timeseries("Yesterday, day by day, $currency",
                   f"What `yesterday` was at each time: a step a day. It goes on filling during the day. {ANY_CLICK}", (12, 9),
                   [graph(revenue, "net revenue"), graph(sum_of("klar_cost", YESTERDAY), "cost"),
                    graph(f"0 * {revenue} + $revenue_target", "target")], MONEY, decimals=0, extremes=(0, None),
                   overrides=[line("A", BLUE, fill=8), line("B", "orange", DOTTED), line("C", GREY, DASHED, width=1)]),
        timeseries("ROAS by channel, yesterday, day by day",
                   "Attributed net revenue per unit spent; channels without cost have none. Dashed: the target above. The scale is logarithmic.", (12, 9),
                   [graph(f'{money("klar_attributed_net_revenue", YESTERDAY)} / ({money("klar_cost", YESTERDAY)} > 0)', "{{channel}}"),
                    graph(f"0 * {revenue} + $roas_target", "target")], "none", decimals=1, scale=2,
                   overrides=[line("B", GREY, DASHED, width=1)]),
    ]


def channel_table():
    revenue, cost = money("klar_attributed_net_revenue", RANGE), money("klar_cost", RANGE)
    orders, customers = (channels(f"klar_attributed_{which}orders", RANGE) for which in ("", "new_customer_"))
    margin = money("klar_contribution_margin_2", RANGE)
    names = {"channel": "Channel", "Value #A": "Net revenue", "Value #B": "Cost", "Value #C": "ROAS", "Value #D": "Orders",
             "Value #E": "CAC", "Value #F": "CM2 after cost", "Value #G": "New customers"}
    return table(
        "Channels, $range, $currency",
        "CAC is cost per order of a new customer. CM2 after cost is the contribution margin 2 less the cost. ROAS and CAC are empty "
        "where nothing was spent. Orders are fractions, for attribution shares them.", (24, 9),
        [rows(revenue), rows(cost), rows(f"{revenue} / ({cost} > 0)"), rows(orders),
         rows(f"({cost} > 0) / on (channel) group_left () ({customers} > 0)"),
         rows(f"{margin} - ({cost} or 0 * {margin})"),
         rows(f"{customers} / ({orders} > 0)")],
        MONEY, decimals=0, sort=("Net revenue", True),
        transformations=[merge(), organize(list(names), names, without=["Time", "currency"])],
        overrides=[column("ROAS", unit="none", decimals=2, thresholds=steps(RED, (1, ORANGE), (2, BLUE)),
                          custom__cellOptions={"type": "color-text"}),
                   column("Orders", decimals=1), column("CAC", decimals=2),
                   column("CM2 after cost", thresholds=steps(RED, (0, BLUE)), custom__cellOptions={"type": "color-text"}),
                   column("New customers", unit="percentunit", decimals=0)])


def models():
    asked = select("klar_attributed_net_revenue", ACCOUNT, *ASKED, CURRENCY, RANGE)
    joined = f'label_join(max by (channel, view, model, currency) ({asked}), "attribution", ", ", "model", "view")'
    return barchart(
        "Models side by side, $range, $currency",
        "Net revenue by channel as each view's model attributes it: the same orders, shared in different ways. Compare within a channel; "
        "never add models. Views with the chosen attribution window, date basis and range only.", (12, 9),
        [rows(joined)], MONEY, "channel", decimals=0,
        transformations=[{"id": "groupingToMatrix", "options": {
            "columnField": "attribution", "rowField": "channel", "valueField": "Value", "emptyValue": "null"}},
            organize([], {"channel\\attribution": "channel"})])


def customers():
    names = {"Value #A": "new customers", "Value #B": "returning customers"}
    return barchart(
        "New against returning customers, $range, $currency", "Attributed net revenue by channel, from each kind of customer.", (12, 9),
        [rows(money("klar_attributed_new_customer_net_revenue", RANGE)),
         rows(money("klar_attributed_returning_customer_net_revenue", RANGE))], MONEY, "channel", stacked=True, decimals=0,
        transformations=[merge(), organize(["channel", *names], names, without=["Time", "currency"])],
        overrides=[column("new customers", color={"mode": "fixed", "fixedColor": BLUE}),
                   column("returning customers", color={"mode": "fixed", "fixedColor": "purple"})])


def without_orders():
    cost = money("klar_cost", TOTALLED, RANGE)
    orders = channels("klar_attributed_orders", RANGE)
    spent = f"sum by (currency) ({cost})"
    by = ["campaign"]
    campaign_cost, campaign_orders = money("klar_campaign_cost", RANGE, by=by), channels("klar_campaign_attributed_orders", RANGE, by=by)
    names = {"channel": "Channel", "campaign": "Campaign", "Value #A": "Cost", "Value #B": "Orders", "Value #C": "Cost per order"}
    return [
        stat("Spend without orders, $range, $currency",
             f"What channels cost that brought less than one order. 0 is good. {ANY_CLICK}", (6, 9),
             [now(f"sum by (currency) ({cost} unless on (channel) ({orders} >= 1)) or 0 * {spent}", "{{currency}}")],
             MONEY, steps(BLUE, (1, RED)), decimals=0),
        table("Campaigns by cost per order, $range, $currency",
              "The dearest first; a campaign without an order has no cost per order and stands below, with what it cost. Needs a view with "
              "`detail: campaign` or deeper.", (18, 9),
              [rows(campaign_cost), rows(campaign_orders),
               rows(f"{campaign_cost} / on (channel, campaign) group_left () ({campaign_orders} > 0)")],
              MONEY, decimals=2, sort=("Cost per order", True),
              transformations=[merge(), organize(list(names), names, without=["Time", "currency"])],
              overrides=[column("Orders", decimals=1)]),
    ]


def build():
    return dashboard(
        "revenue-marketing", "Revenue: marketing performance",
        "What the advertising brought, by the attribution of Klar: yesterday against target and weekday, channels, models, customers.",
        variables(),
        [*yesterday(), *days(), channel_table(), models(), customers(), *without_orders()],
        "now-30d", refresh="5m")
