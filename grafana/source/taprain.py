"""TapRain's variables and queries: one account, one view, one currency, so that nothing is added that overlaps."""

from kit import select, targets, variable

PINNED = ['account="$account"', 'view="$view"']
CURRENCY = 'currency="$currency"'
TODAY = 'range="today"'


def variables():
    account = select("taprain_account_info")
    return [
        *targets(),
        variable("account", "Account", f"label_values({account}, account)"),
        variable("view", "View", f'label_values({select("taprain_clicks", PINNED[0])}, view)', first="all"),
        variable("currency", "Currency", f'label_values({select("taprain_account_info", PINNED[0])}, currency)'),
    ]


def _shifted(selected, shift):
    return f"{selected} offset {shift}" if shift else selected


def count(metric, *matchers, by=(), shift=""):
    """A figure without currency; once, where several exporters have it."""
    labels = ", ".join(["account", "view", *by])
    return f"max by ({labels}) ({_shifted(select(metric, *PINNED, *matchers), shift)})"


def money(metric, *matchers, by=(), shift=""):
    """A figure in the chosen currency."""
    labels = ", ".join(["account", "view", *by, "currency"])
    return f"max by ({labels}) ({_shifted(select(metric, *PINNED, CURRENCY, *matchers), shift)})"


def windowed(metric):
    return f"max by (window) ({select(metric, *PINNED)})"


def ordered(expression, windows):
    """The same with a label by which the windows stand in their order."""
    for place, window in enumerate(windows):
        expression = f'label_replace({expression}, "place", "{place}", "window", "{window}")'
    return expression
