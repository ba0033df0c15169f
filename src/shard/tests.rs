//! Whose an account is, for ever.

use proptest::prelude::*;

use super::*;

#[test]
fn the_hashes_are_those_that_others_wrote_down() {
    // From the pages of their authors: FNV-1a of "foobar", and what SplitMix64 gives first when seeded with 0.
    let foobar =
        b"foobar".iter().fold(BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    assert_eq!(foobar, 0x8594_4171_f739_67e8);
    let drawn = [1, 2, 3].map(|step| mixed(GOLDEN.wrapping_mul(step)));
    assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
}

/// Computed once by another program, in another language.
#[test]
fn an_account_stays_where_it_was_in_every_version_of_the_exporter() {
    let counts = [1, 2, 3, 4, 5, 10, 100, 1024];
    for (api, account, owners) in [
        (Api::TapRain, "main", [0, 0, 2, 2, 2, 6, 25, 185]),
        (Api::Klar, "my-store", [0, 0, 0, 0, 0, 7, 19, 954]),
        (Api::TapRain, "default", [0, 1, 2, 2, 2, 8, 71, 71]),
        (Api::Klar, "default", [0, 1, 1, 3, 3, 3, 90, 90]),
        (Api::TapRain, "Ünal & Söhne", [0, 0, 2, 2, 2, 9, 88, 924]),
        (Api::Klar, "k00299", [0, 1, 1, 3, 3, 3, 67, 67]),
    ] {
        assert_eq!(counts.map(|count| owner(api, account, count)), owners, "{account}");
    }
}

#[test]
fn shards_are_written_as_they_are_typed() {
    for text in ["0/1", "2/3", "1023/1024"] {
        assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
    }
    for bad in [
        "", "/", "1", "/3", "1/", "3/3", "0/0", "0/1025", "-1/3", "+1/3", "1/3/4", " 1/3", "1.0/3",
        "0/65537",
    ] {
        let error = bad.parse::<Shard>().unwrap_err();
        assert!(error.starts_with("write which shard of how many, like 0/3"), "{bad}: {error}");
    }
}

/// Three hundred accounts as people name them, which are alike.
#[test]
fn alike_names_are_spread_evenly_and_a_shard_more_takes_its_part() {
    for shards in [2_u16, 3, 4, 8] {
        let (mut counts, mut moved) = (vec![0_usize; usize::from(shards) + 1], 0);
        for number in 0..3000 {
            let name = format!("store-{number:04}");
            counts[usize::from(owner(Api::Klar, &name, shards))] += 1;
            moved +=
                usize::from(owner(Api::Klar, &name, shards) != owner(Api::Klar, &name, shards + 1));
        }
        let fair = 3000 / usize::from(shards);
        for count in &counts[..usize::from(shards)] {
            assert!(count.abs_diff(fair) < fair / 8, "{counts:?}");
        }
        let fair = 3000 / (usize::from(shards) + 1);
        assert!(moved.abs_diff(fair) < fair / 6, "{shards}: {moved}");
    }
}

proptest! {
    #[test]
    fn every_account_is_exactly_one_shard_s(name in "\\PC{1,40}", shards in 1..=Shard::MOST) {
        for api in [Api::TapRain, Api::Klar] {
            let owners = (0..shards).filter(|index| Shard::new(*index, shards).unwrap().owns(api, &name));
            prop_assert_eq!(owners.count(), 1);
        }
    }

    #[test]
    fn a_shard_more_takes_accounts_and_moves_no_other(name in "\\PC{1,40}", shards in 1..Shard::MOST) {
        let (before, after) = (owner(Api::TapRain, &name, shards), owner(Api::TapRain, &name, shards + 1));
        prop_assert!(after == before || after == shards, "from {} to {}", before, after);
    }
}
