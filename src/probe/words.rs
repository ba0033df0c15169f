//! Facts as people read them: an aligned list for up to 100 columns.

use super::{Fact, Sheet};
use crate::label;

/// No line is longer, unless a single word is.
const COLUMNS: usize = 100;

/// Stands before what to change.
const ARROW: &str = "-> ";

/// Writes the sheets, one below the other. Nothing that an API sent moves a terminal.
pub fn list(sheets: &[Sheet]) -> String {
    let texts: Vec<String> = sheets.iter().map(sheet).collect();
    texts.join("\n")
}

fn sheet(sheet: &Sheet) -> String {
    let mut text = format!("{}\n", words(&sheet.title).join(" "));
    if let Some(why) = &sheet.failed {
        wrapped(&mut text, "  ", 2, &format!("could not be asked: {why}"));
        return text;
    }
    let width = sheet.facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0) + 1;
    for Fact { name, answer, advice } in &sheet.facts {
        let name = format!("{name}:");
        wrapped(&mut text, &format!("  {name:<width$} "), width + 3, answer);
        if let Some(advice) = advice {
            let indent = width + 3;
            wrapped(&mut text, &format!("{:indent$}{ARROW}", ""), indent + ARROW.len(), advice);
        }
    }
    text
}

/// Appends `content` behind `first`, its further lines behind `indent` spaces.
fn wrapped(text: &mut String, first: &str, indent: usize, content: &str) {
    let mut line = first.to_owned();
    let mut fresh = true;
    for word in words(content) {
        let long = line.chars().count() + 1 + word.chars().count() > COLUMNS;
        if !fresh && long {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(indent);
        } else if !fresh {
            line.push(' ');
        }
        line.push_str(&word);
        fresh = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Each word, made harmless.
fn words(content: &str) -> Vec<String> {
    content.split(' ').map(|word| label::clean(word).0.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(facts: Vec<Fact>) -> String {
        list(&[Sheet { title: "taprain t".to_owned(), facts, failed: None }])
    }

    #[test]
    fn answers_are_aligned_and_advice_stands_below() {
        let long = "word ".repeat(30);
        let facts =
            vec![Fact::new("key", "accepted"), Fact::new("today begins", long.trim()).but("do")];
        let text = page(facts);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["taprain t", "  key:          accepted"]);
        assert!(lines[2].starts_with("  today begins: word word"));
        assert!(lines[3].starts_with("                word"));
        assert_eq!(lines[4], "                -> do");
        assert!(lines.iter().all(|line| line.len() <= COLUMNS), "{text}");
    }

    #[test]
    fn an_account_that_could_not_be_asked_says_why() {
        let failed = Some("HTTP 401: no".to_owned());
        let text = list(&[Sheet { title: "klar k".to_owned(), facts: Vec::new(), failed }]);
        assert_eq!(text, "klar k\n  could not be asked: HTTP 401: no\n");
    }

    proptest! {
        #[test]
        fn whatever_is_answered_no_terminal_obeys_it(answer in "[\\s\\S]{0,300}") {
            let text = page(vec![Fact::new("a", answer.clone()).but(answer)]);
            prop_assert!(!text.replace('\n', "").contains(char::is_control));
        }
    }
}
