//! What may stand behind a flag, and what to write instead of what may not.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// An IP address and a port; `:port` is every interface, IPv4 and IPv6, and `localhost` is
/// 127.0.0.1.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let wanted = "write an address like 127.0.0.1:10059, [::1]:10059 or :10059";
    let (host, port) = text.rsplit_once(':').ok_or(wanted)?;
    let port: u16 = port.parse().map_err(|_| wanted)?;
    match host {
        // Both families, as a Go program would: Linux lets IPv4 in through `::`.
        "" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
        "localhost" => Ok(([127, 0, 0, 1], port).into()),
        _ => text.parse().map_err(|_| wanted.to_owned()),
    }
}

/// A path that a URL holds as it is and that none of the exporter's own pages has.
pub(super) fn telemetry_path(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if !text.starts_with('/') {
        return Err("write a path that begins with a slash, like /metrics".to_owned());
    }
    if !text.bytes().all(plain) {
        return Err(
            "write a path without spaces, `?` or `#`: letters a to z, digits and / - . _ ~ \
                    only, like /metrics"
                .to_owned(),
        );
    }
    if text.contains("//") || text.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("write a path without `//`, `/./` or `/../`, like /metrics".to_owned());
    }
    let taken = match text {
        "/" => "`/` is the landing page".to_owned(),
        "/config" | "/config/" => "`/config` shows the configuration".to_owned(),
        _ => match ["/-", "/api"].into_iter().find(|own| within(text, own)) {
            Some(own) => format!("what is under `{own}/` are pages of the exporter's own"),
            None => return Ok(text.to_owned()),
        },
    };
    Err(format!("{taken}; choose another path, like /metrics"))
}

fn within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn max_requests(text: &str) -> Result<usize, String> {
    let wanted = "write a whole number from 0 to 1000000; 0 is no limit";
    text.parse().ok().filter(|number| *number <= 1_000_000).ok_or_else(|| wanted.to_owned())
}

pub(super) fn speed(text: &str) -> Result<u32, String> {
    let speed = text.parse().ok().filter(|speed| (1..=3600).contains(speed));
    speed.ok_or_else(|| "write a whole number from 1 to 3600".to_owned())
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

/// A path, or nothing.
pub(super) fn maybe_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
