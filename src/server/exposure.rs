//! Who can read the revenue besides those who should.

use std::net::SocketAddr;

use super::site::Site;

/// What is careless about how the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nobody has to say who they are, beyond this host.
    Unlocked,
    /// Passwords and figures go over the network as they are.
    Unencrypted,
}

impl Exposure {
    /// A word that stays the same, for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unlocked => "unlocked",
            Self::Unencrypted => "unencrypted",
        }
    }

    /// What it means and what to do, as one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unlocked => {
                "anyone who reaches this address reads the revenue; give --web.config.file a file \
                 with tls_server_config and basic_auth_users, or listen on 127.0.0.1"
            }
            Self::Unencrypted => {
                "passwords and revenue can be read on the network; add tls_server_config to the \
                 file of --web.config.file, or listen on 127.0.0.1"
            }
        }
    }
}

/// Whether anybody beyond this host can reach one of `addresses`.
pub fn is_reachable(addresses: &[SocketAddr]) -> bool {
    addresses.iter().any(|address| !address.ip().to_canonical().is_loopback())
}

impl Site {
    /// What is careless at present, if anything.
    pub fn exposure(&self) -> Option<Exposure> {
        if !self.reachable {
            return None;
        }
        let Some(lock) = &self.lock else { return Some(Exposure::Unlocked) };
        let rules = lock.rules();
        if !rules.identifies() {
            return Some(Exposure::Unlocked);
        }
        rules.tls.is_none().then_some(Exposure::Unencrypted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_out_of_reach() {
        let reachable = |address: &str| is_reachable(&[address.parse().unwrap()]);
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(!reachable(address), "{address}");
        }
        for address in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1"] {
            assert!(reachable(address), "{address}");
        }
        let both = ["127.0.0.1:1", "10.0.0.1:1"].map(|address| address.parse().unwrap());
        assert!(is_reachable(&both) && !is_reachable(&[]));
    }
}
