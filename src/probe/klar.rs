//! What Klar's page leaves open, from three to six answers, the access token's among them.

use bytes::Bytes;
use jiff::ToSpan;
use jiff::civil::Date;

use super::ask::{Asker, is_hopeless};
use super::klar_shape::{Shape, UNNAMED};
use super::taprain_shape::listed;
use super::timing::{self, Timing, span};
use super::{Fact, Heard};
use crate::fetch::KlarReport;
use crate::figures::klar::Tally;
use crate::model::klar::{CHUNK_DAYS, Detail};
use crate::model::range::{Days, local_date};
use crate::model::settings::{KlarAccount, KlarView};
use crate::secret::Secret;
use crate::upstream::failure::Failure;
use crate::upstream::klar::{read_token, report_request, token_request};

/// Requests that every probe makes: the token, two days, four weeks.
const REPORTS: u32 = 3;

/// Views beyond the first that are tried.
const MOST_OTHERS: usize = 3;

/// Numbers of rows at which an answer may have been cut (trap K17).
const CUTS: [u64; 3] = [1_000, 10_000, 100_000];

/// What was asked, and what was answered.
#[derive(Debug)]
pub struct Answers {
    /// The date in the account's zone when it began.
    pub today: Date,
    /// The access token's answer.
    pub token: Heard<Bytes>,
    /// From three days ago to yesterday, whose rows the page says are left out (trap K1).
    pub two_days: Option<(Days, Heard<Bytes>)>,
    /// Four weeks, tomorrow excluded, a tally for each day.
    pub weeks: Option<Heard<KlarReport>>,
    /// Each further view's words, and its rows.
    pub others: Vec<(String, Heard<KlarReport>)>,
}

/// How many requests a probe of `account` makes at most.
pub fn requests(account: &KlarAccount) -> u32 {
    REPORTS + u32::try_from(others(account).len()).unwrap_or(u32::MAX)
}

/// One view of each attribution beyond the first one's.
fn others(account: &KlarAccount) -> Vec<&KlarView> {
    let mut seen: Vec<&KlarView> = Vec::new();
    for view in &account.views {
        if !seen.iter().any(|known| words(known) == words(view)) {
            seen.push(view);
        }
    }
    seen.into_iter().skip(1).take(MOST_OTHERS).collect()
}

fn words(view: &KlarView) -> String {
    format!("{} {} {}", view.model.as_str(), view.window.as_str(), view.basis.as_str())
}

/// Asks for a token, for two days, for four weeks, and a day for each further attribution.
pub(super) async fn probe(
    account: &KlarAccount,
    asker: &mut Asker<'_>,
) -> Result<Vec<Fact>, Failure> {
    let Some(view) = account.views.first() else {
        return Ok(Vec::new());
    };
    let today = local_date(asker.now(), &account.common.timezone);
    let request = token_request(&account.common)?;
    let token = asker
        .ask("asks for an access token", |fetch| async move { fetch.whole(request).await })
        .await;
    let secret = match &token.result {
        Ok(body) => read_token(body, token.sent)?.secret,
        Err(failure) => return Err(failure.clone()),
    };
    let mut answers = Answers { today, token, two_days: None, weeks: None, others: Vec::new() };
    let days = two_days(today);
    let request = report_request(&account.common, view, days, &secret)?;
    let what = format!("asks for {} to {}, that excluded", days.start, days.end);
    let heard = asker.ask(&what, |fetch| async move { fetch.whole(request).await }).await;
    if let Some(failure) = heard.result.as_ref().err().filter(|failure| is_hopeless(failure)) {
        return Err(failure.clone());
    }
    if let Ok(body) = &heard.result
        && Shape::of(body).is_none()
    {
        return Err(Failure::undocumented("the answer is no array of rows, as a report is"));
    }
    answers.two_days = Some((days, heard));
    let days = weeks(today);
    let what = format!("asks for the {CHUNK_DAYS} days up to today");
    answers.weeks = Some(report(account, view, days, &secret, asker, &what).await?);
    for other in others(account) {
        let days =
            Days { start: today.saturating_sub(2.days()), end: today.saturating_sub(1.day()) };
        let words = words(other);
        let what = format!("asks for a day by {words}");
        let heard = report(account, other, days, &secret, asker, &what).await?;
        answers.others.push((words, heard));
    }
    Ok(facts(account, &answers))
}

async fn report(
    account: &KlarAccount,
    view: &KlarView,
    days: Days,
    token: &Secret,
    asker: &mut Asker<'_>,
    what: &str,
) -> Result<Heard<KlarReport>, Failure> {
    let request = report_request(&account.common, view, days, token)?;
    let tallies = days.chunks(1).into_iter().map(|day| Tally::new(Detail::Channel, day)).collect();
    Ok(asker.ask(what, |fetch| async move { fetch.klar(request, days, tallies).await }).await)
}

/// By the page two days; if its end were included, three.
fn two_days(today: Date) -> Days {
    Days { start: today.saturating_sub(3.days()), end: today.saturating_sub(1.day()) }
}

fn weeks(today: Date) -> Days {
    let tomorrow = today.saturating_add(1.day());
    Days { start: tomorrow.saturating_sub(i64::from(CHUNK_DAYS).days()), end: tomorrow }
}

/// What `answers` tell of `account`'s API.
pub fn facts(account: &KlarAccount, answers: &Answers) -> Vec<Fact> {
    let shape = answers.two_days.as_ref().map(|(days, heard)| (*days, heard));
    let mut facts = vec![token(&answers.token)];
    facts.extend(timing::facts(&timings(answers), account.common.budget));
    if let Some((days, heard)) = shape {
        match heard.result.as_ref().map(|body| Shape::of(body)) {
            Ok(Some(shape)) => {
                facts.push(end_date(days, &shape));
                facts.extend(shapes(&shape));
            }
            Ok(None) => {}
            Err(failure) => facts.push(refused("end of a range", failure)),
        }
    }
    if let Some(heard) = &answers.weeks {
        facts.extend(match &heard.result {
            Ok(report) => vec![latest(report, answers.today), rows(report)],
            Err(failure) => vec![refused("four weeks", failure)],
        });
    }
    facts.extend(models(account, answers));
    let (currency, zone) = (&account.common.currency, &account.common.timezone_name);
    facts.push(Fact::new("currency", format!("not stated; the configuration says {currency}")));
    facts.push(Fact::new("time zone", format!("not stated; the configuration says {zone}")));
    facts
}

fn refused(name: &'static str, failure: &Failure) -> Fact {
    Fact::new(name, format!("not to be told: {failure}"))
}

fn timings(answers: &Answers) -> Vec<Timing> {
    let mut timings = vec![Timing::from(&answers.token)];
    timings.extend(answers.two_days.iter().map(|(_, heard)| Timing::from(heard)));
    timings.extend(
        answers.weeks.iter().chain(answers.others.iter().map(|(_, heard)| heard)).map(Timing::from),
    );
    timings
}

/// In which unit is `expiresIn` (trap K8)?
fn token(heard: &Heard<Bytes>) -> Fact {
    let name = "token";
    let read = heard.result.as_ref().ok().and_then(|body| {
        let said = serde_json::from_slice::<serde_json::Value>(body).ok()?;
        Some((said.get("expiresIn").cloned(), read_token(body, heard.sent).ok()?))
    });
    let Some((said, token)) = read else { return Fact::new(name, "not to be told") };
    let life = span(token.life);
    match said.filter(|said| said.is_number() || said.is_string()) {
        None => Fact::new(
            name,
            format!("accepted; it does not say how long it lives: taken for {life}"),
        ),
        Some(_) if !token.odd_life => {
            Fact::new(name, format!("accepted; expiresIn is in milliseconds: it lives for {life}"))
        }
        Some(_) => Fact::new(
            name,
            format!(
                "accepted; expiresIn is too small for milliseconds, perhaps seconds: taken for {life}"
            ),
        ),
    }
}

/// Is `endDate` excluded, as the page says (traps K1, K2)?
fn end_date(days: Days, shape: &Shape) -> Fact {
    let name = "end of a range";
    let rows = |date: Date| shape.dates.get(&date.to_string()).copied().unwrap_or(0);
    let inside = rows(days.start) + rows(days.last());
    let (first, last, end) = (days.start, days.last(), days.end);
    match (inside, rows(end)) {
        (0, 0) => Fact::new(name, format!("not to be told: no rows from {first} to {end}")),
        (_, 0) => Fact::new(
            name,
            format!("excluded, as documented: {first} to {end} gave rows up to {last}"),
        ),
        (_, beyond) => Fact::new(
            name,
            format!("included: {first} to {end} gave {beyond} rows of {end}, too"),
        )
        .but("nothing to change: the exporter drops them and counts them under out_of_range_row"),
    }
}

fn shapes(shape: &Shape) -> Vec<Fact> {
    if shape.rows == 0 {
        return Vec::new();
    }
    let ids = shape.ids.iter().map(|(id, kinds)| {
        format!("{id} {}", kinds.iter().copied().collect::<Vec<_>>().join(" or "))
    });
    let joined = |names: Vec<&str>| names.join(", ");
    let unnamed: Vec<&str> = shape.unnamed.iter().copied().collect();
    let clicks = if unnamed.is_empty() {
        format!("absent: no klar_ad_{} and no klar_ad_{}", UNNAMED[0], UNNAMED[1])
    } else {
        format!("present: {}", joined(unnamed))
    };
    let figures = match (shape.quoted.is_empty(), shape.missing.is_empty()) {
        (true, true) => "numbers, none missing".to_owned(),
        (false, true) => format!(
            "texts: {}; they are read all the same",
            joined(shape.quoted.iter().copied().collect())
        ),
        (true, false) => {
            format!("in no row: {}; they are not shown", joined(shape.missing.clone()))
        }
        (false, false) => format!(
            "texts: {}; in no row: {}",
            joined(shape.quoted.iter().copied().collect()),
            joined(shape.missing.clone())
        ),
    };
    let strange = if shape.strange.is_empty() { "none".to_owned() } else { listed(&shape.strange) };
    vec![
        Fact::new("ids", ids.collect::<Vec<_>>().join(", ")),
        Fact::new("clicks", clicks),
        Fact::new("figures", figures),
        Fact::new("other fields", strange),
    ]
}

/// Until which date there are data (traps K16, K20).
fn latest(report: &KlarReport, today: Date) -> Fact {
    let name = "latest data";
    let Some(latest) = report.tallies.iter().filter_map(Tally::latest).max() else {
        return Fact::new(name, format!("none: not one row in {CHUNK_DAYS} days")).but(
            "a store without Klar's pixel, the refresh token of another store, or a pipeline that is late: look \
             into Klar's own report",
        );
    };
    let yesterday = today.saturating_sub(1.day());
    if latest >= today {
        return Fact::new(name, format!("{latest}, today"));
    }
    if latest == yesterday {
        return Fact::new(name, format!("{latest}, yesterday: today's come later"));
    }
    Fact::new(name, format!("{latest}: the pipeline is behind"))
        .but("until it catches up, `today` and `yesterday` are empty; a late alert is better than a false one")
}

/// Are answers cut (trap K17)?
fn rows(report: &KlarReport) -> Fact {
    let name = "rows";
    let all = report.seen.rows;
    let most = report.tallies.iter().map(Tally::rows).max().unwrap_or(0);
    let mut text = format!("{all} in {CHUNK_DAYS} days, at most {most} a day");
    let odd = [
        (report.out_of_range, "out of range"),
        (report.seen.bad_rows, "without date or channel"),
        (report.seen.bad_numbers, "with figures that are no numbers"),
    ];
    for (count, what) in odd.into_iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}; {count} {what}");
    }
    let fact = Fact::new(name, text);
    if CUTS.contains(&all) {
        return fact
            .but("so round a number looks like a cut: compare the sum with Klar's own report");
    }
    fact
}

/// Which attributions the plan has (trap K14).
fn models(account: &KlarAccount, answers: &Answers) -> Vec<Fact> {
    let first = account.views.first().zip(answers.weeks.as_ref());
    let first = first.map(|(view, heard)| (words(view), heard));
    let others = answers.others.iter().map(|(words, heard)| (words.clone(), heard));
    let fact = |(words, heard): (String, &Heard<KlarReport>)| match &heard.result {
        Ok(report) => Fact::new("model", format!("{words}: answered, {} rows", report.seen.rows)),
        Err(failure) => Fact::new("model", format!("{words}: {failure}")).but(
            "your plan may not have this model: choose another `model` or `window` for its view",
        ),
    };
    let skipped = requests(account).saturating_sub(REPORTS) as usize;
    let unasked = answers.others.len() < skipped;
    let mut facts: Vec<Fact> = first.into_iter().chain(others).map(fact).collect();
    if unasked {
        facts.push(Fact::new("model", "not all were asked"));
    }
    facts
}

#[cfg(test)]
mod tests;
