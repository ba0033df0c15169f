//! The stage's side of an event: what it changes at the simulators and in the key files.

use std::path::PathBuf;
use std::sync::Arc;

use revenue_exporter::demo::klar::Klar;
use revenue_exporter::demo::switches::{Setting, Switches};
use revenue_exporter::demo::taprain::TapRain;
use revenue_exporter::demo::wire::Wire;
use revenue_exporter::model::Api;

use super::script::{STORM_ADVICE, Trouble, What};

/// Both simulators, the wires to them and the files of their keys.
pub struct Vendors {
    pub taprain: Arc<TapRain>,
    pub klar: Arc<Klar>,
    /// TapRain's and Klar's.
    pub wires: [Wire; 2],
    pub files: [PathBuf; 2],
    /// Numbers the keys of each.
    pub keys: [u32; 2],
}

impl Vendors {
    /// Applies what concerns the APIs.
    pub fn apply(&mut self, what: What) {
        match what {
            What::Begin(api, trouble) => self.begin(api, trouble),
            What::End(api, trouble) => self.end(api, trouble),
            What::Lag(api, minutes) => {
                self.change(api, |setting| setting.lag_minutes = minutes);
            }
            What::Rotate(api) => {
                self.keys[place(api)] += 1;
                self.write_key(api);
                self.accept_key(api);
            }
            What::ForgetTokens => self.klar.forget_tokens(),
            What::Advice(remaining, headers) => self.change(Api::TapRain, |setting| {
                (setting.requests_remaining, setting.quota_headers) = (remaining, headers);
            }),
            What::Restart { .. } | What::Step(_) => {}
        }
    }

    fn begin(&mut self, api: Api, trouble: Trouble) {
        match trouble {
            Trouble::Storm(advice) => self.change(api, |setting| {
                (setting.storm, setting.retry_after) = (Some(STORM_ADVICE), advice);
            }),
            Trouble::Ill(fault) => self.change(api, |setting| setting.fault = Some(fault)),
            Trouble::Suspended => self.change(api, |setting| setting.suspended = true),
            Trouble::Cut => self.wires[place(api)].cut(true),
            Trouble::KeyLost => {
                self.keys[place(api)] += 1;
                self.accept_key(api);
            }
        }
    }

    fn end(&mut self, api: Api, trouble: Trouble) {
        match trouble {
            Trouble::Cut => self.wires[place(api)].cut(false),
            Trouble::KeyLost => self.write_key(api),
            Trouble::Storm(_) | Trouble::Ill(_) | Trouble::Suspended => {
                self.change(api, |setting| {
                    (setting.storm, setting.fault, setting.suspended) = (None, None, false);
                });
            }
        }
    }

    fn key(&self, api: Api) -> String {
        format!("key-{}-{}", api.as_str(), self.keys[place(api)])
    }

    fn write_key(&self, api: Api) {
        std::fs::write(&self.files[place(api)], self.key(api)).unwrap();
    }

    /// The old key dies at once, and with it the access tokens that it gave.
    fn accept_key(&self, api: Api) {
        match api {
            Api::TapRain => self.taprain.set_key(&self.key(api)),
            Api::Klar => {
                self.klar.set_key(&self.key(api));
                self.klar.forget_tokens();
            }
        }
    }

    fn switches(&self, api: Api) -> &Switches {
        match api {
            Api::TapRain => self.taprain.switches(),
            Api::Klar => self.klar.switches(),
        }
    }

    fn change(&self, api: Api, change: impl FnOnce(&mut Setting)) {
        self.switches(api).change(change);
    }
}

/// TapRain stands first everywhere.
pub const fn place(api: Api) -> usize {
    match api {
        Api::TapRain => 0,
        Api::Klar => 1,
    }
}
