//! Since when an API has been reachable, and how soon after that a figure must be there.

use std::time::Duration;

use revenue_exporter::clock::Tick;
use revenue_exporter::model::Api;
use revenue_exporter::model::range::Range;

const MINUTE: Duration = Duration::from_secs(60);

/// The longest that an account keeps quiet after a refusal: 15 minutes and a tenth, and the
/// request that then tests the door.
const HOLD: Duration = Duration::from_secs(17 * 60);

/// One API's health in truth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    troubles: u32,
    ill_since: Tick,
    ill_for: Duration,
    well_since: Tick,
    lag: Duration,
    lag_since: Tick,
}

impl Health {
    pub fn begin(&mut self, now: Tick) {
        // What has not had the time to recover is one long illness.
        let relapse = now.since(self.well_since) < self.recovery(Duration::MAX);
        if self.troubles == 0 && !relapse {
            self.ill_since = now;
        }
        self.troubles += 1;
    }

    pub fn end(&mut self, now: Tick) {
        self.troubles -= 1;
        (self.ill_for, self.well_since) = (now.since(self.ill_since), now);
    }

    /// The figures lag so many minutes behind from now on.
    pub fn lag(&mut self, minutes: u16, now: Tick) {
        (self.lag, self.lag_since) = (MINUTE * u32::from(minutes), now);
    }

    /// From when on a figure must be shown that was possible since `since`: the exporter's start
    /// or the beginning of the day. `None` while the API is ill.
    pub fn due(&self, api: Api, range: &Range, every: Duration, since: Tick) -> Option<Tick> {
        let settled = match api {
            // One window of 2 requests is 30 s: a token and the pieces of four ranges.
            Api::Klar => MINUTE * 5,
            Api::TapRain => MINUTE * 2,
        };
        let recovered = self.well(every)?;
        Some(recovered.max(since.max(self.lag_since) + self.late(api, range, every)) + settled)
    }

    /// Since when the API has been so well that no wait for it can be left; `None` while it is
    /// ill.
    pub fn well(&self, every: Duration) -> Option<Tick> {
        (self.troubles == 0).then(|| self.well_since + self.recovery(every))
    }

    /// A view that failed by itself waits as long as it has failed, at most its interval, and a
    /// tenth.
    fn recovery(&self, every: Duration) -> Duration {
        if self.ill_for.is_zero() {
            return Duration::ZERO;
        }
        HOLD + self.ill_for.min(every).mul_f64(1.1)
    }

    /// How late a new day is: as late as the figures, and where nobody says that they are (Klar
    /// answers with no rows) until the next question after that.
    pub fn late(&self, api: Api, range: &Range, every: Duration) -> Duration {
        match (api, range) {
            (_, Range::Hour) => Duration::ZERO,
            (Api::TapRain, _) => self.lag,
            (Api::Klar, Range::Today) => self.lag + every,
            (Api::Klar, _) => Duration::ZERO,
        }
    }
}
