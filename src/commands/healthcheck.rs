//! `healthcheck`: does the exporter that listens here live? For images, in which there is no curl.

mod unverified;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, Stream};

use super::CommandError;
use super::web::Guard;
use crate::cli;
use crate::config::duration;

/// Who waits longer has long been killed by whoever waits for it.
const LONGEST: Duration = Duration::from_secs(3600);

/// The head of an answer, as far as it is of interest.
const HEAD: usize = 12;

/// Why there is no answer.
enum Trouble {
    /// Nobody is there.
    Closed(std::io::Error),
    /// Somebody is, and says what is no HTTP.
    Mute(String),
}

pub(super) fn run(typed: &cli::Healthcheck) -> Result<(), CommandError> {
    let limit = limit(&typed.timeout)?;
    let tls = encryption(typed.web_config_file.as_deref())?;
    let encrypts = tls.is_some();
    let places = reachable(typed.listen);
    let (tell, told) = channel();
    // On a thread, for then one limit holds for all of it: connecting, shaking hands and a server that sends a byte
    // now and then. When it is over the process ends, and the thread with it.
    std::thread::spawn(move || tell.send(first(&places, tls.as_ref())));
    let address = typed.listen;
    let sentence = match told.recv_timeout(limit) {
        Ok(Ok(status)) => return judge(address, status, encrypts),
        Ok(Err(Trouble::Closed(error))) => format!(
            "nothing can be reached at {address}: {error}; start the exporter, or say with --web.listen-address where \
             it listens"
        ),
        Ok(Err(Trouble::Mute(reason))) => format!(
            "what listens at {address} does not answer{}: {reason}; {}",
            if encrypts { " over TLS" } else { "" },
            remedy(encrypts)
        ),
        Err(_) => format!(
            "no answer from {address} within {}; if its log stands still as well, start the exporter anew",
            duration::format(limit)
        ),
    };
    Err(CommandError::System(sentence))
}

/// What an answer says of the process, whatever it says of us.
fn judge(address: SocketAddr, status: u16, encrypts: bool) -> Result<(), CommandError> {
    let text = match status {
        200 => "healthy\n".to_owned(),
        // It needs no password of ours to say so, nor room in its rate limit.
        401 | 429 => format!("healthy: answers {status}\n"),
        _ => {
            let remedy = remedy(encrypts);
            let sentence = format!("{address} answers {status} instead of 200; {remedy}");
            return Err(CommandError::System(sentence));
        }
    };
    // Whoever closed standard output reads the exit code.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}

const fn remedy(encrypts: bool) -> &'static str {
    if encrypts {
        "see the exporter's log, or leave --web.config.file out if it serves without TLS"
    } else {
        "see the exporter's log, or give --web.config.file here, too, if it serves with TLS"
    }
}

fn limit(typed: &str) -> Result<Duration, CommandError> {
    let limit = duration::parse(typed)
        .ok()
        .filter(|limit| (1..=LONGEST.as_millis()).contains(&limit.as_millis()));
    limit.ok_or_else(|| {
        CommandError::Usage(format!(
            "--timeout {typed} is no time to wait; write one up to 1h, like 3s"
        ))
    })
}

/// How to speak TLS, where the web configuration says that the exporter does.
fn encryption(web: Option<&Path>) -> Result<Option<Arc<ClientConfig>>, CommandError> {
    // Exit code 1: what the process that runs has read before is not told by a file that is broken now.
    let guard = Guard::read(web).map_err(|error| CommandError::System(error.to_string()))?;
    let encrypts = guard.is_some_and(|guard| guard.encrypts());
    encrypts.then(unverified::client).transpose().map_err(CommandError::System)
}

/// Where a server that listens on `address` can be reached from its own host.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let at = |ip: IpAddr| SocketAddr::new(ip, address.port());
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![at(Ipv4Addr::LOCALHOST.into())],
        // `::` takes IPv4, too, unless the host says otherwise; and many containers have no `::1`.
        IpAddr::V6(ip) if ip.is_unspecified() => {
            vec![at(Ipv6Addr::LOCALHOST.into()), at(Ipv4Addr::LOCALHOST.into())]
        }
        _ => vec![address],
    }
}

/// The status of the first place where somebody listens.
fn first(places: &[SocketAddr], tls: Option<&Arc<ClientConfig>>) -> Result<u16, Trouble> {
    let mut connected = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for place in places {
        connected = TcpStream::connect(place);
        if connected.is_ok() {
            break;
        }
    }
    let mut stream = connected.map_err(Trouble::Closed)?;
    let Some(config) = tls else {
        return ask(&mut stream).map_err(|error| Trouble::Mute(error.to_string()));
    };
    let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let mut connection = ClientConnection::new(Arc::clone(config), name)
        .map_err(|error| Trouble::Mute(error.to_string()))?;
    match ask(&mut Stream::new(&mut connection, &mut stream)) {
        // It reads what clients say and keeps to its rules: it lives.
        Err(error) if wants_certificate(&error) => Ok(401),
        answer => answer.map_err(|error| Trouble::Mute(error.to_string())),
    }
}

/// Whether a server ended the handshake because we show no certificate: TLS 1.3 has an alert for that, 1.2 has not.
fn wants_certificate(error: &std::io::Error) -> bool {
    let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        alert,
        Some(rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure
        ))
    )
}

/// Asks, and reads no more of the answer than its status.
fn ask(stream: &mut (impl Read + Write)) -> std::io::Result<u16> {
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut head = [0; HEAD];
    stream.read_exact(&mut head)?;
    let text = std::str::from_utf8(&head).ok();
    let status = text.and_then(|text| text.strip_prefix("HTTP/1.")?.split_once(' '));
    let status = status.and_then(|(_, status)| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("that is no HTTP"))
}
