//! The rules that are in force, and whether others would guard less.

use std::sync::Arc;

use http::HeaderMap;
use rustls::ServerConfig;

use super::bucket::Rate;
use super::users::Users;

/// What a web configuration says.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Who may come in; nobody named means anybody.
    pub users: Users,
    /// What every answer carries.
    pub headers: HeaderMap,
    /// How many requests at most, of all clients together.
    pub limit: Option<Rate>,
    /// How connections are encrypted; `None` is plain HTTP.
    pub tls: Option<Tls>,
}

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub struct Tls {
    /// What rustls does.
    pub config: Arc<ServerConfig>,
    /// What clients must show.
    pub demand: Demand,
}

/// What is demanded of a client's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// There must be one.
    pub required: bool,
    /// It must come from a known authority, if there is one.
    pub verified: bool,
    /// It must bear one of certain names.
    pub named: bool,
}

impl Rules {
    /// Whether a client must prove who it is, by a password or a certificate.
    pub fn identifies(&self) -> bool {
        let certified = |tls: &Tls| tls.demand.required && tls.demand.verified;
        !self.users.is_empty() || self.tls.as_ref().is_some_and(certified)
    }

    /// What guarded the server `before` and does not any more, by its key in the file.
    ///
    /// A file that is being written, or that a full disk cut off, looks like one that asks for
    /// less: that is never believed while the program runs.
    pub fn lost(&self, before: &Self) -> Option<&'static str> {
        let demand = |rules: &Self| rules.tls.as_ref().map(|tls| tls.demand).unwrap_or_default();
        let (had, has) = (demand(before), demand(self));
        let gone = [
            ("basic_auth_users", !before.users.is_empty() && self.users.is_empty()),
            ("tls_server_config", before.tls.is_some() && self.tls.is_none()),
            ("client_auth_type", had.required && !has.required || had.verified && !has.verified),
            ("client_allowed_sans", had.named && !has.named),
            ("rate_limit", before.limit.is_some() && self.limit.is_none()),
        ];
        gone.into_iter().find(|(_, gone)| *gone).map(|(key, _)| key)
    }
}
