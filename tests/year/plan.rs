//! What is watched: two accounts in their zones, how often they ask, and from when until when.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use revenue_exporter::demo::world::Size;
use revenue_exporter::demo::{klar, taprain};
use revenue_exporter::model::Api;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{
    Account, CredentialSource, KlarLimits, RangeEvery, Settings, TapRainLimits,
};

use crate::support::{every, klar_account, settings, taprain_account};

/// A small business: many answers are read, and each of them twice.
pub const SIZE: Size = Size { leads_per_day: 45, sources: 5, ads_per_group: 1 };

/// Fewer than there are, so that every level folds.
pub const TAPRAIN_LIMITS: TapRainLimits = TapRainLimits { country: 4, source: 3, offer: 6 };
pub const KLAR_LIMITS: KlarLimits = KlarLimits { channel: 5, campaign: 7, ad_group: 9, ad: 9 };

/// How often the exporter is killed or stopped in a year, and begins again with its state.
pub const RESTARTS: usize = 200;

/// How often the clock of its machine is set wrong in a year, and right again after a while.
pub const STEPS: usize = 20;

/// How often a key's file is looked at: rarely, because that takes the time of a real disk. A key that
/// was refused has its file read at once.
const SECRETS_EVERY: Duration = Duration::from_secs(3600);

/// One stretch of virtual time.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub start: Timestamp,
    pub end: Timestamp,
    /// TapRain's and Klar's zones.
    pub zones: [&'static str; 2],
    /// By how much every interval is longer than in the year.
    pub slower: u64,
    /// Hours between two troubles of an API, on average.
    pub calm_hours: u64,
    /// How often the exporter is killed or stopped, and started again.
    pub restarts: usize,
    /// How often the clock of the exporter's machine is stepped.
    pub steps: usize,
}

/// An account as the judge knows it.
pub struct Watched {
    pub api: Api,
    pub host: &'static str,
    pub zone: TimeZone,
    pub zone_name: &'static str,
    pub currency: &'static str,
    /// One for each slot.
    pub ranges: Vec<Range>,
}

impl Watched {
    /// The date at `now`, reckoned by the judge itself.
    pub fn date(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }
}

impl Plan {
    /// Both accounts, TapRain first, as on the board.
    pub fn watched(&self) -> Vec<Watched> {
        let watched = |api, host, zone_name, currency, ranges: Vec<RangeEvery>| Watched {
            api,
            host,
            zone: TimeZone::get(zone_name).unwrap(),
            zone_name,
            currency,
            ranges: ranges.into_iter().map(|wanted| wanted.range).collect(),
        };
        let [taprain, klar] = self.zones;
        vec![
            watched(Api::TapRain, "t", taprain, "USD", self.taprain_ranges()),
            watched(Api::Klar, "k", klar, "EUR", self.klar_ranges()),
        ]
    }

    /// What the exporter is told; the credentials stand in `keys`.
    pub fn settings(&self, keys: &Path) -> Settings {
        let mut taprain = taprain_account("t", self.taprain_ranges());
        taprain.common.history_days = 35;
        taprain.limits = TAPRAIN_LIMITS;
        let mut klar = klar_account("k", Detail::Campaign, self.klar_ranges());
        klar.common.history_days = 60;
        klar.limits = KLAR_LIMITS;
        let named = [(&mut taprain.common, taprain::KEY), (&mut klar.common, klar::REFRESH_TOKEN)];
        for ((account, key), zone) in named.into_iter().zip(self.zones) {
            locate(account, zone, &keys.join(&*account.name.clone()), key);
        }
        let mut settings = settings(vec![taprain], vec![klar]);
        settings.collection.secrets_every = SECRETS_EVERY;
        settings
    }

    fn taprain_ranges(&self) -> Vec<RangeEvery> {
        self.slowed(&[
            (Range::Today, 5),
            (Range::Hour, 10),
            (Range::Yesterday, 30),
            (Range::SevenDays, 60),
            (Range::ThirtyDays, 120),
            (Range::MonthToDate, 120),
        ])
    }

    fn klar_ranges(&self) -> Vec<RangeEvery> {
        self.slowed(&[
            (Range::Today, 10),
            (Range::Yesterday, 60),
            (Range::SevenDays, 120),
            (Range::ThirtyDays, 360),
        ])
    }

    /// Ranges by their minutes in the year; the rarest do not become rarer.
    fn slowed(&self, ranges: &[(Range, u64)]) -> Vec<RangeEvery> {
        let minutes = |minutes: u64| (minutes * self.slower).clamp(minutes, 360);
        ranges.iter().map(|(range, often)| every(range.clone(), 60 * minutes(*often))).collect()
    }
}

fn locate(account: &mut Account, zone: &str, path: &Path, key: &str) {
    account.timezone = TimeZone::get(zone).unwrap();
    account.timezone_name = zone.into();
    account.credential.source = CredentialSource::File(path.to_owned());
    std::fs::write(path, key).unwrap();
}
