//! What shards do together, and what becomes of it when one is killed, or when there is one more.

use revenue_exporter::clock::Clock;
use rustix::process::Signal;

use super::exchange::STATS;
use super::field::{Exporter, Field, PATIENCE};
use super::waiting::poll;

fn start(field: &Field, shards: usize) -> Vec<Exporter> {
    let exporters: Vec<_> = (0..shards).map(|index| field.start(index, shards)).collect();
    exporters.iter().for_each(Exporter::await_ready);
    exporters
}

#[test]
fn three_shards_collect_every_account_once_also_after_a_reload() {
    let field = Field::new(14);
    field.configure(12);
    let exporters = start(&field, 3);
    field.shown(&exporters, 12);
    for (index, exporter) in exporters.iter().enumerate() {
        let share = format!("shard={index}/3 accounts=\"{} of 12\"", exporter.accounts().len());
        assert!(exporter.log().contains(&share), "{share}\n{}", exporter.log());
    }
    field.configure(14);
    for exporter in &exporters {
        exporter.signal(Signal::HUP);
    }
    let all = || exporters.iter().map(|exporter| exporter.accounts().len()).sum::<usize>() == 14;
    assert!(poll(PATIENCE, || all().then_some(())).is_some());
    field.shown(&exporters, 14);
    exporters.iter().for_each(Exporter::await_ready);
    assert!(field.exchange.asked().values().all(|times| *times > 0));
    field.assert_within_limits();
    exporters.into_iter().for_each(Exporter::stop);
}

#[test]
fn check_says_which_accounts_are_the_shard_s() {
    let field = Field::new(6);
    field.configure(6);
    let tables = [0, 1, 2].map(|index| {
        let (code, table, said) = field.said(&["check", &format!("--shard={index}/3")]);
        assert_eq!((code, said.as_str()), (Some(0), ""));
        let accounts = table.matches(" brand-").count();
        let first = format!("shard {index}/3: {accounts} of 6 accounts\n\n");
        assert!(table.starts_with(&first), "{table}");
        table
    });
    for account in &field.accounts {
        let title = format!("{}\n", account.replace('/', " "));
        assert_eq!(tables.iter().filter(|table| table.contains(&title)).count(), 1, "{account}");
    }
    let (code, table, said) = field.said(&["check", "--shard=2/1024"]);
    assert_eq!((code, table.as_str()), (Some(0), "shard 2/1024: 0 of 6 accounts\n"));
    assert!(said.starts_with("warning: shard 2/1024 has none of the 6 accounts"), "{said}");
    let backfill = ["backfill", "--from=2026-03-01", "--output=-", "--state.directory="];
    let (code, history, said) = field.said(&[&backfill[..], &["--shard=2/1024"]].concat());
    assert_eq!((code, history.as_str()), (Some(2), ""));
    assert!(said.contains("shard 2/1024 has none of the accounts; leave it out"), "{said}");
}

/// Two shards would each spend the whole of one budget.
#[test]
fn accounts_with_one_secret_are_refused_wherever_they_would_be_collected() {
    let field = Field::new(4);
    field.configure(4);
    field.share_secret("klar/brand-001", "klar/brand-003");
    for shard in ["--shard=0/3", "--shard=1/3", "--shard=2/3"] {
        let (code, _, said) = field.said(&["check", shard]);
        assert!(code == Some(2) && said.contains("use the same key"), "{said}");
    }
}

/// Otherwise the tests beside this one would prove nothing.
#[test]
fn the_judges_notice_who_collects_an_account_twice() {
    let field = Field::new(2);
    field.configure(2);
    let _twins = ["one", "other"].map(|state| field.start_in(state, 0, 1));
    let noticed = poll(PATIENCE, || (!field.exchange.broken().is_empty()).then_some(()));
    assert!(noticed.is_some());
}

#[test]
fn a_shard_without_an_account_says_so_and_is_ready_at_once() {
    let field = Field::new(2);
    field.configure(2);
    // Of the two accounts none is this one's, for ever: src/shard.rs.
    let exporter = field.start(2, 1024);
    exporter.await_ready();
    assert!(exporter.accounts().is_empty());
    let said = "shard 2/1024 has none of the 2 accounts and collects nothing";
    assert_eq!(exporter.log().matches(said).count(), 1, "{}", exporter.log());
    exporter.stop();
    assert!(field.exchange.asked().values().all(|times| *times == 0));
}

#[test]
#[ignore = "a minute and a half: run it optimised, with --release -- --ignored --nocapture"]
fn three_hundred_accounts_survive_a_kill_and_a_fourth_shard() {
    const COUNT: usize = 300;
    let (field, clock) = (Field::new(COUNT), Clock::system());
    field.configure(COUNT);
    let begin = clock.tick();
    let mut exporters = start(&field, 3);
    let before = field.shown(&exporters, COUNT);
    let count = |place| before.values().filter(|at| **at == place).count();
    println!("ready after {:?}; accounts: {:?}", clock.tick().since(begin), [0, 1, 2].map(count));

    // Killed while it asks, and back at once: what it sent it must not send again.
    field.await_asked(&field.exchange.asked());
    exporters.remove(1).kill();
    let asked = field.exchange.asked();
    exporters.insert(1, field.start(1, 3));
    exporters[1].await_ready();
    assert_eq!(field.shown(&exporters, COUNT), before);
    field.await_asked(&asked);
    field.assert_within_limits();

    exporters.into_iter().for_each(Exporter::stop);
    let (stopped, asked) = (clock.tick(), field.exchange.asked());
    // As examples/kubernetes/README.md has it: accounts move without their ledgers.
    poll(PATIENCE, || (clock.tick().since(stopped) > STATS.per).then_some(())).unwrap();
    let exporters = start(&field, 4);
    let after = field.shown(&exporters, COUNT);
    let moved: Vec<_> = before.iter().filter(|(name, at)| after[*name] != **at).collect();
    println!("{} of {COUNT} accounts moved", moved.len());
    assert!(moved.iter().all(|(name, _)| after[*name] == 3), "{moved:?}");
    assert!(moved.len() <= COUNT / 4 + COUNT / 20, "{}", moved.len());
    field.await_asked(&asked);
    field.await_asked(&field.exchange.asked());
    field.assert_within_limits();
    let total: u64 = field.exchange.asked().values().sum();
    println!("{total} requests within {:?}, none beyond a limit", clock.tick().since(begin));
    exporters.into_iter().for_each(Exporter::stop);
}
