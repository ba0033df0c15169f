//! `taprain-key`: TapRain's key, shown or made anew with the session of whoever is signed in.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::logging::tell;
use super::run::block_on;
use super::signals::Signals;
use super::{CommandError, environment, logging};
use crate::cli::{KeyAction, KeyOptions};
use crate::clock::Clock;
use crate::config::{KeyTarget, key_target};
use crate::fetch::Fetch;
use crate::file;
use crate::model::settings::{Collection, CredentialSource};
use crate::secret::Secret;
use crate::taprain_key::key_file::{Ready, Refusal};
use crate::taprain_key::{Desk, Rotation, Trouble, held};
use crate::upstream::http::Http;
use crate::upstream::taprain_key::cookie;

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

/// A longer text is no cookie: servers refuse headers of more than a few KiB.
const LONGEST_COOKIE: u64 = 64 * 1024;

pub(super) fn run(action: &KeyAction) -> Result<(), CommandError> {
    let (KeyAction::Show(typed) | KeyAction::Rotate(typed)) = action;
    let target = key_target(typed.config.file.as_deref(), typed.account.as_deref(), &environment)?;
    if target.exposed {
        let url = &target.base_url;
        logging::aside(&format!("{url} is plain http: anyone on the way can read cookie and key"));
    }
    // Where nothing can be written, nobody need look for a cookie.
    let ready = match action {
        KeyAction::Show(_) => None,
        KeyAction::Rotate(_) => Some(ready(&target)?),
    };
    let desk = desk(&target, typed)?;
    match ready {
        None => block_on(show(&desk, &target)),
        Some(ready) => block_on(rotate(&desk, ready)),
    }
}

fn ready(target: &KeyTarget) -> Result<Ready, CommandError> {
    let account = &target.account;
    let remedy =
        "write `api_key_file: PATH` instead, where a running exporter reads the new key by itself";
    let path = match &target.place {
        Some(CredentialSource::File(path)) => path,
        Some(CredentialSource::Environment(name)) => {
            return Err(CommandError::Usage(format!(
                "the key of account `{account}` is in the environment variable {name}, which no program can \
                 change for another; {remedy}"
            )));
        }
        Some(CredentialSource::Built) | None => {
            return Err(CommandError::Usage(format!(
                "nothing says where the key of account `{account}` is kept; {remedy}, and name the \
                 configuration with --config.file, or set TAPRAIN_API_KEY_FILE"
            )));
        }
    };
    Ready::new(path).map_err(|refusal| match refusal {
        Refusal::Unfit(text) => CommandError::Usage(text),
        Refusal::Denied(text) => CommandError::System(text),
    })
}

fn desk<'a>(target: &'a KeyTarget, typed: &KeyOptions) -> Result<Desk<'a>, CommandError> {
    let shown = typed.cookie_file.display();
    let text = text_of(&typed.cookie_file).map_err(|error| {
        CommandError::Usage(format!("cannot read the cookie in {shown}: {}", reason(&error)))
    })?;
    let cookie = cookie(&text).map_err(|error| CommandError::Usage(format!("{shown} {error}")))?;
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    let fetch = Fetch { transport, clock: Clock::system(), limits: Collection::DEFAULT };
    Ok(Desk { fetch, base_url: &target.base_url, cookie })
}

/// Without the system's number.
fn reason(error: &std::io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |_| error.kind().to_string())
}

fn text_of(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() != STANDARD_INPUT {
        let bytes = file::read(path, LONGEST_COOKIE)?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let input = std::io::stdin().lock();
    let mut text = String::new();
    if input.is_terminal() {
        tell("paste the Cookie header, and end with Enter and Ctrl-D:");
    }
    input.take(LONGEST_COOKIE).read_to_string(&mut text)?;
    Ok(text)
}

async fn show(desk: &Desk<'_>, target: &KeyTarget) -> Result<(), CommandError> {
    let key = desk.show().await.map_err(|failure| CommandError::System(failure.to_string()))?;
    print(&key)?;
    let holds = |known: Option<Secret>| match known {
        Some(known) if known == key => "holds this key",
        Some(_) => "holds another key, which the API does not take any more",
        None => "holds no key that can be read",
    };
    match &target.place {
        Some(CredentialSource::File(path)) => {
            tell(&format!("the key file {} {}", path.display(), holds(held(path))));
        }
        Some(CredentialSource::Environment(name)) => {
            let known = environment(name).and_then(|text| Secret::parse(&text).ok());
            tell(&format!("the environment variable {name} {}", holds(known)));
        }
        Some(CredentialSource::Built) | None => {}
    }
    Ok(())
}

async fn rotate(desk: &Desk<'_>, ready: Ready) -> Result<(), CommandError> {
    // From here on a signal must not end the program: between the answer and the file is a new key.
    let _deaf = Signals::listen()?;
    let place = ready.place().to_owned();
    let (shown, before) = (place.display(), held(&place));
    match desk.rotate(ready, before.as_ref()).await {
        Ok(Rotation::Done) => {
            tell(&format!(
                "the new key is in {shown}, and the old one is dead. A running exporter that reads this file uses \
                 the new key within seconds; whatever else uses the old one must be told."
            ));
            Ok(())
        }
        Ok(Rotation::Found(why)) => {
            tell(&format!(
                "the API did not answer with a new key ({why}), and was asked which key there is: that one is now \
                 in {shown}, which held another or none before."
            ));
            Ok(())
        }
        Err(trouble) => Err(CommandError::System(sentence(trouble, &place)?)),
    }
}

/// What went wrong; a key that would be lost is printed, the only one that ever is.
fn sentence(trouble: Trouble, place: &Path) -> Result<String, CommandError> {
    Ok(match trouble {
        Trouble::Refused(why) => format!("{why}; nothing was changed, and the old key lives"),
        Trouble::Unchanged(why) => {
            format!("{why}; the API still has the key from before, and so has the file")
        }
        Trouble::Unknown(why, again) => format!(
            "whether the key was changed is not known: {why}; and when asked which key there is: {again}. Once the \
             API answers, `revenue-exporter taprain-key show` prints the key; write that into {}",
            place.display()
        ),
        Trouble::Unwritten(key, why) => {
            print(&key)?;
            format!(
                "the API has a new key, the old one is dead, and {} could not be written ({}): the new key is the \
                 line on standard output; write it into the file",
                place.display(),
                why.kind()
            )
        }
    })
}

fn print(key: &Secret) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", key.reveal()).and_then(|()| out.flush()).map_err(|error| {
        let again = "`revenue-exporter taprain-key show` prints it again";
        CommandError::System(format!("cannot print the key: {error}; {again}"))
    })
}
