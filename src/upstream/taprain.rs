//! TapRain Stats on the wire: `GET /api/v1/stats`, and its answer.

use std::borrow::Cow;
use std::fmt;

use http::Method;
use rust_decimal::Decimal;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::answer::sniff;
use super::failure::Failure;
use super::json::{Json, malformed, text};
use super::transport::Request;
use crate::figures::taprain::{Breakdown, Figures, Meta, Period, Report};
use crate::model::range::{Days, Range};
use crate::model::settings::{Account, Filters};
use crate::number::Figure;
use crate::telemetry::Outcome;

/// The `endpoint` label.
pub const STATS: &str = "stats";

/// How many rows of one list are kept, some 300 bytes each; the rest is counted, and shows as
/// unattributed.
const MOST_ROWS: usize = 100_000;

/// The request for one range of one view.
///
/// The key travels in a header only (trap T18) and the zone is always sent (trap T1). `days` are
/// the dates that [`Range::MonthToDate`] and custom ranges mean now; both go out as `custom`,
/// whose `end` is inclusive as far as the documentation's example shows (trap T7).
///
/// # Errors
/// `bad_request` when the base URL makes no valid request; nothing was sent then.
pub fn request(
    account: &Account,
    filters: &Filters,
    range: &Range,
    days: Days,
) -> Result<Request, Failure> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    match range {
        Range::MonthToDate | Range::Custom { .. } => query
            .append_pair("range", "custom")
            .append_pair("start", &days.start.to_string())
            .append_pair("end", &days.last().to_string()),
        standing => query.append_pair("range", standing.label()),
    };
    query.append_pair("timezone", &account.timezone_name);
    let lists =
        [("country", &filters.country), ("offer", &filters.offer), ("source", &filters.source)];
    for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        query.append_pair(name, &values.join(","));
    }
    http::Request::builder()
        .method(Method::GET)
        .uri(format!("{}/api/v1/stats?{}", account.base_url, query.finish()))
        .header("x-api-key", account.credential.secret.header())
        .header(http::header::ACCEPT, "application/json")
        .body(())
        .map_err(|_| Failure::new(Outcome::BadRequest, "base_url makes no valid request"))
}

/// Reads a report.
///
/// # Errors
/// `not_json` for what no JSON parser reads, `api_error` for `success: false` and for JSON of
/// another shape.
pub fn read(body: &[u8]) -> Result<Report, Failure> {
    sniff(body)?;
    let text =
        std::str::from_utf8(body).map_err(|_| Failure::not_json("the answer is no UTF-8"))?;
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if envelope.success != Some(true) {
        return Err(Failure::undocumented("the API reports a failure (success is not true)"));
    }
    let data = envelope.data.ok_or_else(|| Failure::undocumented("the answer has no data"))?;
    let summary = data.summary.ok_or_else(|| Failure::undocumented("the answer has no summary"))?;
    let mut reader = Reader::default();
    let summary = reader.figures(&summary);
    if summary == Figures::default() {
        return Err(Failure::undocumented("the summary holds no figure"));
    }
    let meta = envelope.meta.unwrap_or_default();
    let many_rows = [&data.by_country, &data.by_source, &data.by_offer];
    let many_rows = many_rows.into_iter().flatten().map(|list| list.beyond).sum();
    Ok(Report {
        meta: reader.meta(&meta),
        summary,
        periods: reader.periods(data.time_series.as_ref()),
        breakdowns: [
            reader.rows(data.by_country.as_ref(), |row| row.country),
            reader.rows(data.by_source.as_ref(), |row| row.source),
            reader.rows(data.by_offer.as_ref(), |row| row.offer),
        ],
        bad_numbers: reader.bad_numbers,
        many_rows,
    })
}

#[derive(Deserialize)]
struct Envelope<'a> {
    success: Option<bool>,
    #[serde(borrow)]
    meta: Option<RawMeta<'a>>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMeta<'a> {
    #[serde(borrow)]
    period_start: Json<'a>,
    #[serde(borrow)]
    period_end: Json<'a>,
    #[serde(borrow)]
    generated_at: Json<'a>,
    #[serde(borrow)]
    requests_remaining: Json<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    summary: Option<Row<'a>>,
    #[serde(borrow)]
    time_series: Option<List<'a>>,
    #[serde(borrow)]
    by_country: Option<List<'a>>,
    #[serde(borrow)]
    by_source: Option<List<'a>>,
    #[serde(borrow)]
    by_offer: Option<List<'a>>,
}

/// The rows of one list, at most [`MOST_ROWS`] of them, and how many more there were: a row of two
/// bytes takes a hundred times as many in memory.
#[derive(Default)]
struct List<'a> {
    kept: Vec<Row<'a>>,
    beyond: u64,
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de: 'a, 'a> Visitor<'de> for List<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<Self, A::Error> {
        while self.kept.len() < MOST_ROWS {
            match rows.next_element()? {
                Some(row) => self.kept.push(row),
                None => return Ok(self),
            }
        }
        while rows.next_element::<IgnoredAny>()?.is_some() {
            self.beyond += 1;
        }
        Ok(self)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    period: Json<'a>,
    #[serde(borrow)]
    granularity: Json<'a>,
    #[serde(borrow)]
    country: Json<'a>,
    #[serde(borrow)]
    source: Json<'a>,
    #[serde(borrow)]
    offer: Json<'a>,
    #[serde(borrow)]
    clicks: Json<'a>,
    #[serde(borrow)]
    leads: Json<'a>,
    #[serde(borrow)]
    revenue: Json<'a>,
    #[serde(borrow)]
    cvr: Json<'a>,
    #[serde(borrow)]
    epc: Json<'a>,
}

#[derive(Default)]
struct Reader {
    bad_numbers: u64,
}

impl Reader {
    fn meta(&mut self, raw: &RawMeta<'_>) -> Meta {
        let instant = |raw: Json<'_>| text(raw).and_then(|text| text.parse().ok());
        let remaining = self.number(raw.requests_remaining);
        Meta {
            period_start: instant(raw.period_start),
            period_end: instant(raw.period_end),
            generated_at: instant(raw.generated_at),
            requests_remaining: remaining.and_then(|left| u64::try_from(left).ok()),
        }
    }

    fn figures(&mut self, row: &Row<'_>) -> Figures {
        Figures {
            clicks: self.number(row.clicks),
            leads: self.number(row.leads),
            revenue: self.number(row.revenue),
            cvr: self.number(row.cvr).map(|percent| percent * Decimal::new(1, 2)),
            epc: self.number(row.epc),
        }
    }

    fn period(&mut self, row: &Row<'_>) -> Period {
        Period {
            start: text(row.period).and_then(|label| label.parse().ok()),
            hourly: text(row.granularity).is_some_and(|word| word == "hour"),
            figures: self.figures(row),
        }
    }

    fn periods(&mut self, list: Option<&List<'_>>) -> Vec<Period> {
        list.into_iter().flat_map(|list| &list.kept).map(|row| self.period(row)).collect()
    }

    fn rows<'a>(&mut self, list: Option<&List<'a>>, label: fn(&Row<'a>) -> Json<'a>) -> Breakdown {
        list.map(|list| {
            list.kept
                .iter()
                .map(|row| (text(label(row)).map(Cow::into_owned), self.figures(row)))
                .collect()
        })
    }

    fn number(&mut self, raw: Json<'_>) -> Option<Decimal> {
        match Figure::read(raw.0) {
            Figure::Known(value) => Some(value),
            Figure::Absent => {
                // Trap T8: null is absent, and counted.
                self.bad_numbers += u64::from(raw.is_null());
                None
            }
            Figure::Bad => {
                self.bad_numbers += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::to_f64;
    use proptest::prelude::*;

    const SAMPLE: &[u8] = include_bytes!("../../tests/fixtures/taprain-today.json");

    fn value(figure: Option<Decimal>) -> f64 {
        to_f64(figure.unwrap())
    }

    #[test]
    fn the_vendors_sample_comes_out_exactly() {
        let report = read(SAMPLE).unwrap();
        let all = report.summary;
        assert_eq!(
            (value(all.clicks), value(all.leads), value(all.revenue)),
            (214.0, 27.0, 138.24)
        );
        assert_eq!((value(all.cvr), value(all.epc)), (0.126_168, 0.645_981));
        let countries = report.breakdowns[0].as_ref().unwrap();
        let (country, figures) = &countries[1];
        assert_eq!((country.as_deref(), value(figures.leads)), (Some("GB"), 3.0));
        assert_eq!(
            report.periods[1].start.map(|hour| hour.to_string()).as_deref(),
            Some("2026-03-18T01:00:00")
        );
        assert_eq!(report.meta.period_start.unwrap().to_string(), "2026-03-18T05:00:00Z");
        assert_eq!(report.meta.requests_remaining, None, "T4: absent is not 0");
    }

    fn outcome(body: &[u8]) -> Outcome {
        read(body).unwrap_err().outcome
    }

    #[test]
    fn t15_what_is_no_report_is_refused_before_it_is_used() {
        assert_eq!(outcome(b"<html>Bad gateway</html>"), Outcome::NotJson);
        assert_eq!(outcome(b""), Outcome::NotJson);
        assert_eq!(outcome(b"{\"success\": true, \"data\": {\"summ"), Outcome::NotJson);
        assert_eq!(
            outcome(b"{\"success\": true, \"meta\": {\"period_start\": \"\xff\xfe\"}}"),
            Outcome::NotJson
        );
        assert_eq!(outcome(br#"{"success": false, "error": "nope"}"#), Outcome::ApiError);
        assert_eq!(outcome(br#"{"data": {"summary": {}}}"#), Outcome::ApiError);
        assert_eq!(outcome(br#"{"success": true, "data": []}"#), Outcome::ApiError);
        assert_eq!(outcome(br#"{"success": true, "data": {"by_country": []}}"#), Outcome::ApiError);
    }

    #[test]
    fn t8_t12_t21_texts_nulls_and_strangers_are_met() {
        let body =
            br#"{"success": true, "new": [1], "data": {"summary": {"clicks": "7", "leads": null,
            "revenue": {}, "extra": 1}, "by_source": [{"source": null, "clicks": 1},
            {"source": "", "clicks": 2}, {"source": 5, "clicks": 4}], "by_day": {}}}"#;
        let report = read(body).unwrap();
        assert_eq!((report.summary.clicks, report.summary.leads), (Some(7.into()), None));
        assert_eq!((report.summary.revenue, report.bad_numbers), (None, 2), "a null and an object");
        let sources: Vec<_> =
            report.breakdowns[1].iter().flatten().map(|row| row.0.clone()).collect();
        assert_eq!(sources, [None, Some(String::new()), Some("5".to_owned())]);
    }

    #[test]
    fn t8_a_summary_of_nulls_is_a_failure_and_no_news() {
        let nulls = br#"{"success": true, "data": {"summary": {"clicks": null, "leads": null,
            "revenue": null, "cvr": null, "epc": null}, "by_country": null}, "meta": null}"#;
        assert_eq!(outcome(nulls), Outcome::ApiError);
        assert_eq!(outcome(br#"{"success": true, "data": {"summary": {}}}"#), Outcome::ApiError);
    }

    #[test]
    fn rows_beyond_the_most_that_are_kept_are_counted_and_cost_no_memory() {
        let rows = "{},".repeat(MOST_ROWS + 2);
        let list = format!("[{rows}{{}}]");
        let body = format!(
            r#"{{"success": true, "data": {{"summary": {{"clicks": 1}}, "time_series": {list},
            "by_source": {list}}}}}"#
        );
        let report = read(body.as_bytes()).unwrap();
        assert_eq!(report.breakdowns[1].as_ref().map(Vec::len), Some(MOST_ROWS));
        assert_eq!((report.periods.len(), report.many_rows), (MOST_ROWS, 3));
    }

    #[test]
    fn a_name_cut_inside_an_emoji_keeps_the_rest_of_it() {
        let body = br#"{"success": true, "data": {"summary": {"clicks": 1},
            "by_offer": [{"offer": "Sale \ud83d", "clicks": 1}]}}"#;
        let offers = read(body).unwrap().breakdowns[2].take().unwrap();
        assert!(offers[0].0.as_deref().is_some_and(|name| name.starts_with("Sale \u{fffd}")));
    }

    #[test]
    fn t9_reversals_may_make_revenue_negative() {
        let body = br#"{"success": true, "data": {"summary": {"revenue": -12.5}}}"#;
        assert_eq!(value(read(body).unwrap().summary.revenue), -12.5);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body);
        }

        #[test]
        fn a_sample_cut_or_bent_anywhere_is_survived(at in 0..SAMPLE.len() - 2, byte in any::<u8>()) {
            prop_assert!(read(&SAMPLE[..at]).is_err());
            let mut bent = SAMPLE.to_vec();
            bent[at] = byte;
            let _ = read(&bent);
        }
    }
}
