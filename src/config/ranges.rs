//! Ranges of a view: which the API knows, and which dates a custom one means.

use std::collections::HashSet;
use std::time::Duration;

use jiff::ToSpan;

use super::defaults::{KLAR_LONGEST_RANGE, TAPRAIN_LONGEST_RANGE};
use super::error::Fault;
use super::file::{self, List, Text};
use super::nearest::instead;
use super::scalars::{self, read};
use crate::model::Api;
use crate::model::range::{Days, Range, SAME_WEEKDAY};
use crate::model::settings::RangeEvery;

/// What the file calls a range with dates of its own.
const CUSTOM: &str = "custom";

/// The words of TapRain, in the order of the page.
pub(super) const TAPRAIN_WORDS: [&str; 7] =
    ["hour", "today", "yesterday", "7days", "30days", "month_to_date", CUSTOM];

/// The words of Klar: no hours.
pub(super) const KLAR_WORDS: [&str; 6] =
    ["today", "yesterday", "7days", "30days", "month_to_date", CUSTOM];

/// What a view's ranges mean; the default when they were not typed.
pub(super) fn ranges(
    typed: Option<&List<file::RangeEvery>>,
    api: Api,
    default: &[(Range, Duration)],
) -> Result<Vec<RangeEvery>, Fault> {
    let Some(typed) = typed else { return Ok(by_default(default)) };
    if typed.value.is_empty() {
        return Err(Fault::of(
            typed,
            "the list of ranges is empty; write at least one, or leave `ranges` out for the default",
        ));
    }
    let mut seen = HashSet::new();
    typed.value.iter().map(|each| range_every(each, api, &mut seen)).collect()
}

/// The default ranges of one API.
pub(super) fn by_default(default: &[(Range, Duration)]) -> Vec<RangeEvery> {
    let pair =
        |(range, every): &(Range, Duration)| RangeEvery { range: range.clone(), every: *every };
    default.iter().map(pair).collect()
}

fn range_every(
    typed: &file::RangeEvery,
    api: Api,
    seen: &mut HashSet<String>,
) -> Result<RangeEvery, Fault> {
    let range = range(typed, api)?;
    let every = read(&typed.every, scalars::of_key("every", scalars::interval))?;
    if !seen.insert(range.label().to_owned()) {
        let place = typed.name.as_ref().unwrap_or(&typed.range);
        let message = format!("this view has two ranges `{}`; keep one of the two", range.label());
        return Err(Fault::of(place, message));
    }
    Ok(RangeEvery { range, every })
}

fn range(typed: &file::RangeEvery, api: Api) -> Result<Range, Fault> {
    if typed.range.value == CUSTOM {
        return custom(typed, api);
    }
    let range = read(&typed.range, |text| built_in(text, api))?;
    for (key, extra) in [("name", &typed.name), ("start", &typed.start), ("end", &typed.end)] {
        if let Some(extra) = extra {
            let message =
                format!("only a custom range has `{key}`; write `range: custom`, or remove it");
            return Err(Fault::of(extra, message));
        }
    }
    Ok(range)
}

fn built_in(text: &str, api: Api) -> Result<Range, String> {
    Ok(match (text, api) {
        ("hour", Api::TapRain) => Range::Hour,
        ("today", _) => Range::Today,
        ("yesterday", _) => Range::Yesterday,
        ("7days", _) => Range::SevenDays,
        ("30days", _) => Range::ThirtyDays,
        ("month_to_date", _) => Range::MonthToDate,
        (_, Api::TapRain) => return Err(unknown("TapRain", text, &TAPRAIN_WORDS)),
        (_, Api::Klar) => return Err(unknown("Klar", text, &KLAR_WORDS)),
    })
}

fn unknown(vendor: &str, text: &str, words: &[&str]) -> String {
    format!("`{text}` is no range of {vendor}; {}", instead(text, words))
}

fn custom(typed: &file::RangeEvery, api: Api) -> Result<Range, Fault> {
    let name_text = required(typed, typed.name.as_ref(), "name: black-friday")?;
    let start = read(required(typed, typed.start.as_ref(), "start: 2026-11-27")?, scalars::date)?;
    let end_text = required(typed, typed.end.as_ref(), "end: 2026-11-30")?;
    let last = read(end_text, scalars::date)?;
    let name = read(name_text, scalars::name)?;
    if TAPRAIN_WORDS.contains(&&*name) || &*name == SAME_WEEKDAY {
        let message = format!("`{name}` is the word of another range; write a name of your own");
        return Err(Fault::of(name_text, message));
    }
    let end = last.checked_add(1.day()).map_err(|_| Fault::of(end_text, "the date is too late"))?;
    let days = Days { start, end };
    check_length(days, api).map_err(|message| Fault::of(end_text, message))?;
    Ok(Range::Custom { name, days })
}

fn required<'a>(
    typed: &file::RangeEvery,
    value: Option<&'a Text>,
    example: &str,
) -> Result<&'a Text, Fault> {
    value.ok_or_else(|| {
        let key = example.split(':').next().unwrap_or_default();
        let message = format!("a custom range needs `{key}`; add it, as in `{example}`");
        Fault::of(&typed.range, message)
    })
}

fn check_length(days: Days, api: Api) -> Result<(), String> {
    let (vendor, most) = match api {
        Api::TapRain => ("TapRain", TAPRAIN_LONGEST_RANGE),
        Api::Klar => ("Klar", KLAR_LONGEST_RANGE),
    };
    let last = days.last();
    if last < days.start {
        return Err(format!(
            "the range ends on {last}, before its start on {}; swap them",
            days.start
        ));
    }
    match days.count() {
        count if count > most => Err(format!(
            "the range has {count} days, for {vendor} at most {most}; write a later start or an \
             earlier end"
        )),
        _ => Ok(()),
    }
}
