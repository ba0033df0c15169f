//! What was typed, and what is meant by it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Trouble;
use crate::config::duration;
use crate::exposition::catalogue;
use crate::label::Labels;
use crate::model::range::day_start;

/// The longest step: a figure of an hour must not fall between two samples.
const LONGEST_STEP: Duration = Duration::from_secs(3600);

/// The shortest step: samples any closer tell nothing more.
const SHORTEST_STEP: Duration = Duration::from_secs(60);

/// What was typed, word for word.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// `--from`.
    pub from: String,
    /// `--to`.
    pub to: Option<String>,
    /// `--account`, each time.
    pub accounts: Vec<String>,
    /// `--view`, each time.
    pub views: Vec<String>,
    /// `--budget-share`.
    pub share: Option<String>,
    /// `--step`.
    pub step: String,
    /// `--label`, each time.
    pub labels: Vec<String>,
}

/// What is meant.
#[derive(Clone, Debug)]
pub struct Order {
    /// The first date, in each account's own zone.
    pub from: Date,
    /// The end; as near to the present as it may be without one.
    pub to: Option<Until>,
    /// Accounts by name; all without one.
    pub accounts: Vec<String>,
    /// Views by name; all without one.
    pub views: Vec<String>,
    /// The share of the allowance to spend, above 0, at most 1; without one what is left over.
    pub share: Option<f64>,
    /// Seconds between two samples, a divisor of an hour.
    pub step: u32,
    /// Labels that every sample begins with, in their order.
    pub labels: Vec<(String, String)>,
}

/// Where the history ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With this date, in each account's own zone.
    Date(Date),
    /// Before this instant.
    Instant(Timestamp),
}

impl Order {
    /// Reads what was typed.
    ///
    /// # Errors
    /// One sentence that names the flag and what to write.
    pub fn read(typed: &Typed) -> Result<Self, Trouble> {
        let from = date("--from", &typed.from)?;
        let to = typed.to.as_deref().map(until).transpose()?;
        if let Some(Until::Date(to)) = to
            && to < from
        {
            return Err(Trouble::usage(format!("--to={to} lies before --from={from}")));
        }
        let mut labels = Vec::new();
        for text in &typed.labels {
            labels.push(label(text, &labels)?);
        }
        Ok(Self {
            from,
            to,
            accounts: typed.accounts.clone(),
            views: typed.views.clone(),
            share: typed.share.as_deref().map(share).transpose()?,
            step: step(&typed.step)?,
            labels,
        })
    }

    /// The labels that were asked for, as they stand between the braces, with a comma behind them.
    pub fn label_text(&self) -> String {
        let labels = self.labels.iter();
        let labels = labels.fold(Labels::new(), |labels, (name, value)| labels.with(name, value));
        let text = labels.finish();
        if text.is_empty() { String::new() } else { format!("{text},") }
    }
}

impl Until {
    /// The first instant that is not asked for any more in `zone`.
    pub fn end(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Date(date) => day_start(date.tomorrow().unwrap_or(Date::MAX), zone),
            Self::Instant(instant) => instant,
        }
    }
}

fn date(flag: &str, text: &str) -> Result<Date, Trouble> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse().ok().filter(|_| plain && text.len() == "2026-03-18".len());
    date.ok_or_else(|| {
        Trouble::usage(format!("{flag}={text} is no date; write one like 2026-03-18"))
    })
}

fn until(text: &str) -> Result<Until, Trouble> {
    if !text.contains(['T', ':']) {
        return date("--to", text).map(Until::Date);
    }
    let instant = text.parse().map(Until::Instant);
    instant.map_err(|_| {
        Trouble::usage(format!(
            "--to={text} is no moment; write a date like 2026-03-18, or a date and time with its \
             zone like 2026-03-18T09:30:00Z"
        ))
    })
}

fn step(text: &str) -> Result<u32, Trouble> {
    let step =
        duration::parse(text).map_err(|sentence| Trouble::usage(format!("--step: {sentence}")))?;
    let fits = (SHORTEST_STEP..=LONGEST_STEP).contains(&step)
        && LONGEST_STEP.as_millis().is_multiple_of(step.as_millis())
        && step.subsec_millis() == 0;
    let seconds = u32::try_from(step.as_secs()).ok().filter(|_| fits);
    seconds.ok_or_else(|| {
        Trouble::usage(format!(
            "--step={text} does not divide an hour into pieces of a minute or more; write one like \
             1m, 5m or 15m"
        ))
    })
}

fn share(text: &str) -> Result<f64, Trouble> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.parse().ok().map(|number: f64| number / whole);
    share.filter(|share| *share > 0.0 && *share <= 1.0).ok_or_else(|| {
        Trouble::usage(format!(
            "--budget-share={text} is no share; write one above 0 and at most 1, like 0.5"
        ))
    })
}

fn label(text: &str, before: &[(String, String)]) -> Result<(String, String), Trouble> {
    let refuse = |why: &str| Err(Trouble::usage(format!("--label={text}: {why}")));
    let Some((name, value)) = text.split_once('=') else {
        return refuse("write a name and a value, like job=revenue-exporter");
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|first| word(first) && !first.is_ascii_digit());
    if !begins || !name.bytes().all(word) || name.starts_with("__") {
        return refuse("a label's name has letters, digits and underscores only, like job");
    }
    if value.is_empty() {
        return refuse("an empty label is none; write its value");
    }
    if catalogue::vendor().any(|metric| metric.labels.contains(&name)) {
        return refuse("the metrics have a label of this name already; choose another");
    }
    if before.iter().any(|(known, _)| known == name) {
        return refuse("this label was given before");
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed { from: "2026-01-01".to_owned(), step: "5m".to_owned(), ..Typed::default() }
    }

    fn sentence(change: impl FnOnce(&mut Typed)) -> String {
        let mut typed = typed();
        change(&mut typed);
        Order::read(&typed).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_a_sentence_that_names_the_flag() {
        let cases = [
            (
                sentence(|typed| typed.from = "2026-02-30".to_owned()),
                "--from=2026-02-30 is no date",
            ),
            (sentence(|typed| typed.from = "2026-01-01T00".to_owned()), "is no date"),
            (sentence(|typed| typed.to = Some("2025-12-31".to_owned())), "lies before --from"),
            (sentence(|typed| typed.to = Some("2026-03-01T10:00".to_owned())), "is no moment"),
            (sentence(|typed| typed.step = "7m".to_owned()), "does not divide an hour"),
            (sentence(|typed| typed.step = "30s".to_owned()), "does not divide an hour"),
            (sentence(|typed| typed.step = "2h".to_owned()), "does not divide an hour"),
            (sentence(|typed| typed.step = "x".to_owned()), "--step: `x` is no duration"),
            (sentence(|typed| typed.share = Some("0".to_owned())), "is no share"),
            (sentence(|typed| typed.share = Some("1.5".to_owned())), "is no share"),
            (sentence(|typed| typed.share = Some("NaN".to_owned())), "is no share"),
            (sentence(|typed| typed.labels = vec!["job".to_owned()]), "a name and a value"),
            (sentence(|typed| typed.labels = vec!["j-b=x".to_owned()]), "letters, digits"),
            (sentence(|typed| typed.labels = vec!["__x=x".to_owned()]), "letters, digits"),
            (sentence(|typed| typed.labels = vec!["a=1".to_owned(), "a=2".to_owned()]), "before"),
            (sentence(|typed| typed.labels = vec!["view=x".to_owned()]), "of this name already"),
            (sentence(|typed| typed.labels = vec!["horizon=x".to_owned()]), "of this name already"),
            (sentence(|typed| typed.labels = vec!["job=".to_owned()]), "an empty label"),
        ];
        for (sentence, part) in cases {
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
    }

    #[test]
    fn labels_are_escaped_and_come_in_their_order() {
        let labels = ["job=revenue-exporter", "instance=a\"b:1=2"].map(str::to_owned).into();
        let order = Order::read(&Typed { labels, ..typed() }).unwrap();
        assert_eq!(order.label_text(), r#"job="revenue-exporter",instance="a\"b:1=2","#);
    }

    #[test]
    fn the_end_is_a_date_of_the_zone_or_a_moment() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let of = |text: &str| until(text).unwrap().end(&berlin).to_string();
        assert_eq!(of("2026-03-28"), "2026-03-28T23:00:00Z");
        assert_eq!(of("2026-03-29"), "2026-03-29T22:00:00Z");
        assert_eq!(of("2026-03-29T10:00:00+02:00"), "2026-03-29T08:00:00Z");
    }

    #[test]
    fn a_share_may_be_a_percentage() {
        assert_eq!((share("50%"), share("1")), (Ok(0.5), Ok(1.0)));
    }
}
