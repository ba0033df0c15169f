//! Who may come in: names and bcrypt hashes, and a check that takes as long for nobody as for
//! anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;

/// The costs that bcrypt knows: it does 2^cost rounds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// bcrypt heeds no more of a password, its final zero included.
const LONGEST: usize = 72;

/// A bcrypt hash. `Debug` shows `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl Hash {
    /// Reads `$2y$12$` and 53 more characters; `$2a$` and `$2b$` as well.
    ///
    /// `None` where that is no bcrypt hash. What it was is never told.
    pub fn parse(text: &str) -> Option<Self> {
        // `$2x$` marks the hashes of an old program that hashed some passwords wrongly.
        let known = ["$2a$", "$2b$", "$2y$"];
        let rest = known.into_iter().find_map(|version| text.strip_prefix(version))?;
        let (cost, rest) = rest.split_once('$')?;
        let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|cost| digits && COSTS.contains(cost))?;
        let (salt, digest) = rest.split_at_checked(22)?;
        Some(Self { cost, salt: decoded(salt)?, digest: decoded(digest)? })
    }

    /// The hash of no known password.
    fn decoy(cost: u32) -> Self {
        Self { cost, salt: [0; 16], digest: [0; 23] }
    }

    /// The base-2 logarithm of its rounds, 4 to 31.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// What tells it from other hashes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.cost.to_le_bytes()[..], &self.salt, &self.digest].concat()
    }

    fn fits(&self, password: &[u8], rounds: &AtomicU64) -> bool {
        rounds.fetch_add((1 << self.cost) + 1, Ordering::Relaxed);
        let ended: Vec<u8> = password.iter().copied().chain([0]).take(LONGEST).collect();
        let worked = bcrypt::bcrypt(self.cost, self.salt, &ended);
        // Every byte is compared, whichever differs first.
        let differences = worked.iter().zip(&self.digest).fold(0, |sum, (a, b)| sum | (a ^ b));
        differences == 0
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    bcrypt::BASE_64.decode(text).ok()?.try_into().ok()
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Names and their passwords' hashes.
#[derive(Clone, Debug, Default)]
pub struct Users {
    hashes: BTreeMap<Vec<u8>, Hash>,
    /// Of all hashes.
    costs: BTreeSet<u32>,
}

impl FromIterator<(String, Hash)> for Users {
    fn from_iter<T: IntoIterator<Item = (String, Hash)>>(users: T) -> Self {
        let bytes = |(user, hash): (String, Hash)| (user.into_bytes(), hash);
        let hashes: BTreeMap<_, _> = users.into_iter().map(bytes).collect();
        let costs = hashes.values().map(Hash::cost).collect();
        Self { hashes, costs }
    }
}

impl Users {
    /// Whether anybody may come in without a name.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash of the password of `user`.
    pub(super) fn hash(&self, user: &[u8]) -> Option<&Hash> {
        self.hashes.get(user)
    }

    /// Whether `password` is that of `user`. Whoever is named, one hash of every cost in use is
    /// worked out, so that the time tells nothing; `rounds` counts what was done, with one more
    /// for each hash, which is what it takes to begin and end it.
    ///
    /// exporter-toolkit spends one fixed cost on a name that it does not know, which tells such
    /// names from those whose hash has another cost.
    pub(super) fn admits(&self, user: &[u8], password: &[u8], rounds: &AtomicU64) -> bool {
        let known = self.hashes.get(user);
        let mut fits = false;
        for &cost in &self.costs {
            let own = known.filter(|hash| hash.cost == cost);
            let worked = own.unwrap_or(&Hash::decoy(cost)).fits(password, rounds);
            fits |= own.is_some() & worked;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPEN_SESAME: &str = "open sesame";

    fn hash(password: &str, cost: u32) -> Hash {
        let ended = [password.as_bytes(), b"\0"].concat();
        let salt = [7; 16];
        let worked = bcrypt::bcrypt(cost, salt, &ended);
        Hash { cost, salt, digest: worked[..23].try_into().unwrap() }
    }

    fn users() -> Users {
        let cheap = ("alice".to_owned(), hash(OPEN_SESAME, 4));
        let dear = ("bob".to_owned(), hash("hunter2", 6));
        [cheap, dear].into_iter().collect()
    }

    #[test]
    fn only_the_right_password_of_that_user_fits() {
        let admits = |user: &str, password: &str| {
            users().admits(user.as_bytes(), password.as_bytes(), &AtomicU64::default())
        };
        assert!(admits("alice", OPEN_SESAME) && admits("bob", "hunter2"));
        for (user, password) in [
            ("alice", "hunter2"),
            ("bob", OPEN_SESAME),
            ("carol", OPEN_SESAME),
            ("", ""),
            ("alice", ""),
            ("Alice", OPEN_SESAME),
            ("alice", "open sesame\0"),
        ] {
            assert!(!admits(user, password), "{user} {password}");
        }
    }

    #[test]
    fn whoever_is_named_and_whatever_is_guessed_the_work_is_the_same() {
        for user in ["alice", "bob", "carol", "", "a name as long as a bad novel's first sentence"]
        {
            for password in ["", OPEN_SESAME, "hunter2", "wrong", &"long".repeat(100)] {
                let rounds = AtomicU64::default();
                users().admits(user.as_bytes(), password.as_bytes(), &rounds);
                assert_eq!(rounds.into_inner(), (1 << 4) + 1 + (1 << 6) + 1, "{user} {password}");
            }
        }
    }

    #[test]
    fn hashes_of_htpasswd_and_go_are_read_and_others_are_not() {
        let tail = ".".repeat(53);
        for version in ["2a", "2b", "2y"] {
            assert!(Hash::parse(&format!("${version}$10${tail}")).is_some(), "{version}");
        }
        for bad in ["", "plain", "$1$abc$def", "$apr1$r31....$HqJZimcKQFAMYayBlzkrA/"] {
            assert!(Hash::parse(bad).is_none(), "{bad}");
        }
        for bad in ["$2x$10$", "$2y$03$", "$2y$32$", "$2y$1$"] {
            assert!(Hash::parse(&format!("{bad}{tail}")).is_none(), "{bad}");
        }
        assert!(Hash::parse("$2y$10$ä").is_none());
    }

    /// Made by libxcrypt.
    #[test]
    fn another_library_s_hashes_fit_their_passwords_and_no_others() {
        let made = [
            ("open sesame", "$2y$04$zVHmKQtGGQob.b/Nc7l9NO7mRbpvel1KvARChVZjdxD7/iNbcHcO2"),
            ("", "$2b$04$zVHmKQtGGQob.b/Nc7l9NO8UlrYcW05FiuCj/SxsFO/ZtiN9.mNzy"),
            ("schöne Grüße", "$2a$05$zVHmKQtGGQob.b/Nc7l9NOkkTx2JxIQC/gzJSNkfKK/s.Ea98yeqq"),
            (
                "0123456789012345678901234567890123456789012345678901234567890123456789ab",
                "$2b$04$zVHmKQtGGQob.b/Nc7l9NO7HCFrawxEelA9CEXWHgbZG6M4q0R8wi",
            ),
            (
                "0123456789012345678901234567890123456789012345678901234567890123456789abbeyond",
                "$2y$04$zVHmKQtGGQob.b/Nc7l9NO7HCFrawxEelA9CEXWHgbZG6M4q0R8wi",
            ),
        ];
        for (at, (password, text)) in made.iter().enumerate() {
            let hash = Hash::parse(text).unwrap();
            for (other, (guess, _)) in made.iter().enumerate() {
                // Two of them begin with the same 72 bytes, and bcrypt heeds no more.
                let fits = at == other || password.get(..72).is_some_and(|p| guess.starts_with(p));
                assert_eq!(hash.fits(guess.as_bytes(), &AtomicU64::default()), fits, "{guess}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\$2[aby]\\$)?[0-9]{0,3}\\$?\\PC{0,60}") {
            let _ = Hash::parse(&text);
        }
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert_eq!(format!("{:?}", hash(OPEN_SESAME, 4)), "***");
        assert!(!format!("{:?}", users()).contains("$2"));
    }
}
