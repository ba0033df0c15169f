//! Klar's words: attribution model, window, date basis, level of detail.

use std::time::Duration;

/// The most days one request asks for: the API answers 31 and refuses 32, so stay clear (trap K3).
pub const CHUNK_DAYS: u32 = 28;

/// The documented life of an access token.
pub const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// The share of its life after which a token is replaced (trap K8).
const SERVES: f64 = 0.8;

/// How long a token of this `life` serves before it is replaced: 80 % of it.
pub fn token_serves(life: Duration) -> Duration {
    life.mul_f64(SERVES)
}

/// Declares an enum whose variants are the API's own words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word, in the order of the vendor's page.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the API and the labels write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant that `word` names.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }
    };
}

words! {
    /// The attribution model, which the API calls `metric` (trap K11).
    Model {
        /// All credit to the first touchpoint.
        FirstTouch = "first_touch",
        /// All credit to the last touchpoint.
        LastTouch = "last_touch",
        /// Credit by Klar's trained model; the exporter's default.
        DataDriven = "data_driven",
        /// Equal credit to every touchpoint.
        Linear = "linear",
        /// Full credit to each click: channels sum to more than the shop's revenue (trap K13).
        AnyClick = "any_click",
        /// Full credit to each channel once (trap K13).
        AnyClickUnique = "any_click_unique",
        /// Most credit to the first and last touchpoint.
        UShape = "u_shape",
        /// More credit to later touchpoints.
        TimeDecay = "time_decay",
        /// Klar's marketing-mix model.
        MarketingMix = "marketing_mix",
    }
}

words! {
    /// How long before an order a touchpoint may lie.
    Window {
        /// Any time.
        Unlimited = "unlimited",
        /// One day.
        OneDay = "1_day",
        /// Seven days; the exporter's default.
        SevenDays = "7_day",
        /// Twenty-eight days.
        TwentyEightDays = "28_day",
    }
}

words! {
    /// Which date a row is booked to (trap K12).
    DateBasis {
        /// The order's date; the exporter's default.
        Order = "order",
        /// The touchpoint's date, immature for the whole window.
        Touch = "touch",
    }
}

words! {
    /// How deep the labels go; each level includes those above it.
    Detail {
        /// Channels only; the exporter's default.
        Channel = "channel",
        /// Channels and campaigns.
        Campaign = "campaign",
        /// Down to ad groups.
        AdGroup = "ad_group",
        /// Down to ads.
        Ad = "ad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_nine_models_four_windows_two_bases() {
        assert_eq!((Model::ALL.len(), Window::ALL.len(), DateBasis::ALL.len()), (9, 4, 2));
        assert_eq!(Model::parse("u_shape"), Some(Model::UShape));
        assert_eq!(Model::parse("U_SHAPE"), None);
    }
}
