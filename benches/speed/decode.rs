//! Reading answers: Klar's rows, added up while they arrive, and TapRain's lists.

use std::collections::HashMap;
use std::hint::black_box;

use revenue_exporter::figures::klar::Tally;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::upstream::klar_rows::Rows;
use revenue_exporter::upstream::taprain;
use serde::Deserialize;
use serde_json::Value;

use crate::measure::{race, rate, timed};
use crate::options::Options;
use crate::report::Line;
use crate::rows::{Answer, DAYS};

/// Who holds the whole answer, several times over, gets no more rows than this: 2 GB of rows, 4 GB of a tree.
pub const MOST_ROWS: usize = 1_000_000;
const MOST_TREE: usize = 100_000;

pub fn klar(options: &Options) -> Vec<Line> {
    let answer = Answer::new(options.rows);
    let whole = [MOST_ROWS, MOST_TREE].map(|most| Answer::new(options.rows.min(most)).whole());
    let best = race(vec![
        Box::new(|| timed(|| black_box(add_up(&answer))).0),
        Box::new(|| timed(|| black_box(typed(&whole[0]))).0),
        Box::new(|| timed(|| black_box(untyped(&whole[1]))).0),
    ]);
    let ours = rate(answer.len(), best[0]);
    let theirs = |who: usize| rate(whole[who - 1].len(), best[who]);
    let shown = |rate: f64| format!("{rate:.0} MB/s");
    let (rows, size) = (answer.rows, answer.len() / answer.rows);
    let line = || Line::of(format!("add up {rows} rows of Klar, {size} B each"), shown(ours));
    let beside = |rival, who: usize| line().beside(rival, &shown(theirs(who)), ours / theirs(who));
    vec![
        line().goal("300 MB/s", ours >= 300.0),
        beside("`Vec<Row>`", 1).goal("1.2 x", ours / theirs(1) >= 1.2),
        beside("`serde_json::Value`", 2),
    ]
}

/// As the exporter does, at the deepest level, to the last digit, and every date by itself.
pub fn add_up(answer: &Answer) -> Tally {
    add_up_as_it_arrives(answer.rows, |each| answer.arrive(each))
}

/// The same of an answer of so many rows from anywhere.
pub fn add_up_as_it_arrives(expected: usize, arrive: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Tally {
    let (mut rows, mut tally) = (Rows::default(), Tally::new(Detail::Ad, DAYS));
    arrive(&mut |piece| rows.feed(piece, &mut |line| tally.add(line)).unwrap());
    let seen = rows.finish().unwrap();
    assert_eq!((seen.bad_rows, seen.bad_numbers), (0, 0));
    assert_eq!(tally.rows(), expected as u64);
    tally
}

/// What most programs would declare; ids are numbers or texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Row {
    channel_name: String,
    date: String,
    campaign_name: Option<String>,
    campaign_id: Option<Id>,
    ad_group_name: Option<String>,
    ad_group_id: Option<Id>,
    ad_name: Option<String>,
    ad_id: Option<Id>,
    orders: f64,
    nc: f64,
    rc: f64,
    net_revenue: f64,
    gross_revenue: f64,
    nc_net_revenue: f64,
    nc_gross_revenue: f64,
    rc_net_revenue: f64,
    rc_gross_revenue: f64,
    cost: f64,
    cm1: f64,
    cm2: f64,
    acm2: f64,
    #[serde(rename = "clv_30")]
    clv_30: f64,
    #[serde(rename = "clv_60")]
    clv_60: f64,
    #[serde(rename = "clv_90")]
    clv_90: f64,
    clicks: f64,
    impressions: f64,
}

#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

/// Sums by ad, in floats.
pub fn typed(whole: &[u8]) -> usize {
    let rows: Vec<Row> = serde_json::from_slice(whole).unwrap();
    let mut sums: HashMap<_, [f64; 18]> = HashMap::new();
    for row in &rows {
        assert!(!row.date.is_empty());
        black_box((&row.campaign_name, &row.ad_group_name, &row.ad_name));
        let key = (&row.channel_name, &row.campaign_id, &row.ad_group_id, &row.ad_id);
        let sum = sums.entry(key).or_default();
        for (sum, value) in sum.iter_mut().zip(row.figures()) {
            *sum += value;
        }
    }
    black_box(sums).len()
}

impl Row {
    fn figures(&self) -> [f64; 18] {
        [
            self.orders,
            self.nc,
            self.rc,
            self.net_revenue,
            self.gross_revenue,
            self.nc_net_revenue,
            self.nc_gross_revenue,
            self.rc_net_revenue,
            self.rc_gross_revenue,
            self.cost,
            self.cm1,
            self.cm2,
            self.acm2,
            self.clv_30,
            self.clv_60,
            self.clv_90,
            self.clicks,
            self.impressions,
        ]
    }
}

/// One sum of many would do: the time goes into the tree.
fn untyped(whole: &[u8]) -> f64 {
    let rows: Value = serde_json::from_slice(whole).unwrap();
    let revenue = |row: &Value| row.get("netRevenue").and_then(Value::as_f64);
    rows.as_array().unwrap().iter().filter_map(revenue).sum()
}

pub fn taprain(_: &Options) -> Vec<Line> {
    let body = crate::rows::taprain(100);
    let ours = || timed(|| black_box(taprain::read(black_box(&body)).unwrap())).0;
    let tree = || timed(|| black_box(serde_json::from_slice::<Value>(black_box(&body)).unwrap())).0;
    let best = race(vec![Box::new(ours), Box::new(tree)]);
    let shown = |who: usize| {
        format!("{:.0} us, {:.0} MB/s", best[who].as_secs_f64() * 1e6, rate(body.len(), best[who]))
    };
    let ratio = best[1].as_secs_f64() / best[0].as_secs_f64();
    let work = format!("read an answer of TapRain of {} B, 324 rows", body.len());
    vec![Line::of(work, shown(0)).beside("`serde_json::Value`", &shown(1), ratio)]
}
