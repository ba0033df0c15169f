//! The business at Klar: orders of a shop, credited to the ads that brought them.

use jiff::ToSpan;
use jiff::civil::Date;

use super::feast::feast_factor;
use super::incident::{Incident, What};
use super::{Size, between, bits, day_factor, done_after, hash, poisson};

/// Orders of the shop for each TapRain lead, so that both earn about the same.
const ORDERS_PER_LEAD: f64 = 0.1;

/// The share of a day's orders that is credited only in the day after it.
const LATE: f64 = 0.05;

/// The share of the orders whose touchpoint lay a day before them.
const TOUCHED_BEFORE: f64 = 0.2;

/// Minutes after a day's end until nothing about it changes any more.
pub(in crate::demo) const MATURE_AFTER: i64 = 24 * 60;

/// Minutes between two trainings of the models.
const TRAINED_EVERY: i64 = 8 * 24 * 60;

/// Minutes after a day's end for which a training still restates it.
const RESTATED_FOR: i64 = 28 * 24 * 60;

/// Figures are fixed-point numbers with this many units, so that sums hold to the last digit.
pub(in crate::demo) const UNIT: i64 = 10_000_000_000;

/// A marketing channel: name, share of the orders, cost per order (`None` is organic).
const CHANNELS: [(&str, f64, Option<f64>); 6] = [
    ("Google Generic Paid Search", 0.28, Some(14.5)),
    ("Influencer, \"Podcast\" & Friends", 0.08, Some(21.0)),
    ("Meta Ads", 0.24, Some(17.8)),
    ("Newsletter", 0.10, Some(1.9)),
    ("Organic Social", 0.14, None),
    ("TikTok Ads", 0.16, Some(12.2)),
];

/// The shop and its ads.
#[derive(Debug)]
pub(in crate::demo) struct Shop {
    seed: u64,
    orders_per_day: f64,
    /// Whether the models are trained again and again.
    revised: bool,
    /// Whether holidays are kept.
    festive: bool,
    /// Whether orders come one by one.
    lively: bool,
    pub(super) incident: Option<Incident>,
    /// Sorted as the report lists them.
    pub(in crate::demo) ads: Vec<Ad>,
    /// Shares of credit: one row per model, one number per channel.
    credit: Vec<Vec<f64>>,
}

/// An ad, or an organic channel as a whole.
#[derive(Debug)]
pub(in crate::demo) struct Ad {
    pub(in crate::demo) channel: &'static str,
    /// Campaign, ad group and ad, each with its id as JSON; `None` is organic.
    pub(in crate::demo) path: Option<[(String, String); 3]>,
    channel_index: usize,
    number: u64,
    share: f64,
    cost_per_order: Option<f64>,
}

/// Which orders count for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::demo) struct Attribution {
    /// The model's place on the vendor's page.
    pub(in crate::demo) model: usize,
    /// The window's place on the vendor's page.
    pub(in crate::demo) window: usize,
    /// Booked to the touchpoint's date.
    pub(in crate::demo) touch: bool,
}

/// How much of a day is over, and how much of the next.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Seen {
    /// The visible share of the day's own orders, 0 to 1.
    pub(in crate::demo) own: f64,
    /// The same of the day after it.
    pub(in crate::demo) next: f64,
    /// The last training that restated the day; 0 is none.
    pub(in crate::demo) edition: u64,
    /// Between which shares of the day, and of the next, an incident was under way.
    pub(in crate::demo) trouble: [(f64, f64); 2],
    /// Whether what restates days that are over has happened.
    pub(in crate::demo) restated: bool,
}

impl Seen {
    /// A whole day.
    #[cfg(test)]
    const ALL: Self =
        Self { own: 1.0, next: 1.0, edition: 0, trouble: [(0.0, 0.0); 2], restated: false };
}

/// One row's figures, in [`UNIT`]s; clicks and impressions whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Figures {
    pub(in crate::demo) nc: i64,
    pub(in crate::demo) rc: i64,
    pub(in crate::demo) nc_net: i64,
    pub(in crate::demo) rc_net: i64,
    pub(in crate::demo) nc_gross: i64,
    pub(in crate::demo) rc_gross: i64,
    pub(in crate::demo) cm1: i64,
    pub(in crate::demo) cm2: i64,
    pub(in crate::demo) acm2: i64,
    pub(in crate::demo) clv: [i64; 3],
    pub(in crate::demo) paid: Option<Paid>,
}

/// What only paid rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Paid {
    pub(in crate::demo) cost: i64,
    pub(in crate::demo) clicks: i64,
    pub(in crate::demo) impressions: i64,
}

impl Shop {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let ads = CHANNELS
            .iter()
            .enumerate()
            .flat_map(|(index, _)| channel_ads(seed, index, size.ads_per_group.max(1)))
            .collect();
        Self {
            seed,
            orders_per_day: f64::from(size.leads_per_day) * ORDERS_PER_LEAD,
            revised: false,
            festive: false,
            lively: false,
            incident: None,
            ads,
            credit: (0..9).map(|model| credit(seed, model)).collect(),
        }
    }

    /// The same shop, whose models are trained again and again.
    pub(super) fn revised(self) -> Self {
        Self { revised: true, ..self }
    }

    /// The same shop, by whose dates holidays are kept.
    pub(super) fn festive(self) -> Self {
        Self { festive: true, ..self }
    }

    /// The same shop, whose orders come one by one.
    pub(super) fn lively(self) -> Self {
        Self { lively: true, ..self }
    }

    /// The same shop, to which something happens.
    pub(super) fn befallen(self, incident: Incident) -> Self {
        Self { incident: Some(incident), ..self }
    }

    /// The last training that restated a day which ended at the minute `end`, as of the minute
    /// `now`; 0 is none.
    pub(in crate::demo) fn edition(&self, end: i64, now: i64) -> u64 {
        let (first, last) = (end + MATURE_AFTER, now.min(end + RESTATED_FOR));
        let number = last.div_euclid(TRAINED_EVERY);
        let trained = |number: i64| {
            let late = between(0.0, 3.0, self.seed, &[31, bits(number)]);
            number * TRAINED_EVERY + whole(late * 24.0 * 60.0)
        };
        let known = [number, number - 1].into_iter().find(|number| trained(*number) <= last);
        let counts = |number: &i64| self.revised && trained(*number) >= first;
        known.filter(counts).map_or(0, i64::unsigned_abs)
    }

    /// What `ad` earned on the day `number` days after the epoch.
    pub(in crate::demo) fn figures(
        &self,
        ad: &Ad,
        number: i64,
        seen: Seen,
        attribution: Attribution,
    ) -> Figures {
        let own = self.ordered(ad, number, seen.own, seen.trouble[0]);
        let booked = if attribution.touch {
            let next = self.ordered(ad, number + 1, seen.next, seen.trouble[1]);
            own * (1.0 - TOUCHED_BEFORE) + next * TOUCHED_BEFORE
        } else {
            own
        };
        let spent = self.spent(ad, seen);
        let paid = ad.cost_per_order.map(|cost| self.paid(ad, number, cost) * spent).map(paid);
        let day = [ad.number, bits(number)];
        let credited = booked * self.credit(ad, attribution) * self.restated(day, seen.edition);
        self.earned(credited * self.moved(ad, seen), day, paid)
    }

    /// The orders of a day of which the share `seen` is over.
    fn ordered(&self, ad: &Ad, number: i64, seen: f64, trouble: (f64, f64)) -> f64 {
        let left = match self.incident.map(|incident| incident.what) {
            Some(What::Orders(left)) => left,
            _ => 1.0,
        };
        let expected = self.orders(ad, number);
        if !self.lively {
            return expected * (seen - (1.0 - left) * overlap(seen, trouble));
        }
        let mut rng = fastrand::Rng::with_seed(hash(self.seed, &[14, ad.number, bits(number)]));
        let count = poisson(expected, &mut rng);
        let orders = (0..count).map(|_| (rng.f64(), rng.f64()));
        let lost = |at: f64, luck: f64| trouble.0 <= at && at < trouble.1 && luck >= left;
        orders.filter(|(at, luck)| *at < seen && !lost(*at, *luck)).count() as f64
    }

    /// The share of a day's cost that is told.
    fn spent(&self, ad: &Ad, seen: Seen) -> f64 {
        match self.incident.map(|incident| incident.what) {
            Some(What::CostUntold(channel)) if channel == ad.channel => {
                seen.own - overlap(seen.own, seen.trouble[0])
            }
            _ => seen.own,
        }
    }

    /// By how much an incident moves what days before it are credited with.
    fn moved(&self, ad: &Ad, seen: Seen) -> f64 {
        match self.incident.map(|incident| incident.what) {
            // What the third channel gains, the first loses: their shares are 0.24 and 0.28.
            Some(What::Recredited) if seen.restated => match ad.channel_index {
                0 => 1.0 - 0.3 * 0.24 / 0.28,
                2 => 1.3,
                _ => 1.0,
            },
            Some(What::Returned(share)) if seen.restated => 1.0 - share,
            _ => 1.0,
        }
    }

    fn earned(&self, orders: f64, day: [u64; 2], paid: Option<Paid>) -> Figures {
        let [ad, date] = day;
        let draw = |low, high, what| between(low, high, self.seed, &[what, ad, date]);
        let new = orders * draw(0.5, 0.72, 20);
        let nc_net = new * draw(48.0, 66.0, 21);
        let rc_net = (orders - new) * draw(54.0, 72.0, 22);
        let cm1 = (nc_net + rc_net) * 0.653;
        let cost = paid.map_or(0.0, |paid| paid.cost as f64 / UNIT as f64);
        let cm2 = cm1 * 0.9 - cost;
        let clv = nc_net * 0.584;
        Figures {
            nc: fixed(new),
            rc: fixed(orders - new),
            nc_net: fixed(nc_net),
            rc_net: fixed(rc_net),
            nc_gross: fixed(nc_net * 1.08),
            rc_gross: fixed(rc_net * 1.07),
            cm1: fixed(cm1),
            cm2: fixed(cm2),
            acm2: fixed(cm2 * 0.614),
            clv: [fixed(clv), fixed(clv * 1.06), fixed(clv * 1.11)],
            paid,
        }
    }

    /// By how much a training moved what an ad is credited with on a day.
    fn restated(&self, [ad, date]: [u64; 2], edition: u64) -> f64 {
        if edition == 0 { 1.0 } else { between(0.95, 1.06, self.seed, &[30, ad, date, edition]) }
    }

    /// All orders an ad brings on a day, before any model shares them out.
    fn orders(&self, ad: &Ad, number: i64) -> f64 {
        let noise = between(0.6, 1.4, self.seed, &[10, ad.number, bits(number)]);
        let feast = if self.festive { feast_factor(day_of(number)) } else { 1.0 };
        self.orders_per_day * ad.share * day_factor(number) * feast * noise
    }

    /// What an ad costs on a day; no attribution changes that.
    fn paid(&self, ad: &Ad, number: i64, cost_per_order: f64) -> f64 {
        let noise = between(0.8, 1.2, self.seed, &[11, ad.number, bits(number)]);
        self.orders_per_day * ad.share * cost_per_order * noise
    }

    fn credit(&self, ad: &Ad, attribution: Attribution) -> f64 {
        // unlimited, 1_day, 7_day, 28_day
        const WINDOWS: [f64; 4] = [1.0, 0.7, 0.9, 0.97];
        let row = self.credit.get(attribution.model);
        let model = row.and_then(|row| row.get(ad.channel_index)).copied().unwrap_or(1.0);
        model * WINDOWS.get(attribution.window).copied().unwrap_or(1.0)
    }
}

/// How much of `from..until` lies below `seen`.
fn overlap(seen: f64, (from, until): (f64, f64)) -> f64 {
    (until.min(seen) - from).max(0.0)
}

/// The share of a day's orders that shows `elapsed` minutes after the beginning of a day of
/// `length` minutes.
pub(in crate::demo) fn visible(elapsed: i64, length: i64) -> f64 {
    let (elapsed, length) = (elapsed as f64, length.max(1) as f64);
    let late = ((elapsed - length) / MATURE_AFTER as f64).clamp(0.0, 1.0);
    (1.0 - LATE) * done_after(elapsed / length) + LATE * late
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days from the epoch to `date`.
pub(in crate::demo) fn day_number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// The date `number` days after the epoch.
fn day_of(number: i64) -> Date {
    EPOCH.saturating_add(number.days())
}

/// How a model shares the orders among the channels. Only the two that count every click
/// (`any_click`, `any_click_unique`) hand out more orders than there are (trap K13).
fn credit(seed: u64, model: u64) -> Vec<f64> {
    let total = match model {
        4 => 1.7,
        5 => 1.35,
        _ => 1.0,
    };
    let raw = |channel: usize| between(0.7, 1.3, seed, &[12, model, channel as u64]);
    let sum: f64 =
        CHANNELS.iter().enumerate().map(|(index, (_, share, _))| share * raw(index)).sum();
    (0..CHANNELS.len()).map(|index| total * raw(index) / sum).collect()
}

/// Two campaigns of two ad groups each; an organic channel is one row of its own.
fn channel_ads(seed: u64, channel_index: usize, per_group: usize) -> Vec<Ad> {
    let Some((channel, share, cost_per_order)) = CHANNELS.get(channel_index).copied() else {
        return Vec::new();
    };
    let count = if cost_per_order.is_some() { 4 * per_group } else { 1 };
    let number = |ad: usize| (channel_index * 1_000_000 + ad) as u64;
    let weight = |ad: usize| between(0.5, 1.5, seed, &[13, number(ad)]);
    let all: f64 = (0..count).map(weight).sum();
    let ad = |ad: usize| Ad {
        channel,
        path: cost_per_order.map(|_| path(channel_index, ad, per_group)),
        channel_index,
        number: number(ad),
        share: share * weight(ad) / all,
        cost_per_order,
    };
    (0..count).map(ad).collect()
}

/// Names and ids from the campaign down; each channel writes its ids in its own way (trap K4).
fn path(channel: usize, ad: usize, per_group: usize) -> [(String, String); 3] {
    let (campaign, group) = (ad / (2 * per_group), ad / per_group);
    let names = [
        format!("{} {}", ["Always on", "Spring sale, 20 %"][campaign % 2], campaign + 1),
        format!("{} {}", ["Catch all", "Lookalike \u{1f6d2}"][group % 2], group + 1),
        format!("Ad {:03}", ad + 1),
    ];
    let ids = [campaign, group, ad];
    let mut levels = names.into_iter().zip(ids);
    std::array::from_fn(|level| {
        levels.next().map(|(name, index)| (name, id(channel, level, index))).unwrap_or_default()
    })
}

fn id(channel: usize, level: usize, index: usize) -> String {
    const PREFIXES: [&str; 3] = ["cmp", "grp", "ad"];
    match channel {
        0 => (20_518_334_771 + level * 1_000_000 + index).to_string(),
        1 => format!("\"{}_{}\"", PREFIXES[level % 3], 67_890 + index),
        // Unique only within its level, as the vendor's sample has it.
        3 => (123 + index).to_string(),
        5 => (1_764_982_107_355_649_025 + level * 1_000_000 + index).to_string(),
        _ => (120_210_987_654_321_000 + level * 1_000_000 + index).to_string(),
    }
}

fn paid(cost: f64) -> Paid {
    let clicks = whole(cost / 0.45);
    Paid { cost: fixed(cost), clicks, impressions: whole(cost / 0.45 * 55.0) }
}

fn fixed(value: f64) -> i64 {
    whole(value * UNIT as f64)
}

fn whole(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far above any shop's figures")]
    let whole = value.round() as i64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Attribution = Attribution { model: 2, window: 0, touch: false };

    fn orders(shop: &Shop, number: i64, attribution: Attribution) -> f64 {
        let seen = Seen::ALL;
        let one = |ad: &Ad| {
            let figures = shop.figures(ad, number, seen, attribution);
            (figures.nc + figures.rc) as f64 / UNIT as f64
        };
        shop.ads.iter().map(one).sum()
    }

    #[test]
    fn a_day_only_ever_grows_until_it_is_mature() {
        let shares: Vec<f64> = (0..3_000).map(|elapsed| visible(elapsed, 1_380)).collect();
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(shares[0], 0.0);
        assert!((visible(1_380 + MATURE_AFTER, 1_380) - 1.0).abs() < 1e-12);
        assert_eq!(visible(-5, 1_440), 0.0);
    }

    #[test]
    fn models_move_orders_between_channels() {
        let shop = Shop::new(1, Size::DEFAULT);
        let total = |model| -> f64 {
            (0..28).map(|day| orders(&shop, day, Attribution { model, ..ORDER })).sum()
        };
        let (linear, any) = (total(3), total(4));
        assert!((total(0) / linear - 1.0).abs() < 0.05);
        assert!(any / linear > 1.5);
        assert_ne!(shop.credit[0], shop.credit[1]);
    }

    #[test]
    fn touch_moves_orders_a_day_back() {
        let shop = Shop::new(1, Size::DEFAULT);
        let touch = orders(&shop, 100, Attribution { touch: true, ..ORDER });
        let (own, next) = (orders(&shop, 100, ORDER), orders(&shop, 101, ORDER));
        assert!((touch - (own * 0.8 + next * 0.2)).abs() < 1e-6);
    }

    #[test]
    fn holidays_are_kept_by_the_shops_dates_and_only_when_switched_on() {
        let (plain, shop) = (Shop::new(1, Size::DEFAULT), Shop::new(1, Size::DEFAULT).festive());
        let friday = day_number(jiff::civil::date(2026, 11, 27));
        for (number, factor) in [(friday - 1, 0.7), (friday, 4.0), (friday + 1, 0.9)] {
            let part = orders(&shop, number, ORDER) / orders(&plain, number, ORDER);
            assert!((part - factor).abs() < 1e-6, "{part}");
        }
        assert_eq!(orders(&shop, friday + 2, ORDER), orders(&plain, friday + 2, ORDER));
        assert_eq!(day_of(friday), jiff::civil::date(2026, 11, 27));
    }

    #[test]
    fn k16_trainings_restate_a_day_for_four_weeks_and_then_no_more() {
        let (plain, shop) = (Shop::new(1, Size::DEFAULT), Shop::new(1, Size::DEFAULT).revised());
        let end = 20_530 * 1_440;
        let editions: Vec<u64> = (0..60).map(|day| shop.edition(end, end + day * 1_440)).collect();
        assert!(editions.is_sorted());
        assert_eq!(editions[0], 0, "a day that is not over yet is no past");
        let mut different = editions.clone();
        different.dedup();
        assert!((3..=5).contains(&different.len()), "{editions:?}");
        assert_eq!(editions[29], editions[59]);
        assert_eq!(plain.edition(end, end + 30 * 1_440), 0);
    }

    #[test]
    fn ids_come_in_every_form() {
        let shop = Shop::new(1, Size::DEFAULT);
        let ids: Vec<&str> = shop
            .ads
            .iter()
            .filter_map(|ad| ad.path.as_ref())
            .map(|path| path[0].1.as_str())
            .collect();
        for known in ["\"cmp_67890\"", "123", "1764982107355649025", "120210987654321000"] {
            assert!(ids.contains(&known), "{known}");
        }
        assert_eq!(shop.ads.len(), 41);
    }
}
