//! Charts as inline SVG without text: what they say stands beside them in words.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::status::today::{Expected, Hour};
use crate::status::words::{amount, money};

/// The width of a chart in its own units.
const WIDTH: f64 = 480.0;

/// The height of the hours.
const HEIGHT: f64 = 100.0;

/// One hour's place.
const STEP: f64 = WIDTH / 24.0;

/// Revenue as a bar over its band, and a tick at what is usual.
pub(super) fn bullet(revenue: f64, expected: &Expected, currency: &str) -> Markup {
    let (low, high) = (expected.revenue_low, expected.revenue_high);
    let ends = [Some(revenue), expected.revenue, low, high].into_iter().flatten();
    let scale = WIDTH / (ends.fold(0.0, f64::max) * 1.05).max(f64::MIN_POSITIVE);
    let at = |value: f64| short((value * scale).clamp(0.0, WIDTH));
    let words = described(revenue, expected, currency);
    html! {
        svg.bullet viewBox="0 0 480 32" preserveAspectRatio="none" role="img" aria-label=(words) {
            @if let (Some(low), Some(high)) = (low, high) {
                rect.band x=(at(low)) y="2" width=(at(high - low.max(0.0))) height="28" {}
            }
            rect.bar x="0" y="10" width=(at(revenue)) height="12" {}
            @if let Some(usual) = expected.revenue {
                line.tick x1=(at(usual)) x2=(at(usual)) y1="0" y2="32" vector-effect="non-scaling-stroke" {}
            }
        }
    }
}

fn described(revenue: f64, expected: &Expected, currency: &str) -> String {
    let mut text = format!("Revenue {}", money(revenue, currency));
    // Writing to a String cannot fail.
    if let Some(usual) = expected.revenue {
        let _ = write!(text, ", usual {}", amount(usual));
    }
    if let Some((low, high)) = expected.revenue_low.zip(expected.revenue_high) {
        let _ = write!(text, ", band {} to {}", amount(low), amount(high));
    }
    text
}

/// Revenue by hour. The latest hour is paler: it may not be over.
pub(super) fn hours(hours: &[Hour], currency: &str) -> Markup {
    let known: Vec<(f64, f64, &Hour)> = hours.iter().filter_map(placed).collect();
    let most = known.iter().fold(0.0_f64, |most, (_, value, _)| most.max(*value));
    let least = known.iter().fold(0.0_f64, |least, (_, value, _)| least.min(*value));
    let scale = HEIGHT / (most - least).max(f64::MIN_POSITIVE);
    let zero = most * scale;
    let unfinished = known.last().map(|(place, ..)| *place);
    html! {
        svg.bars viewBox="0 0 480 100" preserveAspectRatio="none" role="img" aria-label=(summary(&known, currency)) {
            @for (place, value, hour) in &known {
                @let class = if *value < 0.0 { "loss" } else if unfinished == Some(*place) { "now" } else { "bar" };
                rect class=(class) x=(short(place * STEP + 2.0)) width=(short(STEP - 4.0))
                    y=(short(zero - value.max(0.0) * scale)) height=(short((value.abs() * scale).max(0.5))) {
                    title { (hour.hour) ":00 " (amount(*value)) }
                }
            }
            line.line x1="0" x2="480" y1=(short(zero)) y2=(short(zero)) vector-effect="non-scaling-stroke" {}
        }
        p.axis aria-hidden="true" { @for hour in ["00", "06", "12", "18"] { span { (hour) } } }
    }
}

/// How much of something is spent.
pub(super) fn meter(used: u64, limit: u64) -> Markup {
    let share = if limit == 0 { WIDTH } else { (used as f64 / limit as f64 * WIDTH).min(WIDTH) };
    html! {
        svg.meter viewBox="0 0 480 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.band width="480" height="10" {}
            rect.bar width=(short(share)) height="10" {}
        }
    }
}

fn placed(hour: &Hour) -> Option<(f64, f64, &Hour)> {
    let place: u8 = hour.hour.parse().ok().filter(|place| *place < 24)?;
    Some((f64::from(place), hour.counts.revenue?, hour))
}

fn summary(known: &[(f64, f64, &Hour)], currency: &str) -> String {
    let best = known.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or_else(
        || "Revenue by hour: none yet".to_owned(),
        |(_, value, hour)| {
            let (hours, most) = (known.len(), money(*value, currency));
            format!("Revenue by hour: {hours} hours, most at {}:00 with {most}", hour.hour)
        },
    )
}

/// A coordinate; more digits are not seen.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
