//! Answers in the vendors' shape, small, made once for every question.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Answers by the question's path, for as long as it is the same day.
#[derive(Default)]
pub struct Answers {
    made: HashMap<String, String>,
    day: Option<Date>,
}

impl Answers {
    /// The whole answer to a request for `path`; `token` is what a token request gets.
    pub fn get(&mut self, path: &str, token: &str) -> String {
        if path.starts_with("/public/auth") {
            let body = format!("{{\"accessToken\":\"{token}\",\"expiresIn\":300000}}");
            return http("201 Created", &body);
        }
        let today = now_in("America/New_York").date();
        if self.day.replace(today) != Some(today) {
            self.made.clear();
        }
        let make =
            || http("200 OK", &if path.starts_with("/api") { stats(path) } else { report(path) });
        self.made.entry(path.to_owned()).or_insert_with(make).clone()
    }
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn now_in(zone: &str) -> DateTime {
    Timestamp::now().to_zoned(TimeZone::get(zone).unwrap()).datetime()
}

fn parameter<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let query = path.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// One row of each dimension and two hours, as in the vendor's sample.
fn stats(path: &str) -> String {
    let zone = TimeZone::get("America/New_York").unwrap();
    let today = now_in("America/New_York").date();
    let range = parameter(path, "range").unwrap();
    let day = match range {
        "yesterday" => today.yesterday().unwrap(),
        "custom" => parameter(path, "start").unwrap().parse().unwrap(),
        _ => today,
    };
    let start = day.to_zoned(zone).unwrap().timestamp();
    let end = if day == today { Timestamp::now() } else { start + 24.hours() };
    let figures = r#""clicks":214,"leads":27,"revenue":138.24,"cvr":12.6168,"epc":0.645981}"#;
    let half = r#""clicks":107,"leads":13,"revenue":69.12,"cvr":12.1495,"epc":0.645981}"#;
    let hours: Vec<_> = (0..2)
        .map(|hour| format!(r#"{{"period":"{day} {hour:02}:00","granularity":"hourly",{half}"#))
        .collect();
    format!(
        r#"{{"success":true,"meta":{{"range":"{range}","timezone":"America/New_York","granularity":"hourly","period_start":"{start}","period_end":"{end}","generated_at":"{}","filters":{{"country":null,"offer":null,"source":null}}}},"data":{{"summary":{{{figures},"time_series":[{}],"by_country":[{{"country":"US",{figures}],"by_source":[{{"source":"tiktok_1",{figures}],"by_offer":[{{"offer":"Freecash CPI",{figures}]}}}}"#,
        Timestamp::now(),
        hours.join(","),
    )
}

/// One channel a day.
fn report(path: &str) -> String {
    let [start, end] = ["startDate", "endDate"]
        .map(|name| parameter(path, name).unwrap().parse::<Date>().unwrap());
    let days = start.series(1.day()).take_while(|day| *day < end);
    let rows: Vec<_> = days
        .map(|day| {
            format!(
                r#"{{"channelName":"Google Generic Paid Search","date":"{day}","campaignName":"Sample","campaignId":123,"adGroupName":"Catch all","adGroupId":123,"adName":"Sample","adId":123,"orders":2.1329447083,"nc":1.299611375,"rc":0.8333333333,"netRevenue":126.8840278483,"grossRevenue":136.5776026566,"cost":2.2488128275,"cm1":82.8780053944,"cm2":72.1865404057,"clv_30":44.346015638,"clv_60":44.346015638,"clv_90":44.346015638,"acm2":44.346015638,"ncGrossRevenue":82.0942693233,"rcGrossRevenue":54.4833333333,"ncNetRevenue":75.9650247472,"rcNetRevenue":50.9190031011}}"#
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}
