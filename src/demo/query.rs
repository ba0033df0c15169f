//! Query strings as a server reads them.

use jiff::civil::Date;

/// The decoded pairs in their order; `None` when one is no valid percent-encoded UTF-8.
pub(super) fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// The value of `name`; the last one when it comes twice.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Names that are not among `known`, and those that come twice.
pub(super) fn strange(pairs: &[(String, String)], known: &[&str]) -> Vec<String> {
    let mut seen: Vec<&str> = Vec::new();
    let mut strange = Vec::new();
    for (name, _) in pairs {
        if !known.contains(&name.as_str()) || seen.contains(&name.as_str()) {
            strange.push(name.clone());
        }
        seen.push(name);
    }
    strange
}

/// A date in exactly the documented format.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

/// The same question in one spelling: the pairs sorted, nothing decoded.
pub(super) fn canonical(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return path_and_query.to_owned();
    };
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    format!("{path}?{}", pairs.join("&"))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(plain).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_plus_and_bad_encodings() {
        let expected = vec![("offer".to_owned(), "Freecash CPI,a&b".to_owned())];
        assert_eq!(pairs("offer=Freecash+CPI%2Ca%26b"), Some(expected));
        assert_eq!(pairs("a=%zz"), None);
        assert_eq!(pairs("a=%ff"), None);
        assert_eq!(pairs(""), Some(Vec::new()));
    }

    #[test]
    fn one_question_has_one_canonical_spelling() {
        assert_eq!(canonical("/a?y=2&x=1"), canonical("/a?x=1&y=2"));
        assert_eq!(canonical("/a"), "/a");
    }
}
