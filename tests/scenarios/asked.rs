//! The questions of an ordeal, and what their answers put on the page.

use revenue_exporter::clock::Clock;
use revenue_exporter::model::range::{Days, Range, local_date};

use crate::support::expectation;
use crate::support::page::Page;
use crate::support::recorder::Heard;
use crate::support::truth::{self, Limits, Series};
use crate::support::truth_klar::{self, Naming};

/// A (view, range) and the question that it asks.
pub(super) struct Asked {
    pub(super) host: &'static str,
    pub(super) view: &'static str,
    pub(super) range: Range,
    zone: &'static str,
}

pub(super) const ASKED: [Asked; 5] = [
    Asked { host: "t", view: "all", range: Range::Today, zone: "America/New_York" },
    Asked { host: "t", view: "all", range: Range::Yesterday, zone: "America/New_York" },
    Asked { host: "t", view: "all", range: Range::SevenDays, zone: "America/New_York" },
    Asked { host: "k", view: "default", range: Range::Today, zone: "Europe/Berlin" },
    Asked { host: "k", view: "linear", range: Range::Yesterday, zone: "Europe/Berlin" },
];

impl Asked {
    /// The dates that it means at this instant.
    pub(super) fn days(&self, at: jiff::Timestamp) -> Days {
        self.range.days(local_date(at, &jiff::tz::TimeZone::get(self.zone).unwrap()))
    }

    /// The last answer to this question, if it was asked of the dates that it means now.
    pub(super) fn last_answer<'a>(&self, heard: &'a [Heard], clock: &Clock) -> Option<&'a Heard> {
        let days = self.days(clock.wall());
        let parts = match self.host {
            "t" => vec![format!("range={}", self.range.label())],
            _ => vec![
                format!("startDate={}", days.start),
                format!("endDate={}", days.end),
                format!("metric={}", if self.view == "linear" { "linear" } else { "data_driven" }),
            ],
        };
        let asks = |query: &str| parts.iter().all(|part| query.split('&').any(|own| own == part));
        let mut mine = heard.iter().filter(|heard| heard.host == self.host && asks(&heard.query));
        mine.next_back().filter(|heard| self.days(heard.asked.wall) == days)
    }

    pub(super) fn figures(&self, heard: &Heard) -> Series {
        let Days { start, end } = self.days(heard.asked.wall);
        let labels = format!("account=\"{}\",view=\"{}\"", self.host, self.view);
        let range = format!("range=\"{}\"", self.range.label());
        if self.host == "t" {
            let limits = Limits { country: 60, source: 50, offer: 50 };
            return truth::taprain(&heard.body, &format!("{labels},{range}"), "USD", &limits);
        }
        if &*heard.body == b"[]" {
            return Series::new();
        }
        let model = if self.view == "linear" { "linear" } else { "data_driven" };
        let labels = format!(
            "{labels},model=\"{model}\",attribution_window=\"7_day\",date_basis=\"order\",{range}"
        );
        // Channels only.
        let limits = [usize::MAX];
        let naming = Naming { labels: &labels, currency: "EUR", zone: self.zone, limits: &limits };
        let mut series =
            truth_klar::klar(&[&heard.body], (&start.to_string(), &end.to_string()), &naming);
        if self.range == Range::Yesterday {
            // An ordeal is days long, and nobody asks for weeks: nothing can be expected.
            let view = format!("account=\"{}\",view=\"{}\"", self.host, self.view);
            series.extend(expectation::series(&[None, None, None, None], &view, ""));
        }
        series
    }

    /// What the exporter says of it.
    pub(super) fn own(&self, page: &Page, name: &str) -> f64 {
        let (view, range) = (self.view, self.range.label());
        let api = if self.host == "t" { "taprain" } else { "klar" };
        page.get(&format!(
            "revenue_exporter_{name}{{api=\"{api}\",account=\"{}\",view=\"{view}\",range=\"{range}\"}}",
            self.host
        ))
    }
}
