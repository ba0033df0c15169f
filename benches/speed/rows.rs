//! What the two APIs might answer, the same in every run.

use std::fmt::Write as _;

use fastrand::Rng;
use jiff::civil::date;
use revenue_exporter::model::range::Days;

/// The dates that Klar's rows are booked to.
pub const DAYS: Days = Days { start: date(2026, 3, 1), end: date(2026, 3, 29) };

/// How much of an answer arrives at once.
pub const PIECE: usize = 64 * 1024;

/// No more rows than these, some 35 MB, are made; a longer answer repeats them.
const BLOCK: usize = 62_500;

/// Klar's fields that are figures, as its own sample orders them.
const FIGURES: [&str; 18] = [
    "orders",
    "nc",
    "rc",
    "netRevenue",
    "grossRevenue",
    "cost",
    "cm1",
    "cm2",
    "clv_30",
    "clv_60",
    "clv_90",
    "acm2",
    "ncGrossRevenue",
    "rcGrossRevenue",
    "ncNetRevenue",
    "rcNetRevenue",
    "clicks",
    "impressions",
];

/// An answer of Klar of many rows, some 550 bytes each.
pub struct Answer {
    block: Vec<u8>,
    repeats: usize,
    pub rows: usize,
}

impl Answer {
    pub fn new(rows: usize) -> Self {
        let (mut random, mut text) = (Rng::with_seed(7), String::new());
        let repeats = rows.div_ceil(BLOCK);
        for _ in 0..rows / repeats {
            row(&mut random, &mut text);
            text.push(',');
        }
        Self { block: text.into_bytes(), repeats, rows: rows / repeats * repeats }
    }

    /// How long it is.
    pub fn len(&self) -> usize {
        self.repeats * self.block.len() + 1
    }

    /// Hands it over as it might arrive, without ever being whole.
    pub fn arrive(&self, mut each: impl FnMut(&[u8])) {
        each(b"[");
        let (last, block) = self.block.split_last().unwrap();
        for _ in 1..self.repeats {
            self.block.chunks(PIECE).for_each(&mut each);
        }
        block.chunks(PIECE).for_each(&mut each);
        assert_eq!(*last, b',');
        each(b"]");
    }

    /// All of it, for who needs it whole.
    pub fn whole(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.len());
        self.arrive(|piece| whole.extend_from_slice(piece));
        whole
    }
}

/// One of some 6,000 ads; a twentieth of the rows is of no campaign at all.
fn row(random: &mut Rng, out: &mut String) {
    const CHANNELS: [&str; 6] = ["Facebook", "Google", "TikTok", "Email", "Pinterest", "Criteo"];
    let channel = random.usize(..CHANNELS.len());
    let (campaign, group, ad) = (random.u32(..20), random.u32(..10), random.u32(..5));
    let day = random.i8(1..=28);
    write!(out, r#"{{"channelName":"{} Paid","date":"2026-03-{day:02}""#, CHANNELS[channel])
        .unwrap();
    if random.u8(..20) > 0 {
        let id = 120_200_000 + 1000 * u32::try_from(channel).unwrap() + 20 * campaign;
        write!(
            out,
            r#","campaignName":"Spring {campaign}","campaignId":{id},"adGroupName":"Broad {group}""#
        )
        .unwrap();
        write!(out, r#","adGroupId":"{id}{group}","adName":"Video {ad}","adId":{id}{group}{ad}"#)
            .unwrap();
    }
    for name in FIGURES {
        // Shares of orders have many digits, clicks have none, and something is always nothing.
        let value = match name {
            "clicks" | "impressions" => f64::from(random.u32(..5000)),
            _ if random.u8(..4) == 0 => 0.0,
            _ => (random.f64() * 2e12).round() / 1e10,
        };
        write!(out, r#","{name}":{value}"#).unwrap();
    }
    out.push('}');
}

/// An answer of TapRain: a day of hours and this many members of each dimension.
pub fn taprain(members: usize) -> Vec<u8> {
    let mut random = Rng::with_seed(11);
    let mut figures = move || {
        let (clicks, leads, cents) = (random.u32(1..5000), random.u32(..500), random.u32(..90_000));
        let (revenue, share) = (f64::from(cents) / 100.0, f64::from(leads) / f64::from(clicks));
        let (cvr, epc) = (share * 100.0, revenue / f64::from(clicks));
        format!(
            r#""clicks":{clicks},"leads":{leads},"revenue":{revenue},"cvr":{cvr:.4},"epc":{epc:.6}"#
        )
    };
    let summary = figures();
    let mut list = |count: usize, head: &dyn Fn(usize) -> String| {
        let rows: Vec<_> = (0..count).map(|at| format!("{{{},{}}}", head(at), figures())).collect();
        rows.join(",")
    };
    let hour = |at: usize| format!(r#""period":"2026-03-18 {at:02}:00","granularity":"hour""#);
    let hours = list(24, &hour);
    let countries = list(members, &|at| format!(r#""country":"C{at}""#));
    let sources = list(members, &|at| format!(r#""source":"newsletter_{at}""#));
    let offers = list(members, &|at| format!(r#""offer":"Freecash – iOS, level {at}""#));
    let meta = r#""range":"today","timezone":"America/New_York","granularity":"hour","period_start":"2026-03-18T05:00:00.000Z","period_end":"2026-03-18T17:43:12.000Z","generated_at":"2026-03-18T17:43:12.418Z""#;
    format!(
        r#"{{"success":true,"meta":{{{meta}}},"data":{{"summary":{{{summary}}},"time_series":[{hours}],"by_country":[{countries}],"by_source":[{sources}],"by_offer":[{offers}]}}}}"#
    )
    .into_bytes()
}
