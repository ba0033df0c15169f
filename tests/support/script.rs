//! Which faults happen when: written down, or drawn from a seed.

use std::time::Duration;

use revenue_exporter::clock::Tick;

/// What happens to a request. Where it reaches the API it is counted there, whatever comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection.
    Unsent,
    /// The connection breaks once the API has the request.
    Lost,
    /// The connection breaks in the middle of the body.
    CutBody,
    /// Nothing ever comes back.
    BlackHole,
    /// The request is so long on its way, and arrives though nobody waits for it any more.
    Held(Duration),
    /// The answer is so long on its way.
    Late(Duration),
    /// Random bytes for a body.
    Garbage,
    /// A proxy's page, with this status.
    Page(u16),
    /// The body ends in the middle, in good order.
    Truncated,
    /// The body never ends.
    Endless,
    /// 429, with so many seconds of `Retry-After` or without.
    Throttled(Option<u64>),
}

impl Fault {
    /// Whether the whole account keeps quiet after it.
    pub fn silences(self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Page(403))
    }
}

/// A fault and the time in which requests meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spell {
    pub from: Tick,
    pub until: Tick,
    pub host: String,
    pub fault: Fault,
}

/// Which requests meet which faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script(pub Vec<Spell>);

/// How long the faults of a random script last, and the peace before each, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub peace: (u64, u64),
    pub spell: (u64, u64),
    /// Whether there are refusals as well, after which an account keeps quiet for minutes.
    pub refuses: bool,
}

impl Weather {
    /// Each fault can be got over before the next one.
    pub const SPELLS: Self =
        Self { peace: (25 * 60, 50 * 60), spell: (30, 20 * 60), refuses: true };

    /// Faults that meet each other, and requests that meet two of them.
    pub const STORM: Self = Self { peace: (0, 40), spell: (1, 60), refuses: false };
}

impl Script {
    /// Faults for each host, every kind as often as every other.
    pub fn random(seed: u64, weather: Weather, hosts: &[&str], end: Duration) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (peace, length, mut spells) = (weather.peace, weather.spell, Vec::new());
        for host in hosts {
            let (mut at, mut kinds) = (Tick::default(), Vec::new());
            loop {
                let from = at + Duration::from_secs(rng.u64(peace.0..peace.1));
                let until = from + Duration::from_secs(rng.u64(length.0..length.1));
                if until.since_start() > end {
                    break;
                }
                if kinds.is_empty() {
                    kinds = each_kind(&mut rng);
                    kinds.retain(|kind| weather.refuses || !kind.silences());
                    rng.shuffle(&mut kinds);
                }
                let fault = kinds.pop().unwrap();
                spells.push(Spell { from, until, host: (*host).to_owned(), fault });
                at = until;
            }
        }
        Self(spells)
    }

    /// What a request to `host` meets now.
    pub fn at(&self, host: &str, now: Tick) -> Option<Fault> {
        let met = |spell: &&Spell| spell.host == host && spell.from <= now && now < spell.until;
        self.0.iter().find(met).map(|spell| spell.fault)
    }
}

/// Times around the exporter's limit of 30 s. What it gives up may still reach the API as much
/// later again, not more: that is what its ledger allows for.
fn each_kind(rng: &mut fastrand::Rng) -> Vec<Fault> {
    vec![
        Fault::Unsent,
        Fault::Lost,
        Fault::CutBody,
        Fault::BlackHole,
        Fault::Held(Duration::from_secs(rng.u64(5..30))),
        Fault::Held(Duration::from_secs(rng.u64(30..59))),
        Fault::Late(Duration::from_secs(rng.u64(5..30))),
        Fault::Late(Duration::from_secs(rng.u64(30..90))),
        Fault::Garbage,
        Fault::Page(200),
        Fault::Page(403),
        Fault::Page(502),
        Fault::Truncated,
        Fault::Endless,
        Fault::Throttled(None),
        Fault::Throttled(Some(rng.u64(1..600))),
    ]
}
