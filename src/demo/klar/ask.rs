//! What a query string asks of Klar.

use jiff::civil::Date;

use crate::demo::query::{self, parse_date};
use crate::demo::record::Reason;
use crate::demo::world::shop::{Attribution, day_number};

/// The values of `metric`, in the order of the page.
const MODELS: [&str; 9] = [
    "first_touch",
    "last_touch",
    "data_driven",
    "linear",
    "any_click",
    "any_click_unique",
    "u_shape",
    "time_decay",
    "marketing_mix",
];

/// The values of `window`, in the order of the page.
const WINDOWS: [&str; 4] = ["unlimited", "1_day", "7_day", "28_day"];

/// The values of `date_breakdown`, in the order of the page.
const BREAKDOWNS: [&str; 2] = ["order", "touch"];

const PARAMETERS: [&str; 5] = ["startDate", "endDate", "metric", "window", "date_breakdown"];

/// "Up to 31 days at once".
const MOST_DAYS: i64 = 31;

/// A question as it was meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) start: Date,
    /// Excluded, as the page says.
    pub(super) end: Date,
    pub(super) attribution: Attribution,
}

/// Why a question gets a 400.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) message: String,
}

impl Ask {
    pub(super) fn parse(pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let (start, end) = (date(pairs, "startDate")?, date(pairs, "endDate")?);
        if day_number(end) - day_number(start) > MOST_DAYS {
            let message = "date range must not exceed 31 days".to_owned();
            return Err(Refusal { reason: Reason::SpanTooLong, message });
        }
        // The page gives no defaults; whoever relies on one gets the first value there is.
        let attribution = Attribution {
            model: word(pairs, "metric", &MODELS)?,
            window: word(pairs, "window", &WINDOWS)?,
            touch: word(pairs, "date_breakdown", &BREAKDOWNS)? == 1,
        };
        Ok(Self { start, end, attribution })
    }
}

/// Parameters that the page does not name, and those that come twice.
pub(super) fn strange(pairs: &[(String, String)]) -> Vec<String> {
    query::strange(pairs, &PARAMETERS)
}

fn date(pairs: &[(String, String)], name: &str) -> Result<Date, Refusal> {
    let text =
        query::value(pairs, name).ok_or_else(|| bad(format!("{name} should not be empty")))?;
    parse_date(text).ok_or_else(|| bad(format!("{name} must be a date in the format yyyy-mm-dd")))
}

fn word(pairs: &[(String, String)], name: &str, words: &[&str]) -> Result<usize, Refusal> {
    let Some(text) = query::value(pairs, name) else { return Ok(0) };
    let place = words.iter().position(|word| *word == text);
    place.ok_or_else(|| bad(format!("{name} must be one of: {}", words.join(", "))))
}

fn bad(message: String) -> Refusal {
    Refusal { reason: Reason::BadParameter, message }
}
