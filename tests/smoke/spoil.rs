//! What a proxy can do to an answer on its way.

use std::io::{Error, Result};
use std::time::Duration;

use revenue_exporter::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// So many bytes at a time, so far apart: no answer here is whole within a second.
const DROP: usize = 8;
const PAUSE: Duration = Duration::from_millis(50);

/// What happens to every request from now on. The API has counted it all the same, except behind
/// the doors that nobody opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The answer comes so much later.
    Delay(Duration),
    /// A few bytes at a time, so that there is always progress and never an end.
    Drip,
    /// An orderly end without a byte, on a connection that was good so far.
    HangUp,
    /// An orderly end in the middle of the headers.
    CutHead,
    /// An orderly end in the middle of the body.
    CutBody,
    /// The connection is reset in the middle of the headers.
    ResetHead,
    /// The connection is reset in the middle of the body.
    ResetBody,
    /// Nothing comes back, and the connection stays open.
    BlackHole,
    /// The headers announce half of the body; the rest follows all the same.
    LengthTooShort,
    /// The headers announce more than the body, and the connection stays open.
    LengthTooLong,
    /// A body without end.
    Endless,
    /// Random bytes instead of HTTP.
    Garbage,
    /// The right answer, and at once another with other figures that nobody asked for.
    Twice,
    /// Nobody accepts connections: a few wait in the queue, the rest outside.
    Unattended,
    /// Nobody listens.
    Refused,
}

/// An API's answer in its two parts.
pub(super) struct Answer {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Answer {
    /// What the API at the other end says.
    pub(super) async fn to(request: &[u8], server: &mut BufReader<TcpStream>) -> Result<Self> {
        server.write_all(request).await?;
        let head = read_head(server).await?;
        let mut body = vec![0; length(&head)];
        server.read_exact(&mut body).await?;
        Ok(Self { head, body })
    }

    /// What a server that knows plain HTTP only says to a TLS client, and to strangers.
    pub(super) fn bad_request() -> Self {
        let head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        Self { head: head.to_vec(), body: Vec::new() }
    }

    fn whole(&self) -> Vec<u8> {
        [&self.head[..], &self.body].concat()
    }

    /// The same answer with this line for its length, and this body.
    fn announcing(&self, line: &str, body: &[u8]) -> Vec<u8> {
        let head = String::from_utf8_lossy(&self.head);
        let own = format!("content-length: {}", self.body.len());
        assert!(head.contains(&own), "{head}");
        [head.replace(&own, line).as_bytes(), body].concat()
    }

    fn announcing_length(&self, length: usize) -> Vec<u8> {
        self.announcing(&format!("content-length: {length}"), &self.body)
    }

    /// The same answer with more revenue.
    fn forged(&self) -> Vec<u8> {
        let body = String::from_utf8_lossy(&self.body).replace("evenue\":", "evenue\":9");
        assert_ne!(body.as_bytes(), self.body);
        self.announcing(&format!("content-length: {}", body.len()), body.as_bytes())
    }
}

/// Sends `answer` as `fault` has it. An error means that the connection is of no more use.
pub(super) async fn send(
    client: &mut BufReader<TcpStream>,
    answer: Answer,
    fault: Option<Fault>,
) -> Result<()> {
    let Some(fault) = fault else { return client.write_all(&answer.whole()).await };
    let (head, body) = (answer.head.len(), answer.body.len());
    match fault {
        Fault::Delay(time) => {
            Clock::system().sleep(time).await;
            client.write_all(&answer.whole()).await
        }
        Fault::Drip => drip(client, &answer.whole()).await,
        Fault::HangUp => cut(client, &[]).await,
        Fault::CutHead => cut(client, &answer.whole()[..head / 2]).await,
        Fault::CutBody => cut(client, &answer.whole()[..head + body / 2]).await,
        Fault::ResetHead => reset(client, &answer.whole()[..head / 2]).await,
        Fault::ResetBody => reset(client, &answer.whole()[..head + body / 2]).await,
        Fault::BlackHole | Fault::Unattended | Fault::Refused => hold(client).await,
        Fault::LengthTooShort => client.write_all(&answer.announcing_length(body / 2)).await,
        Fault::LengthTooLong => {
            client.write_all(&answer.announcing_length(body + 1)).await?;
            hold(client).await
        }
        Fault::Endless => flood(client, &answer).await,
        Fault::Garbage => cut(client, &garbage()).await,
        Fault::Twice => client.write_all(&[answer.whole(), answer.forged()].concat()).await,
    }
}

/// Reads to the end of the headers, or to the first byte of what cannot be HTTP.
pub(super) async fn read_head(from: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut head = vec![from.read_u8().await?];
    while head[0].is_ascii_uppercase() && !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    Ok(head)
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let line = lines.find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap_or_else(|| panic!("an answer without length: {head}")).parse().unwrap()
}

async fn drip(client: &mut BufReader<TcpStream>, bytes: &[u8]) -> Result<()> {
    client.get_ref().set_nodelay(true)?;
    for few in bytes.chunks(DROP) {
        client.write_all(few).await?;
        Clock::system().sleep(PAUSE).await;
    }
    Ok(())
}

/// Sends this and ends.
async fn cut(client: &mut BufReader<TcpStream>, bytes: &[u8]) -> Result<()> {
    client.write_all(bytes).await?;
    client.shutdown().await?;
    Err(Error::other("cut"))
}

/// Sends this and resets the connection.
async fn reset(client: &mut BufReader<TcpStream>, bytes: &[u8]) -> Result<()> {
    client.write_all(bytes).await?;
    client.get_ref().set_zero_linger()?;
    Err(Error::other("reset"))
}

/// Sends nothing more, until the client has enough.
async fn hold(client: &mut BufReader<TcpStream>) -> Result<()> {
    tokio::io::copy(client, &mut tokio::io::sink()).await?;
    Err(Error::other("left"))
}

async fn flood(client: &mut BufReader<TcpStream>, answer: &Answer) -> Result<()> {
    client.write_all(&answer.announcing("connection: close", &[])).await?;
    loop {
        client.write_all(&[b' '; 4096]).await?;
    }
}

/// The same bytes each time, none of which begin an answer.
fn garbage() -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| rng.u8(128..)).take(999).collect()
}
