//! The known word that a mistyped one probably means.

/// The candidate that `typed` probably means, or `None` when nothing is near.
///
/// Upper and lower case count as equal. At most a third of the letters may differ.
pub(super) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let most = (typed.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&typed, &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `did you mean X?` when something is near, else `write X, Y or Z`; all known words either way.
pub(super) fn instead(typed: &str, known: &[&str]) -> String {
    let list = listed(known);
    match nearest(typed, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}` (of {list})?"),
        None => format!("write {list}"),
    }
}

/// `a, b or c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let keys = ["account", "api_key_file", "views"];
        assert_eq!(nearest("api_key_fiel", keys), Some("api_key_file"));
        assert_eq!(nearest("Acount", keys), Some("account"));
        assert_eq!(nearest("interval", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn a_list_reads_like_a_sentence() {
        assert_eq!(listed(&["order", "touch"]), "order or touch");
        assert_eq!(listed(&["a", "b", "c"]), "a, b or c");
    }
}
