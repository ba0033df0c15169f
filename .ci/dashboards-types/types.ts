// A dashboard of the kinds of panels that ours may have, each with its own options and its own part
// of the field configuration; the SDK's `Panel` would let any pass.
import type * as barchart from "@grafana/grafana-foundation-sdk/barchart";
import type * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import type * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as statushistory from "@grafana/grafana-foundation-sdk/statushistory";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as common from "@grafana/grafana-foundation-sdk/common";
import type * as text from "@grafana/grafana-foundation-sdk/text";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

type Query = Omit<prometheus.Dataquery, "_implementsDataqueryVariant">;

interface Config<Custom> extends Omit<dashboard.FieldConfig, "custom"> {
  custom?: Custom;
}

interface Panel<Kind extends string, Options, Custom>
  extends Omit<dashboard.Panel, "type" | "title" | "description" | "options" | "fieldConfig" | "targets"> {
  type: Kind;
  title: string;
  description: string;
  options: Options;
  fieldConfig: { defaults: Config<Custom>; overrides: dashboard.FieldConfigSource["overrides"] };
  targets: Query[];
}

type AnyPanel =
  | Panel<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | Panel<"stat", stat.Options, never>
  | Panel<"table", table.Options, common.TableFieldOptions>
  | Panel<"bargauge", bargauge.Options, never>
  | Panel<"barchart", barchart.Options, barchart.FieldConfig>
  | Panel<"state-timeline", statetimeline.Options, statetimeline.FieldConfig>
  | Panel<"status-history", statushistory.Options, statushistory.FieldConfig>
  | Panel<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | Panel<"text", text.Options, never>;

export interface Strict extends Omit<dashboard.Dashboard, "panels"> {
  panels: AnyPanel[];
}
