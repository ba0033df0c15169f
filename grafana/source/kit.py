"""What the dashboards are made of: variables, queries, panels and the grid they lie on."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TARGET = 'job=~"$job",instance=~"$instance"'

BLUE, ORANGE, RED, GREY = "blue", "orange", "red", "#8e8e8e"
# Money: the currency stands in the title, the legend or a column, for no unit can follow a label.
MONEY = "locale"


def select(metric, *matchers):
    """The metric of the chosen exporters, with more matchers."""
    return f"{metric}{{{','.join([TARGET, *matchers])}}}"


# --- variables


def datasource():
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
            "hide": 0, "includeAll": False, "multi": False, "refresh": 1, "regex": "",
            "options": [], "skipUrlSync": False}


def variable(name, label, query, many=False, first=None, regex=""):
    """A variable of a label's values; `first` is chosen where nothing else was."""
    made = {"name": name, "label": label, "type": "query", "datasource": DATASOURCE,
            "query": {"query": query, "refId": name, "qryType": 1},
            "definition": query, "refresh": 2, "regex": regex, "sort": 1, "hide": 0,
            "includeAll": many, "multi": many, "options": [], "skipUrlSync": False}
    if many:
        made |= {"allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}}
    elif first:
        made["current"] = {"text": first, "value": first}
    return made


def targets():
    """The variables that every dashboard begins with."""
    known = "revenue_exporter_build_info"
    return [
        datasource(),
        variable("job", "Job", f"label_values({known}, job)", many=True),
        variable("instance", "Instance", f'label_values({known}{{job=~"$job"}}, instance)', many=True),
    ]


def choice(name, label, options):
    """A variable with a few fixed values, as (text, value); the first is chosen."""
    listed = [{"text": text, "value": value, "selected": place == 0}
              for place, (text, value) in enumerate(options)]
    return {"name": name, "label": label, "type": "custom", "hide": 0, "includeAll": False, "multi": False,
            "query": ", ".join(f"{text} : {value}" for text, value in options),
            "options": listed, "current": {"text": options[0][0], "value": options[0][1]},
            "skipUrlSync": False}


def typed(name, label, value, description):
    """A variable that is typed: where a user's own aim stands."""
    return {"name": name, "label": label, "type": "textbox", "hide": 0, "query": value,
            "description": description, "current": {"text": value, "value": value},
            "options": [{"text": value, "value": value, "selected": True}], "skipUrlSync": False}


# --- queries


def graph(expression, legend):
    return {"expr": expression, "legendFormat": legend, "range": True, "instant": False,
            "format": "time_series"}


def now(expression, legend=""):
    """One value a series."""
    return {"expr": expression, "legendFormat": legend, "range": False, "instant": True,
            "format": "time_series"}


def rows(expression):
    """One row a series."""
    return {"expr": expression, "legendFormat": "", "range": False, "instant": True, "format": "table"}


# --- looks


def steps(*pairs):
    """Thresholds: a colour, then (from, colour) ascending."""
    first, *rest = pairs
    return {"mode": "absolute",
            "steps": [{"color": first, "value": None}] + [{"color": c, "value": v} for v, c in rest]}


PLAIN = steps(BLUE)


def words(*entries):
    """Values shown as words: (value, text, colour)."""
    return [{"type": "value", "options": {str(value): {"text": text, "color": color, "index": index}
                                          for index, (value, text, color) in enumerate(entries)}}]


def override(kind, which, **properties):
    return {"matcher": {"id": kind, "options": which},
            "properties": [{"id": name.replace("__", "."), "value": value}
                           for name, value in properties.items()]}


def column(name, **properties):
    return override("byName", name, **properties)


def line(ref, color, dash=None, width=2, fill=0, **more):
    """How the lines of one query look."""
    properties = {"color": {"mode": "fixed", "fixedColor": color}, "custom__lineWidth": width,
                  "custom__fillOpacity": fill, **more}
    if dash:
        properties["custom__lineStyle"] = {"fill": "dash", "dash": dash}
    return override("byFrameRefID", ref, **properties)


DASHED = [8, 6]
DOTTED = [2, 4]


# --- panels


def panel(kind, title, description, size, queries, unit, options, custom=None, overrides=(),
          thresholds=None, mappings=(), transformations=(), decimals=None, color=None, extremes=None,
          empty=None):
    """One panel; `size` is (width, height) on a grid 24 wide."""
    defaults = {"unit": unit, "thresholds": thresholds or PLAIN, "mappings": list(mappings),
                "color": {"mode": color or ("thresholds" if thresholds else "palette-classic-by-name")}}
    if custom is not None:
        defaults["custom"] = custom
    if decimals is not None:
        defaults["decimals"] = decimals
    if extremes:
        defaults["min"], defaults["max"] = extremes
        defaults = {name: value for name, value in defaults.items() if value is not None}
    if empty:
        defaults["noValue"] = empty
    listed = [{"refId": chr(ord("A") + place), "datasource": DATASOURCE, "editorMode": "code", **query}
              for place, query in enumerate(queries)]
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
            "size": size, "targets": listed, "transformations": list(transformations),
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, "options": options}


def timeseries(title, description, size, queries, unit, bars=False, stacked=False, fill=0, axis=None,
               legend="list", soft=None, scale=None, **more):
    """`soft` is how far the axis reaches at least; `scale` the base of a logarithmic one."""
    custom = {"drawStyle": "bars" if bars else "line", "lineInterpolation": "linear", "lineWidth": 1 if bars else 2,
              "fillOpacity": 60 if bars else fill, "gradientMode": "none", "showPoints": "never", "pointSize": 5,
              "spanNulls": False, "barAlignment": 0, "insertNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
              "axisPlacement": "auto", "axisLabel": axis or "", "axisColorMode": "text",
              "axisBorderShow": False, "axisCenteredZero": False,
              "scaleDistribution": {"type": "log", "log": scale} if scale else {"type": "linear"},
              "hideFrom": {"legend": False, "tooltip": False, "viz": False},
              "thresholdsStyle": {"mode": "off"}}
    if soft is not None:
        custom |= {"axisSoftMin": 0, "axisSoftMax": soft}
    options = {"legend": {"displayMode": legend, "placement": "bottom", "showLegend": True,
                          "calcs": ["lastNotNull"] if legend == "table" else []},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, size, queries, unit, options, custom=custom, **more)


def stat(title, description, size, queries, unit, thresholds=None, trend=False, text="auto", **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
               "orientation": "auto", "textMode": text, "colorMode": "value",
               "graphMode": "area" if trend else "none", "justifyMode": "auto", "wideLayout": True,
               "showPercentChange": False, "percentChangeColorMode": "standard"}
    return panel("stat", title, description, size, queries, unit, options,
                 thresholds=thresholds or PLAIN, color="thresholds", **more)


def table(title, description, size, queries, unit, sort=None, **more):
    """`sort` is (column, descending)."""
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": False}
    options = {"showHeader": True, "cellHeight": "sm",
               "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": []}, "frameIndex": 0,
               "sortBy": [{"displayName": sort[0], "desc": sort[1]}] if sort else []}
    return panel("table", title, description, size, queries, unit, options, custom=custom,
                 **{"thresholds": PLAIN, **more})


def barchart(title, description, size, queries, unit, x, horizontal=False, stacked=False, legend=True, **more):
    custom = {"lineWidth": 0, "fillOpacity": 80, "gradientMode": "none", "axisPlacement": "auto",
              "axisLabel": "", "axisColorMode": "text", "axisBorderShow": False,
              "axisCenteredZero": False, "scaleDistribution": {"type": "linear"},
              "hideFrom": {"legend": False, "tooltip": False, "viz": False},
              "thresholdsStyle": {"mode": "off"}}
    options = {"xField": x, "orientation": "horizontal" if horizontal else "vertical",
               "barWidth": 0.85, "groupWidth": 0.75, "barRadius": 0, "fullHighlight": False,
               "stacking": "normal" if stacked else "none", "showValue": "never",
               "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "xTickLabelMaxLength": 24,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": legend, "calcs": []},
               "tooltip": {"mode": "multi", "sort": "none"}}
    return panel("barchart", title, description, size, queries, unit, options, custom=custom, **more)


def bargauge(title, description, size, queries, unit, **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
               "orientation": "horizontal", "displayMode": "basic", "valueMode": "text",
               "showUnfilled": True, "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 40,
               "namePlacement": "left", "sizing": "auto",
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []}}
    return panel("bargauge", title, description, size, queries, unit, options, **more)


def state_timeline(title, description, size, queries, unit, **more):
    custom = {"lineWidth": 0, "fillOpacity": 80, "spanNulls": False, "insertNulls": False,
              "axisPlacement": "auto", "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    options = {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.8,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
               "tooltip": {"mode": "single", "sort": "none"}}
    return panel("state-timeline", title, description, size, queries, unit, options, custom=custom, **more)


# --- transformations


def merge():
    return {"id": "merge", "options": {}}


def organize(order, names=None, without=()):
    """Columns in this order, under other names, and some not at all."""
    return {"id": "organize", "options": {
        "indexByName": {name: place for place, name in enumerate(order)},
        "excludeByName": {name: True for name in without},
        "renameByName": names or {}, "includeByName": {}}}


def sort_by(field, descending=False):
    return {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": field, "desc": descending}]}}


# --- dashboards


def dashboard(uid, title, description, variables, panels, time_from, refresh="1m"):
    """Panels fill rows from left to right; a row is as high as its highest panel."""
    x = y = height = 0
    for number, each in enumerate(panels, start=1):
        wide, high = each.pop("size")
        if x + wide > 24:
            x, y, height = 0, y + height, 0
        each["id"] = number
        each["gridPos"] = {"x": x, "y": y, "w": wide, "h": high}
        x, height = x + wide, max(height, high)
    links = [{"type": "dashboards", "title": "revenue-exporter", "tags": ["revenue-exporter"],
              "asDropdown": False, "icon": "dashboard", "includeVars": False, "keepTime": False,
              "targetBlank": False, "tooltip": "", "url": ""}]
    return {"uid": uid, "title": title, "description": description, "tags": ["revenue-exporter"],
            "schemaVersion": 42, "editable": False, "graphTooltip": 1, "version": 1, "id": None,
            "timezone": "browser", "time": {"from": time_from, "to": "now"}, "refresh": refresh,
            "fiscalYearStartMonth": 0, "weekStart": "", "links": links,
            "timepicker": {}, "annotations": {"list": []},
            "templating": {"list": variables}, "panels": panels}
