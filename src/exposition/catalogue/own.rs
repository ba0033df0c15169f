//! What the exporter and its process say about themselves.

use super::{Kind, Metric, Source};

/// The exporter's own metrics, in the order of the page.
pub const METRICS: &[&Metric] = &[
    &BUILD_INFO,
    &RELOAD_SUCCESSFUL,
    &RELOAD_TIMESTAMP,
    &STATE_KEPT,
    &STATE_ERRORS,
    &ACCOUNT_STATE,
    &VIEW_UP,
    &LAST_SUCCESS,
    &REFRESH_INTERVAL,
    &REQUESTS,
    &REQUEST_DURATION,
    &TOKEN_EXPIRY,
    &TOKEN_REFRESHES,
    &BUDGET_LIMIT,
    &BUDGET_USED,
    &BUDGET_REMAINING,
    &BUDGET_WAIT,
    &ANOMALIES,
    &SERIES,
    &FOLDED_ROWS,
    &TAPRAIN_RESTATED,
    &KLAR_RESTATED,
    &RESTARTS,
    &PROCESS_CPU,
    &PROCESS_RESIDENT,
    &PROCESS_VIRTUAL,
    &PROCESS_START,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
    &PROCESS_THREADS,
];

macro_rules! own {
    ($(#[$doc:meta])* $id:ident, $kind:ident, $name:literal, $unit:expr, $labels:expr, $help:literal) => {
        $(#[$doc])*
        pub const $id: Metric = Metric {
            name: $name,
            help: $help,
            kind: Kind::$kind,
            unit: $unit,
            labels: $labels,
            source: Source::Own,
        };
    };
}

const ACCOUNT: &[&str] = &["api", "account"];
const SLOT: &[&str] = &["api", "account", "view", "range"];
const RESTATED: &[&str] = &["account", "view", "currency", "direction", "age"];

own!(
    /// The version.
    BUILD_INFO,
    Info,
    "revenue_exporter_build_info",
    None,
    &["version"],
    "Always 1; the version of the exporter."
);
own!(
    /// The last reload.
    RELOAD_SUCCESSFUL,
    Gauge,
    "revenue_exporter_config_last_reload_successful",
    None,
    &[],
    "Whether the configuration was accepted (1) or refused (0) when it was last read."
);
own!(
    /// The last good reload.
    RELOAD_TIMESTAMP,
    Gauge,
    "revenue_exporter_config_last_reload_success_timestamp_seconds",
    Some("seconds"),
    &[],
    "When the configuration was last accepted, in Unix seconds."
);
own!(
    /// Whether state survives a restart.
    STATE_KEPT,
    Gauge,
    "revenue_exporter_state_last_save_successful",
    None,
    &[],
    "Whether the state directory could be written (1) or not (0) the last time; absent without one. While it cannot, half of each request budget is spent."
);
own!(
    /// Troubles with state.
    STATE_ERRORS,
    Counter,
    "revenue_exporter_state_errors_total",
    None,
    &["reason"],
    "How often a state file could not be locked, read or written, or held nothing usable; absent without a state directory."
);
own!(
    /// The state of each account.
    ACCOUNT_STATE,
    Gauge,
    "revenue_exporter_account_state",
    None,
    &["api", "account", "state"],
    "1 for the state the account is in and 0 for the others; absent until it was asked once."
);
own!(
    /// Whether each view and range came through.
    VIEW_UP,
    Gauge,
    "revenue_exporter_view_up",
    None,
    SLOT,
    "Whether the last attempt to refresh the view's range gave figures (1) or not (0)."
);
own!(
    /// The age of each view and range.
    LAST_SUCCESS,
    Gauge,
    "revenue_exporter_last_success_timestamp_seconds",
    Some("seconds"),
    SLOT,
    "When the last good answer for the view's range arrived, in Unix seconds."
);
own!(
    /// How often each view and range is asked for.
    REFRESH_INTERVAL,
    Gauge,
    "revenue_exporter_refresh_interval_seconds",
    Some("seconds"),
    SLOT,
    "The interval at which the view's range is refreshed, as the request budget allows, in seconds."
);
own!(
    /// Requests sent.
    REQUESTS,
    Counter,
    "revenue_exporter_upstream_requests_total",
    None,
    &["api", "account", "endpoint", "outcome"],
    "Requests sent to the API, by how they ended."
);
own!(
    /// How long they took.
    REQUEST_DURATION,
    Histogram,
    "revenue_exporter_upstream_request_duration_seconds",
    Some("seconds"),
    &["api", "account", "endpoint"],
    "How long requests to the API took until their answer was whole, in seconds."
);
own!(
    /// When the access token ends.
    TOKEN_EXPIRY,
    Gauge,
    "revenue_exporter_token_expiry_timestamp_seconds",
    Some("seconds"),
    ACCOUNT,
    "When the access token ends, in Unix seconds; absent where there is none."
);
own!(
    /// Access tokens asked for.
    TOKEN_REFRESHES,
    Counter,
    "revenue_exporter_token_refreshes_total",
    None,
    &["api", "account", "outcome"],
    "Requests for an access token, by how they ended."
);
own!(
    /// The allowance.
    BUDGET_LIMIT,
    Gauge,
    "revenue_exporter_budget_limit_requests",
    None,
    ACCOUNT,
    "Requests the exporter allows itself per budget window: the API's limit less the reserve."
);
own!(
    /// What is spent.
    BUDGET_USED,
    Gauge,
    "revenue_exporter_budget_used_requests",
    None,
    ACCOUNT,
    "Requests that count against the limit now."
);
own!(
    /// What is left.
    BUDGET_REMAINING,
    Gauge,
    "revenue_exporter_budget_remaining_requests",
    None,
    &["api", "account", "origin"],
    "Requests left in the budget window: by the exporter's ledger (local), and as the API last \
     said (upstream), absent until it does."
);
own!(
    /// What the budget cost in time.
    BUDGET_WAIT,
    Counter,
    "revenue_exporter_budget_wait_seconds_total",
    Some("seconds"),
    ACCOUNT,
    "How long due requests have waited for the budget, in seconds."
);
own!(
    /// Odd answers.
    ANOMALIES,
    Counter,
    "revenue_exporter_anomalies_total",
    None,
    &["api", "account", "reason"],
    "Oddities in answers that were otherwise used."
);
own!(
    /// The size of the page.
    SERIES,
    Gauge,
    "revenue_exporter_series",
    None,
    &[],
    "Series of both APIs on this page."
);
own!(
    /// What `(other)` stands for.
    FOLDED_ROWS,
    Gauge,
    "revenue_exporter_folded_rows",
    None,
    &["api", "account", "view", "range", "dimension"],
    "Rows of the dimension that the series named (other) stand for."
);
own!(
    /// How TapRain's past moved.
    TAPRAIN_RESTATED,
    Counter,
    "taprain_restated_revenue_total",
    None,
    RESTATED,
    "Revenue added to (up) and taken from (down) days that were over, since each was first seen, \
     by how many days ago the day was; in major units of the currency."
);
own!(
    /// How Klar's past moved.
    KLAR_RESTATED,
    Counter,
    "klar_restated_net_revenue_total",
    None,
    RESTATED,
    "Net revenue attributed to (up) and taken from (down) days that were over, since each was \
     first seen, by how many days ago the day was; in major units of the currency."
);
own!(
    /// Collectors that failed.
    RESTARTS,
    Counter,
    "revenue_exporter_collector_restarts_total",
    None,
    ACCOUNT,
    "How often the account's collector failed inside the exporter and was started again."
);
own!(
    /// CPU time.
    PROCESS_CPU,
    Counter,
    "process_cpu_seconds_total",
    Some("seconds"),
    &[],
    "User and system CPU time spent, in seconds."
);
own!(
    /// Resident memory.
    PROCESS_RESIDENT,
    Gauge,
    "process_resident_memory_bytes",
    Some("bytes"),
    &[],
    "Resident memory size in bytes."
);
own!(
    /// Virtual memory.
    PROCESS_VIRTUAL,
    Gauge,
    "process_virtual_memory_bytes",
    Some("bytes"),
    &[],
    "Virtual memory size in bytes."
);
own!(
    /// When the process began.
    PROCESS_START,
    Gauge,
    "process_start_time_seconds",
    Some("seconds"),
    &[],
    "When the process started, in Unix seconds."
);
own!(
    /// Open files.
    PROCESS_OPEN_FDS,
    Gauge,
    "process_open_fds",
    None,
    &[],
    "Number of open file descriptors."
);
own!(
    /// The limit of open files.
    PROCESS_MAX_FDS,
    Gauge,
    "process_max_fds",
    None,
    &[],
    "Maximum number of open file descriptors."
);
own!(
    /// Threads.
    PROCESS_THREADS,
    Gauge,
    "process_threads",
    None,
    &[],
    "Number of operating system threads in the process."
);
